"""Experiments, on the wire and in Python."""

from dataclasses import field
from typing import Annotated, Any, ClassVar

from runyard.core.entity import Entity, KeyValue, by_key, entity
from runyard.core.lifecycle import LifecycleStage
from runyard.core.wire import NotOnWire, OnWire
from runyard.protocol.types import ExperimentId


@entity
class ExperimentTag(KeyValue):
    """A tag of an experiment."""


@entity
class Experiment(Entity):
    """A named collection of runs with one artifact location.

    In Python tags are a dictionary; the constructor takes a list of entities too.

    Attributes
    ----------
    lifecycle_stage: ``active`` or ``deleted``.
    creation_time, last_update_time: Milliseconds since the epoch.
    """

    DEFAULT_EXPERIMENT_NAME: ClassVar[str] = "Default"

    experiment_id: ExperimentId
    name: str
    artifact_location: str
    lifecycle_stage: str = LifecycleStage.ACTIVE
    tags: Annotated[dict[str, str], OnWire(list[ExperimentTag])] = field(default_factory=dict)
    creation_time: int | None = None
    last_update_time: int | None = None
    workspace: Annotated[str, NotOnWire] = "default"
    trace_location: Annotated[Any, NotOnWire] = None
    effective_trace_archival_retention: Annotated[str | None, NotOnWire] = None

    def __post_init__(self) -> None:
        self.tags = by_key(self.tags)
        self.workspace = self.workspace or "default"
