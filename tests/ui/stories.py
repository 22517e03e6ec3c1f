"""What pages are filled with: an experiment of some runs, plain or hostile."""

from dataclasses import dataclass

from runyard.protocol.gate import Gate
from runyard.tracking.experiments.messages import SetExperimentTag, Tag
from runyard.tracking.inputs.messages import Dataset, DatasetInput, LogInputs
from runyard.tracking.metrics.points import MetricPoint
from runyard.tracking.runs.messages import LogBatch, Param, SetTag, UpdateRun
from tests.factories import NOW, a_run, an_experiment

NOTE_TAG = "mlflow.note.content"


@dataclass(frozen=True)
class Story:
    """An experiment and its runs."""

    experiment_id: str
    run_ids: tuple[str, ...]

    def addresses(self) -> tuple[str, ...]:
        """Every page that shows some of it."""
        runs = ",".join(self.run_ids)
        pages = [
            "/",
            "/experiments",
            f"/experiments/{self.experiment_id}",
            f"/experiments/{self.experiment_id}?view=all&equal=1",
            f"/compare?runs={runs}",
            f"/compare?runs={runs}&differences=only",
            f"/metric?key=loss&runs={runs}",
            "/docs",
            "/patterns",
        ]
        for run_id in self.run_ids:
            pages += [f"/runs/{run_id}", f"/runs/{run_id}/artifacts"]
        return tuple(pages)


def a_story(gate: Gate, text: str | None = None, runs: int = 3, name: str | None = None) -> Story:
    """An experiment with runs that have everything; with `text` wherever free text may stand."""
    experiment_id = an_experiment(gate, name or text)
    gate.perform(SetExperimentTag(experiment_id=experiment_id, key=NOTE_TAG, value=text or "About *these* runs."))
    gate.perform(SetExperimentTag(experiment_id=experiment_id, key="team", value=text or "vision"))
    run_ids: list[str] = []
    for index in range(runs):
        run_id = a_run(
            gate, experiment_id, run_name=text or f"run {index}", user_id=text or "alice", start_time=NOW + index
        )
        run_ids.append(run_id)
        _fill(gate, run_id, index, text)
        if index % 2:
            gate.perform(SetTag(run_id=run_id, key="mlflow.parentRunId", value=run_ids[0]))
            gate.perform(UpdateRun(run_id=run_id, status="FINISHED", end_time=NOW + index + 61_000))
    return Story(experiment_id, tuple(run_ids))


def _fill(gate: Gate, run_id: str, index: int, text: str | None) -> None:
    gate.perform(
        LogBatch(
            run_id=run_id,
            params=[Param(key="lr", value=text or f"0.{index + 1}"), Param(key="seed", value="42")],
            metrics=[
                MetricPoint(key=key, value=value, timestamp=NOW + step, step=step)
                for step in range(3)
                for key, value in (("loss", 1 / (step + index + 1)), ("system/cpu", 50.0), ("nan", float("nan")))
            ],
            tags=[Tag(key="team", value=text or "vision"), Tag(key=NOTE_TAG, value=text or "A **good** run.")],
        )
    )
    for key in (
        "mlflow.source.name",
        "mlflow.source.git.commit",
        "mlflow.source.git.repoURL",
        "mlflow.source.git.branch",
    ):
        gate.perform(SetTag(run_id=run_id, key=key, value=text or "https://example.org/x.git"))
    dataset = Dataset(
        name=text or "cifar", digest="abc", source_type="http", source=text or "https://example.org/x.zip"
    )
    tags = [Tag(key="mlflow.data.context", value=text or "training")]
    gate.perform(LogInputs(run_id=run_id, datasets=[DatasetInput(dataset=dataset, tags=tags)]))
