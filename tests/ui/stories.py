"""What pages are filled with: an experiment of some runs and a registered model, plain or hostile."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from runyard.core.entity import Tag
from runyard.core.tags import NOTE_TAG
from runyard.gate.gate import Gate
from runyard.projects import tags
from runyard.registry.model_versions.messages import CreateModelVersion, TransitionModelVersionStage
from runyard.registry.registered_models.messages import CreateRegisteredModel, SetRegisteredModelAlias
from runyard.tracking.experiments.messages import SetExperimentTag
from runyard.tracking.inputs.entities import Dataset, DatasetInput, InputTag
from runyard.tracking.inputs.messages import LogInputs
from runyard.tracking.logged_models.messages import CreateLoggedModel, FinalizeLoggedModel
from runyard.tracking.metrics.entities import Metric
from runyard.tracking.runs.entities import Param
from runyard.tracking.runs.messages import LogBatch, SetTag, UpdateRun
from tests.factories import NOW, a_run, an_experiment, shown_run


@dataclass(frozen=True)
class Story:
    """An experiment, its runs, and a model registered from the first and the last of them.

    Attributes
    ----------
    model: The registered model's name; version 1 is in Production, the last is the challenger and a logged model.
    model_id: The logged model's.
    """

    experiment_id: str
    run_ids: tuple[str, ...]
    model: str = ""
    model_id: str = ""

    @property
    def model_path(self) -> str:
        """The address of the registered model's page."""
        return f"/models/{quote(self.model, safe='')}"

    def comparisons(self) -> Iterator[str]:
        """The pages that compare its runs, each tab among them."""
        compare = f"/compare?runs={','.join(self.run_ids)}"
        yield from (compare, f"{compare}&differences=only", f"{compare}&by=rows")
        for tab in ("why", "groups", "metrics", "artifacts", "code", "data", "models"):
            yield f"{compare}&tab={tab}"
        yield f"/compare?runs={','.join(self.run_ids[:2])}&tab=why"

    def addresses(self) -> tuple[str, ...]:
        """Every page that shows some of it."""
        runs = ",".join(self.run_ids)
        pages = [
            "/",
            "/experiments",
            f"/experiments/{self.experiment_id}",
            f"/experiments/{self.experiment_id}?view=all&equal=1",
            f"/experiments/{self.experiment_id}?group=params.lr&group=tags.team&group=dataset",
            f"/experiments/{self.experiment_id}?charts=split",
            f"/runs?experiments=0,{self.experiment_id}",
            f"/runs?experiments=0,{self.experiment_id}&charts=only&group=params.lr",
            *self.comparisons(),
            f"/metric?key=loss&runs={runs}",
            f"/images?runs={runs}",
            f"/tables?runs={runs}",
            "/search",
            "/search?q=run",
            "/docs",
            "/patterns",
        ]
        for run_id in self.run_ids:
            pages += [f"/runs/{run_id}", *(f"/runs/{run_id}/{tab}" for tab in ("system", "artifacts", "output"))]
        if self.model:
            logged = f"/experiments/{self.experiment_id}/models"
            pages += [
                "/models",
                self.model_path,
                logged,
                f"{logged}/{self.model_id}",
                f"{logged}/{self.model_id}/files",
            ]
            version = f"{self.model_path}/versions/2"
            pages += [f"{self.model_path}/versions/1", version, f"{version}/files", f"{version}/move"]
            pages += [f"{version}/move?stage=Production", f"{version}/move?alias=champion"]
            pages += [f"{version}/move?alias=other", f"{version}/move?unalias=challenger"]
        return tuple(pages)


def a_story(
    gate: Gate, text: str | None = None, runs: int = 3, name: str | None = None, *, nested: bool = True
) -> Story:
    """An experiment with runs that have everything; with `text` wherever free text may stand.

    Parameters
    ----------
    nested: Every second run is nested in the first.
    """
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
            if nested:
                gate.perform(SetTag(run_id=run_id, key="mlflow.parentRunId", value=run_ids[0]))
            gate.perform(UpdateRun(run_id=run_id, status="FINISHED", end_time=NOW + index + 61_000))
    of_a_project(gate, run_ids, text)
    model, model_id = _register(gate, experiment_id, run_ids, text)
    return Story(experiment_id, tuple(run_ids), model, model_id)


def of_a_project(gate: Gate, run_ids: list[str], text: str | None) -> None:
    """Make the first run one of a project, with a step that was reused; the others get what steps and points have."""
    first, *steps = run_ids
    of_first = {
        tags.ENTRY_POINT: text or "main",
        tags.BACKEND: text or "local",
        tags.ENVIRONMENT: text or "uv",
        tags.IMAGE: text or "registry.example.org/vision:1",
        tags.COMMAND: text or "python main.py --lr 0.1",
        tags.PARAMETERS: json.dumps(["lr", text or "depth"]),
        tags.VERSION: text or "v1.2",
        tags.EXIT_CODE: text or "1",
        tags.DIRTY: "true",
        tags.SOURCE_TYPE: "PROJECT",
        f"{tags.REUSED}{run_ids[-1]}": json.dumps({"entry_point": text or "prepare"}),
        f"{tags.REUSED}gone": text or "{}",
    }
    gate.perform(LogBatch(run_id=first, tags=_tags(of_first)))
    point = json.dumps({text or "lr": text or "0.1"})
    for run_id in steps:
        of_step = {tags.ROOT: first, tags.POINT: point, tags.ENTRY_POINT: text or "train"}
        gate.perform(LogBatch(run_id=run_id, tags=_tags(of_step)))
    keep(gate, first, "logs/output.log", f"Loading\n{text or 'epoch 1'}\n")
    keep(gate, first, "project/requirements.txt", "numpy==2.0\n")
    keep(gate, first, "project/uncommitted.patch", text or "diff --git a/x b/x\n")


def _tags(values: dict[str, str]) -> list[Tag]:
    return [Tag(key=key, value=value) for key, value in values.items()]


def keep(gate: Gate, run_id: str, path: str, content: str | bytes) -> None:
    """Store an artifact of a run, whose experiment keeps them in a folder."""
    file = Path(shown_run(gate, run_id)["info"]["artifact_uri"].removeprefix("file://"), path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content if isinstance(content, bytes) else content.encode())


def _register(gate: Gate, experiment_id: str, run_ids: list[str], text: str | None) -> tuple[str, str]:
    """A model with two versions, aliases, stages, tags and a history; returns its name and its logged model's id."""
    name = (text or f"classifier {experiment_id}").replace("/", "\\").replace(":", ";")
    said = text or "It *classifies*."
    gate.perform(CreateRegisteredModel(name=name, description=said, tags=[Tag(key="team", value=text or "vision")]))
    logged = gate.perform(
        CreateLoggedModel(
            experiment_id=experiment_id,
            name="model",
            model_type=text or "classifier",
            source_run_id=run_ids[-1],
            params=[Param(key="depth", value=text or "3")],
            tags=[Tag(key="team", value=text or "vision")],
        )
    )
    model_id = str(logged["model"]["info"]["model_id"])
    gate.perform(FinalizeLoggedModel(model_id=model_id, status="LOGGED_MODEL_READY"))
    gate.perform(
        CreateModelVersion(
            name=name,
            source=f"runs:/{run_ids[0]}/model",
            run_id=run_ids[0],
            description=said,
            tags=[Tag(key="k", value=said)],
        )
    )
    gate.perform(CreateModelVersion(name=name, source=f"models:/{model_id}", run_id=run_ids[-1], model_id=model_id))
    gate.perform(
        TransitionModelVersionStage(name=name, version="1", stage="Production", user_id=text or "", reason=said)
    )
    for alias, version in (("champion", "2"), ("champion", "1"), ("challenger", "2")):
        gate.perform(SetRegisteredModelAlias(name=name, alias=alias, version=version, user_id=text or "", reason=said))
    return name, model_id


def _fill(gate: Gate, run_id: str, index: int, text: str | None) -> None:
    source = ("mlflow.source.name", "mlflow.source.git.commit", "mlflow.source.git.repoURL", "mlflow.source.git.branch")
    told = {"team": text or "vision", NOTE_TAG: text or "A **good** run."}
    gate.perform(
        LogBatch(
            run_id=run_id,
            params=[Param(key="lr", value=text or f"0.{index + 1}"), Param(key="seed", value="42")],
            metrics=[
                Metric(key=key, value=value, timestamp=NOW + step, step=step)
                for step in range(3)
                for key, value in (("loss", 1 / (step + index + 1)), ("system/cpu", 50.0), ("nan", float("nan")))
            ],
            tags=_tags(told | dict.fromkeys(source, text or "https://example.org/x.git")),
        )
    )
    dataset = Dataset(
        name=text or "cifar", digest="abc", source_type="http", source=text or "https://example.org/x.zip"
    )
    tags = [InputTag(key="mlflow.data.context", value=text or "training")]
    gate.perform(LogInputs(run_id=run_id, datasets=[DatasetInput(dataset=dataset, tags=tags)]))
