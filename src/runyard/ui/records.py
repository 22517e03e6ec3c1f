"""Runs and experiments as pages show them, read from the protocol's answers."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runyard.projects import tags as project_tags

PARENT_TAG = "mlflow.parentRunId"
NOTE_TAG = "mlflow.note.content"
GOING_ON = ("RUNNING", "SCHEDULED")
_SYSTEM_PREFIXES = ("mlflow.", "runyard.project.", "runyard.sweep")


@dataclass(frozen=True)
class MetricRecord:
    """The latest point of a metric."""

    key: str
    value: float
    step: int
    timestamp: int


@dataclass(frozen=True)
class DatasetRecord:
    """A dataset that a run used."""

    name: str
    digest: str
    source_type: str
    source: str
    context: str


@dataclass(frozen=True)
class RunRecord:
    """One run."""

    run_id: str
    name: str
    experiment_id: str
    status: str
    user: str
    started: int | None
    ended: int | None
    deleted: bool
    artifact_uri: str
    params: Mapping[str, str]
    metrics: Mapping[str, MetricRecord]
    tags: Mapping[str, str]
    datasets: tuple[DatasetRecord, ...]
    models_read: tuple[str, ...]
    models_made: tuple[str, ...]

    @classmethod
    def from_wire(cls, run: Mapping[str, Any]) -> "RunRecord":
        """Read a run from an answer of the protocol."""
        info, data, inputs = run["info"], run.get("data", {}), run.get("inputs", {})
        tags = {tag["key"]: tag["value"] for tag in data.get("tags", ())}
        return cls(
            run_id=info["run_id"],
            name=info.get("run_name") or info["run_id"],
            experiment_id=info["experiment_id"],
            status=info.get("status", ""),
            user=info.get("user_id") or tags.get("mlflow.user", ""),
            started=info.get("start_time"),
            ended=info.get("end_time") if info.get("status") not in GOING_ON else None,
            deleted=info.get("lifecycle_stage") == "deleted",
            artifact_uri=info.get("artifact_uri", ""),
            params={param["key"]: param["value"] for param in data.get("params", ())},
            metrics={
                metric["key"]: MetricRecord(metric["key"], double(metric["value"]), metric["step"], metric["timestamp"])
                for metric in data.get("metrics", ())
            },
            tags=tags,
            datasets=tuple(_dataset(entry) for entry in inputs.get("dataset_inputs", ())),
            models_read=tuple(model["model_id"] for model in inputs.get("model_inputs", ())),
            models_made=tuple(model["model_id"] for model in run.get("outputs", {}).get("model_outputs", ())),
        )

    @property
    def parent_id(self) -> str | None:
        """The run this one is nested in."""
        return self.tags.get(PARENT_TAG) or None

    @property
    def running(self) -> bool:
        """Is it still being written?"""
        return self.status in GOING_ON

    @property
    def milliseconds(self) -> int | None:
        """How long it took, when it has ended."""
        return self.ended - self.started if self.started and self.ended else None

    @property
    def is_project(self) -> bool:
        """Was it made by running a project?"""
        return self.tags.get(project_tags.SOURCE_TYPE) == "PROJECT"

    @property
    def own_tags(self) -> dict[str, str]:
        """The tags that people set, by key."""
        return {key: value for key, value in sorted(self.tags.items()) if not key.startswith(_SYSTEM_PREFIXES)}

    @property
    def system_tags(self) -> dict[str, str]:
        """The tags that tools set, by key; those shown elsewhere on the page are left out."""
        hidden = (NOTE_TAG, "mlflow.runName", "mlflow.user", PARENT_TAG)
        return {
            key: value
            for key, value in sorted(self.tags.items())
            if key.startswith(_SYSTEM_PREFIXES) and key not in hidden
        }


def _dataset(entry: Mapping[str, Any]) -> DatasetRecord:
    dataset = entry.get("dataset", {})
    tags = {tag["key"]: tag["value"] for tag in entry.get("tags", ())}
    return DatasetRecord(
        name=dataset.get("name", ""),
        digest=dataset.get("digest", ""),
        source_type=dataset.get("source_type", ""),
        source=dataset.get("source", ""),
        context=tags.get("mlflow.data.context", ""),
    )


@dataclass(frozen=True)
class ExperimentRecord:
    """One experiment."""

    experiment_id: str
    name: str
    artifact_location: str
    deleted: bool
    created: int | None
    updated: int | None
    tags: Mapping[str, str]

    @classmethod
    def from_wire(cls, experiment: Mapping[str, Any]) -> "ExperimentRecord":
        """Read an experiment from an answer of the protocol."""
        return cls(
            experiment_id=experiment["experiment_id"],
            name=experiment["name"],
            artifact_location=experiment.get("artifact_location", ""),
            deleted=experiment.get("lifecycle_stage") == "deleted",
            created=experiment.get("creation_time"),
            updated=experiment.get("last_update_time"),
            tags={tag["key"]: tag["value"] for tag in experiment.get("tags", ())},
        )


def double(value: float | str) -> float:
    """A metric's value from the wire, where NaN and the infinities are texts."""
    return float(value)


def finite(value: float) -> float | None:
    """The value when a chart can draw it."""
    return value if math.isfinite(value) else None
