"""Experiments as the SDK hands them out."""

from collections.abc import Iterable
from typing import Any

from runyard.core.entity import Entity, KeyValue


class ExperimentTag(KeyValue):
    """A tag of an experiment."""

    __slots__ = ()


class Experiment(Entity):
    """A named collection of runs with one artifact location."""

    DEFAULT_EXPERIMENT_NAME = "Default"

    __slots__ = (
        "artifact_location",
        "creation_time",
        "effective_trace_archival_retention",
        "experiment_id",
        "last_update_time",
        "lifecycle_stage",
        "name",
        "tags",
        "trace_location",
        "workspace",
    )
    _fields = (
        "experiment_id",
        "name",
        "artifact_location",
        "lifecycle_stage",
        "tags",
        "creation_time",
        "last_update_time",
        "workspace",
        "trace_location",
        "effective_trace_archival_retention",
    )

    def __init__(
        self,
        experiment_id: str,
        name: str,
        artifact_location: str,
        lifecycle_stage: str,
        tags: Iterable[ExperimentTag] | None = None,
        creation_time: int | None = None,
        last_update_time: int | None = None,
        workspace: str | None = None,
        trace_location: Any = None,
        effective_trace_archival_retention: str | None = None,
    ) -> None:
        self.experiment_id = experiment_id
        self.name = name
        self.artifact_location = artifact_location
        self.lifecycle_stage = lifecycle_stage
        self.tags = {tag.key: tag.value for tag in tags or ()}
        self.creation_time = creation_time
        self.last_update_time = last_update_time
        self.workspace = workspace or "default"
        self.trace_location = trace_location
        self.effective_trace_archival_retention = effective_trace_archival_retention

    @classmethod
    def from_wire(cls, fields: dict[str, Any]) -> "Experiment":
        """Build it from a JSON object of the protocol."""
        return cls(
            str(fields["experiment_id"]),
            fields.get("name", ""),
            fields.get("artifact_location", ""),
            fields.get("lifecycle_stage", "active"),
            [ExperimentTag.from_wire(tag) for tag in fields.get("tags", ())],
            fields.get("creation_time"),
            fields.get("last_update_time"),
        )
