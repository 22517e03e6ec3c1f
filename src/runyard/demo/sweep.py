"""What both sweeps share: a parent run with one nested run for each combination of settings."""

import itertools
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib

import runyard

Settings = dict[str, Any]
Say = Callable[[str], None]
REGISTERED = 3
"""How many of a sweep's models are registered."""


def grid(**choices: Sequence[Any]) -> Iterator[Settings]:
    """Every combination of the choices."""
    for values in itertools.product(*choices.values()):
        yield dict(zip(choices, values, strict=True))


@dataclass(frozen=True)
class Sweep:
    """A sweep to run.

    Attributes
    ----------
    experiment: Name of the experiment it is logged to.
    description: Markdown for the parent run's page.
    candidates: Settings of each nested run.
    train: Trains and logs one candidate inside an open run; returns the metric that is compared.
    compared: Name of that metric.
    best: How the best of several is chosen: `max` or `min`.
    """

    experiment: str
    description: str
    candidates: Sequence[Settings]
    train: Callable[[Settings], float]
    compared: str
    best: Callable[..., Any]

    def run(self, say: Say) -> None:
        """Train all candidates, a nested run each, and note the best one on the parent."""
        runyard.set_experiment(self.experiment)
        results: list[tuple[float, str, Settings]] = []
        with runyard.start_run(run_name="sweep", description=self.description, tags={"demo": "true"}):
            runyard.log_params({"candidates": len(self.candidates), "compared": self.compared})
            for number, settings in enumerate(self.candidates, start=1):
                name = _run_name(settings)
                with runyard.start_run(run_name=name, nested=True, tags={"demo": "true"}) as run:
                    runyard.log_params(settings)
                    score = self.train(settings)
                results.append((score, run.info.run_id, settings))
                runyard.log_metric(f"best_{self.compared}", self.best(row[0] for row in results), step=number)
                say(f"{self.experiment}  {number}/{len(self.candidates)}  {name}  {self.compared}={score:.4g}")
            self._summarise(results)
        self._register(results)

    def _summarise(self, results: Sequence[tuple[float, str, Settings]]) -> None:
        score, run_id, settings = self.best(results, key=lambda row: row[0])
        runyard.set_tags({"best_run_id": run_id, "best": _run_name(settings)})
        runyard.log_dict({self.compared: score, "run_id": run_id, "settings": settings}, "best.json")
        header = ["run_id", self.compared, *settings]
        lines = [",".join(map(str, [run, value, *chosen.values()])) for value, run, chosen in results]
        runyard.log_text("\n".join([",".join(header), *lines]) + "\n", "results.csv")

    def _register(self, results: Sequence[tuple[float, str, Settings]]) -> None:
        """Register the best few, the best last; each that beats the champion becomes it."""
        name, client = f"{self.experiment}-model", runyard.RunyardClient()
        better = "<" if self.best is min else ">"
        ranked = sorted(results, key=lambda row: row[0], reverse=self.best is min)
        for _, run_id, settings in ranked[-REGISTERED:]:
            version = runyard.register_model(f"runs:/{run_id}/model", name, tags={"settings": _run_name(settings)})
            client.promote_model_version(
                name,
                version.version,
                f"metrics.{self.compared} {better} champion.{self.compared}",
                alias="champion",
                reason="Better on data it was not trained on.",
            )
        client.update_registered_model(name, self.description)


def _run_name(settings: Mapping[str, Any]) -> str:
    return "-".join(map(str, settings.values()))


def log_model_file(model: object) -> None:
    """Log a fitted scikit-learn model as a joblib file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.joblib")
        joblib.dump(model, path)
        runyard.log_artifact(str(path), "model")
