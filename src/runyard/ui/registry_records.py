"""Registered models, their versions and logged models as pages show them, read from the protocol's answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runyard.ui.records import MetricRecord, double

PRODUCTION = "Production"
_MODEL_STATUSES = {
    "LOGGED_MODEL_READY": "Ready",
    "LOGGED_MODEL_PENDING": "Pending",
    "LOGGED_MODEL_UPLOAD_FAILED": "Upload failed",
}


def texts(entries: Sequence[Mapping[str, str]] | None) -> dict[str, str]:
    """A wire list of keys and values, by key."""
    return {entry["key"]: entry.get("value", "") for entry in entries or ()}


def own(tags: Mapping[str, str]) -> dict[str, str]:
    """The tags that people set, by key."""
    return {key: value for key, value in sorted(tags.items()) if not key.startswith("mlflow.")}


@dataclass(frozen=True)
class VersionRecord:
    """One version of a registered model."""

    name: str
    version: str
    stage: str
    description: str
    source: str
    run_id: str
    model_id: str
    user: str
    status: str
    created: int
    updated: int
    tags: Mapping[str, str]
    aliases: tuple[str, ...]

    @classmethod
    def from_wire(cls, version: Mapping[str, Any]) -> "VersionRecord":
        """Read a version from an answer of the protocol."""
        return cls(
            name=version["name"],
            version=version["version"],
            stage=version.get("current_stage", "None"),
            description=version.get("description", ""),
            source=version.get("source", ""),
            run_id=version.get("run_id", ""),
            model_id=version.get("model_id", ""),
            user=version.get("user_id", ""),
            status=version.get("status", ""),
            created=version["creation_timestamp"],
            updated=version["last_updated_timestamp"],
            tags=texts(version.get("tags")),
            aliases=tuple(version.get("aliases", ())),
        )

    @property
    def number(self) -> int:
        """Its number, to sort by."""
        return int(self.version)

    @property
    def own_tags(self) -> dict[str, str]:
        """The tags that people set, by key."""
        return own(self.tags)

    @property
    def uri(self) -> str:
        """Its address for clients."""
        return f"models:/{self.name}/{self.version}"


@dataclass(frozen=True)
class ModelRecord:
    """One registered model.

    Attributes
    ----------
    latest: The highest version of each stage, the highest first.
    aliases: The version that each alias is at.
    """

    name: str
    description: str
    created: int
    updated: int
    latest: tuple[VersionRecord, ...]
    tags: Mapping[str, str]
    aliases: Mapping[str, str]

    @classmethod
    def from_wire(cls, model: Mapping[str, Any]) -> "ModelRecord":
        """Read a registered model from an answer of the protocol."""
        latest = [VersionRecord.from_wire(version) for version in model.get("latest_versions", ())]
        return cls(
            name=model["name"],
            description=model.get("description", ""),
            created=model["creation_timestamp"],
            updated=model["last_updated_timestamp"],
            latest=tuple(sorted(latest, key=lambda version: version.number, reverse=True)),
            tags=texts(model.get("tags")),
            aliases={alias["alias"]: alias["version"] for alias in model.get("aliases", ())},
        )

    @property
    def newest(self) -> VersionRecord | None:
        """The version with the highest number."""
        return self.latest[0] if self.latest else None

    @property
    def production(self) -> VersionRecord | None:
        """The highest version in Production."""
        return next((version for version in self.latest if version.stage == PRODUCTION), None)

    @property
    def own_tags(self) -> dict[str, str]:
        """The tags that people set, by key."""
        return own(self.tags)


@dataclass(frozen=True)
class ModelMetric:
    """The latest point of a metric of a logged model, for one dataset."""

    key: str
    value: float
    step: int
    timestamp: int
    run_id: str
    dataset: str


@dataclass(frozen=True)
class LoggedModelRecord:
    """One logged model."""

    model_id: str
    name: str
    experiment_id: str
    kind: str
    status: str
    run_id: str
    created: int
    updated: int
    artifact_uri: str
    params: Mapping[str, str]
    tags: Mapping[str, str]
    metrics: tuple[ModelMetric, ...]

    @classmethod
    def from_wire(cls, model: Mapping[str, Any]) -> "LoggedModelRecord":
        """Read a logged model from an answer of the protocol."""
        info, data = model["info"], model.get("data", {})
        return cls(
            model_id=info["model_id"],
            name=info.get("name") or info["model_id"],
            experiment_id=info["experiment_id"],
            kind=info.get("model_type", ""),
            status=info.get("status", ""),
            run_id=info.get("source_run_id", ""),
            created=info["creation_timestamp_ms"],
            updated=info["last_updated_timestamp_ms"],
            artifact_uri=info.get("artifact_uri", ""),
            params=dict(sorted(texts(data.get("params")).items())),
            tags=texts(info.get("tags")),
            metrics=_latest(data.get("metrics", ())),
        )

    @property
    def own_tags(self) -> dict[str, str]:
        """The tags that people set, by key."""
        return own(self.tags)

    @property
    def state(self) -> str:
        """Its status in words."""
        return _MODEL_STATUSES.get(self.status, "Unknown")

    @property
    def latest_metrics(self) -> dict[str, MetricRecord]:
        """The value of each metric that was logged last, with or without a dataset."""
        by_time = sorted(self.metrics, key=lambda metric: (metric.timestamp, metric.step))
        return {one.key: MetricRecord(one.key, one.value, one.step, one.timestamp) for one in by_time}

    @property
    def uri(self) -> str:
        """Its address for clients."""
        return f"models:/{self.model_id}"


def _latest(points: Sequence[Mapping[str, Any]]) -> tuple[ModelMetric, ...]:
    """The last point by time of every metric and dataset."""
    found: dict[tuple[str, str, str], ModelMetric] = {}
    for point in sorted(points, key=lambda point: (point["timestamp"], point["step"])):
        dataset = point.get("dataset_name", "")
        found[point["key"], dataset, point.get("dataset_digest", "")] = ModelMetric(
            key=point["key"],
            value=double(point["value"]),
            step=point["step"],
            timestamp=point["timestamp"],
            run_id=point.get("run_id", ""),
            dataset=dataset,
        )
    return tuple(found[key] for key in sorted(found))


@dataclass(frozen=True)
class MoveRecord:
    """One change of an alias or a stage.

    Attributes
    ----------
    figures: The metrics it was judged by, when it was a promotion; None where there was no value.
    """

    kind: str
    target: str
    version: str
    previous: str
    removed: bool
    time: int
    user: str
    reason: str
    condition: str
    figures: Mapping[str, float | None]

    @classmethod
    def from_wire(cls, move: Mapping[str, Any]) -> "MoveRecord":
        """Read a move from an answer of the protocol."""
        figures = move.get("figures", {})
        return cls(
            kind=move["kind"],
            target=move["target"],
            version=move["version"],
            previous=move.get("previous", ""),
            removed=move["removed"],
            time=move["timestamp"],
            user=move.get("user_id", ""),
            reason=move.get("reason", ""),
            condition=move.get("condition", ""),
            figures={key: None if value is None else double(value) for key, value in figures.items()},
        )
