"""The sweeps of the demo: what they vary, and which of their models are registered."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import runyard
from runyard.core.tags import NOTE_TAG
from runyard.exceptions import RunyardException
from runyard.projects import sweep
from runyard.projects.sweeps.points import Outcome
from runyard.tracking.runs.entities import Run

Say = Callable[[str], None]

PROJECT = Path(__file__).parent / "project"
PARALLEL = 2
REGISTERED = 3
"""How many models of an experiment are registered."""


@dataclass(frozen=True)
class DemoSweep:
    """A sweep of an entry point of the demo's project.

    Attributes
    ----------
    experiment: The experiment, and the entry point of the same name.
    name: Name of the parent run.
    description: Markdown for the parent run's page.
    values: What is varied.
    compared: The metric that decides which is best.
    best: How the best of several is chosen: `max` or `min`.
    parameters: Values that all runs share.
    """

    experiment: str
    name: str
    description: str
    values: Mapping[str, Sequence[Any]]
    compared: str
    best: Callable[..., Any]
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def run(self, say: Say) -> list[tuple[float, Run]]:
        """Train all models, a nested run each, and note the best one on the parent; their scores and runs.

        Raises
        ------
        RunyardException: One of them failed.
        """
        client = runyard.RunyardClient()

        def report(outcome: Outcome, done: int, total: int) -> None:
            values = " ".join(f"{name}={value}" for name, value in outcome.values.items())
            say(f"{self.experiment}  {self.name}  {done}/{total}  {values}  {outcome.status}")

        result = sweep(
            PROJECT,
            self.values,
            entry_point=self.experiment,
            parameters=self.parameters,
            experiment_name=self.experiment,
            run_name=self.name,
            env_manager="local",
            parallel=PARALLEL,
            on_start=lambda run_id, _: client.set_tag(run_id, NOTE_TAG, self.description),
            on_progress=report,
        )
        for outcome in result.failed:
            raise RunyardException(f"A model of the demo could not be trained. {outcome.problem}")
        runs = [client.get_run(str(outcome.run_id)) for outcome in result.outcomes]
        scored = [(run.data.metrics[self.compared], run) for run in runs]
        score, best = self.best(scored, key=lambda pair: pair[0])
        client.set_tag(result.run_id, "best_run_id", best.info.run_id)
        client.log_metric(result.run_id, f"best_{self.compared}", score)
        return scored


def sweeps() -> tuple[DemoSweep, ...]:
    """All of them, those of an experiment one after the other."""
    digits = "Which **small classifier** reads scikit-learn's handwritten digits best?"
    return (
        DemoSweep(
            experiment="digits",
            name="linear models",
            description=f"{digits} Linear ones first.",
            parameters={"model": "sgd"},
            values={"alpha": [0.00001, 0.01], "learning_rate": [0.01, 0.1]},
            compared="val_accuracy",
            best=max,
        ),
        DemoSweep(
            experiment="digits",
            name="neural networks",
            description=f"{digits} Small networks.",
            parameters={"model": "mlp"},
            values={"hidden": ["16", "64x32"], "learning_rate": [0.001, 0.01]},
            compared="val_accuracy",
            best=max,
        ),
        DemoSweep(
            experiment="diabetes",
            name="boosted trees",
            description="How far do boosted trees get on the diabetes data, and **when do they overfit**?",
            values={"learning_rate": [0.02, 0.05, 0.2], "max_depth": [2, 4]},
            compared="val_rmse",
            best=min,
        ),
    )


def run_all(say: Say) -> None:
    """Run every sweep, and register the best models of each experiment."""
    found: dict[str, tuple[DemoSweep, list[tuple[float, Run]]]] = {}
    for one in sweeps():
        _, scored = found.setdefault(one.experiment, (one, []))
        scored += one.run(say)
    for one, scored in found.values():
        _register(one, scored)


def _register(of: DemoSweep, scored: Sequence[tuple[float, Run]]) -> None:
    """Register the best few, the best last; each that beats the champion becomes it."""
    name, client = f"{of.experiment}-model", runyard.RunyardClient()
    better = "<" if of.best is min else ">"
    for run in _worst_first(of, scored):
        version = runyard.register_model(f"runs:/{run.info.run_id}/model", name, tags={"run": run.info.run_name})
        client.promote_model_version(
            name,
            version.version,
            f"metrics.{of.compared} {better} champion.{of.compared}",
            alias="champion",
            reason="Better on data it was not trained on.",
        )
    client.update_registered_model(name, of.description)


def _worst_first(of: DemoSweep, scored: Sequence[tuple[float, Run]]) -> Iterator[Run]:
    ranked = sorted(scored, key=lambda pair: pair[0], reverse=of.best is min)
    return (run for _, run in ranked[-REGISTERED:])
