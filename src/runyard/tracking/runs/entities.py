"""Runs, on the wire and in Python."""

import dataclasses
from collections.abc import Sequence
from dataclasses import field
from typing import Annotated, Any, ClassVar

from runyard.core.entity import Entity, KeyValue, ValueEntity, by_key, entity
from runyard.core.enumeration import Enumeration, Status, numbers_of
from runyard.core.fields import Fields, fields_of
from runyard.core.wire import OnWire
from runyard.exceptions import InvalidParameter
from runyard.protocol.types import Choice, ExperimentId
from runyard.tracking.inputs.entities import RunInputs, RunOutputs
from runyard.tracking.metrics.entities import Metric


@entity
class Param(KeyValue):
    """A setting of a run."""

    def __hash__(self) -> int:
        return hash(self._values())


@entity
class RunTag(KeyValue):
    """A tag of a run."""


class RunStatus(Status):
    """Statuses of runs, as the numbers that MLflow's functions take."""

    RUNNING, SCHEDULED, FINISHED, FAILED, KILLED = 1, 2, 3, 4, 5
    _what = "run status"

    @staticmethod
    def is_terminated(status: int) -> bool:
        """Whether a run with this status has ended."""
        return status in (RunStatus.FINISHED, RunStatus.FAILED, RunStatus.KILLED)


StatusName = Annotated[str, Choice(numbers_of(RunStatus))]
"""The name of a run's status."""

GOING_ON = ("RUNNING", "SCHEDULED")
"""Names of the statuses of runs that have not ended."""


class SourceType(Enumeration):
    """Kinds of programs that runs come from, as MLflow's numbers."""

    NOTEBOOK, JOB, PROJECT, LOCAL, UNKNOWN = 1, 2, 3, 4, 5
    _what = "source type"
    SOURCETYPE_TO_STRING: ClassVar[dict[int, str]]


SourceType.SOURCETYPE_TO_STRING = SourceType._names


@entity
class RunInfo(ValueEntity):
    """A run's ids, name, status and times.

    Attributes
    ----------
    status: ``RUNNING``, ``SCHEDULED``, ``FINISHED``, ``FAILED`` or ``KILLED``.
    start_time, end_time: Milliseconds since the epoch.
    lifecycle_stage: ``active`` or ``deleted``.
    lost_since: When the program of a run that should be going on last said that it does, if it has been silent for
        too long; not among the attributes that MLflow's object has.
    """

    run_id: Annotated[str, OnWire(also="run_uuid")]
    experiment_id: ExperimentId
    user_id: str
    status: Annotated[str, OnWire(StatusName)]
    start_time: int
    end_time: int | None
    lifecycle_stage: str
    artifact_uri: str | None = None
    run_name: str | None = None
    lost_since: int | None = None

    @property
    def run_uuid(self) -> str:
        """The run's id, under the name that MLflow 2 gave it too."""
        return self.run_id

    @classmethod
    def get_searchable_attributes(cls) -> list[str]:
        """Attributes that filter strings may name."""
        return ["artifact_uri", "end_time", "run_id", "run_name", "start_time", "status", "user_id"]

    @classmethod
    def get_orderable_attributes(cls) -> list[str]:
        """Attributes that searches may sort by."""
        return cls.get_searchable_attributes()


RunInfo._fields = tuple(name for name in RunInfo._fields if name != "lost_since")


@entity
class RunData(Entity):
    """Latest metrics, params and tags of a run.

    In Python each is a dictionary of values by key; the constructor takes lists of entities.
    """

    metrics: Annotated[dict[str, float], OnWire(list[Metric])] = field(default_factory=dict)
    params: Annotated[dict[str, str], OnWire(list[Param])] = field(default_factory=dict)
    tags: Annotated[dict[str, str], OnWire(list[RunTag])] = field(default_factory=dict)
    _metric_objects: list[Metric] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self._metric_objects = list(self.metrics or ())  # type: ignore[arg-type]  # they are given as entities
        self.metrics = {metric.key: metric.value for metric in self._metric_objects}
        self.params, self.tags = by_key(self.params), by_key(self.tags)

    @property
    def latest_metrics(self) -> list[Metric]:
        """The latest point of each metric, with its step and time."""
        return self._metric_objects

    _metric_objs = latest_metrics  # the name under which export tools read it

    def to_proto(self) -> Fields:
        """The attributes as an object of their own; metrics with their steps."""
        texts = {"params": fields_of(self.params), "tags": fields_of(self.tags)}
        return Fields(metrics=fields_of(self._metric_objects), **texts)

    def to_dictionary(self) -> dict[str, Any]:
        """The attributes as dictionaries."""
        return {"metrics": self.metrics, "params": self.params, "tags": self.tags}

    def to_wire(self) -> dict[str, Any]:
        """The JSON object of the protocol: the latest point of each metric, the params and the tags."""
        metrics = [metric.to_wire() for metric in self._metric_objects]
        pairs = {"params": self.params, "tags": self.tags}
        shown = {name: [{"key": key, "value": value} for key, value in of.items()] for name, of in pairs.items()}
        return {name: each for name, each in {"metrics": metrics, **shown}.items() if each}


@dataclasses.dataclass(init=False, eq=False, repr=False, slots=True)
class Run(Entity):
    """One execution: its info, data, inputs and outputs."""

    info: RunInfo
    data: RunData
    inputs: Annotated[RunInputs | None, OnWire(RunInputs)]
    outputs: Annotated[RunOutputs | None, OnWire(RunOutputs)]

    _fields = ("info", "data", "inputs", "outputs")

    def __init__(
        self,
        run_info: RunInfo,
        run_data: RunData,
        run_inputs: RunInputs | None = None,
        run_outputs: RunOutputs | None = None,
    ) -> None:
        if run_info is None:
            raise InvalidParameter("A Run needs its RunInfo; got None.")
        self.info = run_info
        self.data = run_data
        self.inputs = run_inputs
        self.outputs = run_outputs

    @classmethod
    def from_dictionary(cls, the_dict: dict[str, Any]) -> "Run":
        """Build it from its parts, given as entities under the constructor's names."""
        return cls(**the_dict)

    def to_dictionary(self) -> dict[str, Any]:
        """The run as plain dictionaries, ready for JSON; inputs and outputs only when there are any at hand."""
        shown: dict[str, Any] = {"info": dict(self.info)}
        parts: Sequence[tuple[str, Any]] = (("data", self.data), ("inputs", self.inputs), ("outputs", self.outputs))
        return shown | {name: part.to_dictionary() for name, part in parts if part}
