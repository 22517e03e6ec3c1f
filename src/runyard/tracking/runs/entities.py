"""Runs as the SDK hands them out."""

from collections.abc import Iterable, Sequence
from typing import Any

from runyard.core.entity import Entity, KeyValue, ValueEntity
from runyard.core.enumeration import Enumeration, Status
from runyard.core.fields import Fields, fields_of
from runyard.exceptions import InvalidParameter
from runyard.tracking.inputs.entities import RunInputs, RunOutputs
from runyard.tracking.metrics.entities import Metric


class Param(KeyValue):
    """A setting of a run."""

    __slots__ = ()

    def __hash__(self) -> int:
        return hash(self._values())


class RunTag(KeyValue):
    """A tag of a run."""

    __slots__ = ()


class RunStatus(Status):
    """Statuses of runs, as the numbers that MLflow's functions take."""

    RUNNING, SCHEDULED, FINISHED, FAILED, KILLED = 1, 2, 3, 4, 5
    _what = "run status"
    _names = {1: "RUNNING", 2: "SCHEDULED", 3: "FINISHED", 4: "FAILED", 5: "KILLED"}  # noqa: RUF012  (typed in the base)

    @staticmethod
    def is_terminated(status: int) -> bool:
        """Is a run with this status over?"""
        return status in (RunStatus.FINISHED, RunStatus.FAILED, RunStatus.KILLED)


class SourceType(Enumeration):
    """Kinds of programs that runs come from, as MLflow's numbers."""

    NOTEBOOK, JOB, PROJECT, LOCAL, UNKNOWN = 1, 2, 3, 4, 5
    _what = "source type"
    _names = SOURCETYPE_TO_STRING = {  # noqa: RUF012  (typed in the base)
        1: "NOTEBOOK",
        2: "JOB",
        3: "PROJECT",
        4: "LOCAL",
        5: "UNKNOWN",
    }


class RunInfo(ValueEntity):
    """What identifies a run, and where it stands."""

    __slots__ = (
        "artifact_uri",
        "end_time",
        "experiment_id",
        "lifecycle_stage",
        "run_id",
        "run_name",
        "start_time",
        "status",
        "user_id",
    )
    _fields = (
        "run_id",
        "experiment_id",
        "user_id",
        "status",
        "start_time",
        "end_time",
        "lifecycle_stage",
        "artifact_uri",
        "run_name",
    )

    def __init__(
        self,
        run_id: str,
        experiment_id: str,
        user_id: str,
        status: str,
        start_time: int,
        end_time: int | None,
        lifecycle_stage: str,
        artifact_uri: str | None = None,
        run_name: str | None = None,
    ) -> None:
        self.run_id = run_id
        self.experiment_id = experiment_id
        self.user_id = user_id
        self.status = status
        self.start_time = start_time
        self.end_time = end_time
        self.lifecycle_stage = lifecycle_stage
        self.artifact_uri = artifact_uri
        self.run_name = run_name

    @classmethod
    def from_wire(cls, fields: dict[str, Any]) -> "RunInfo":
        """Build it from a JSON object of the protocol."""
        return cls(
            fields.get("run_id") or fields["run_uuid"],
            str(fields.get("experiment_id", "")),
            fields.get("user_id", ""),
            fields.get("status", "RUNNING"),
            fields.get("start_time", 0),
            fields.get("end_time"),
            fields.get("lifecycle_stage", "active"),
            fields.get("artifact_uri"),
            fields.get("run_name", ""),
        )

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


class RunData(Entity):
    """Latest metrics, params and tags of a run, each a dictionary."""

    __slots__ = ("_metric_objects", "metrics", "params", "tags")
    _fields = ("metrics", "params", "tags")

    def __init__(
        self,
        metrics: Iterable[Metric] | None = None,
        params: Iterable[Param] | None = None,
        tags: Iterable[RunTag] | None = None,
    ) -> None:
        self._metric_objects = list(metrics or ())
        self.metrics = {metric.key: metric.value for metric in self._metric_objects}
        self.params = {param.key: param.value for param in params or ()}
        self.tags = {tag.key: tag.value for tag in tags or ()}

    @classmethod
    def from_wire(cls, fields: dict[str, Any]) -> "RunData":
        """Build it from a JSON object of the protocol."""
        data = cls([Metric.from_wire(metric) for metric in fields.get("metrics", ())])
        data.params = {param["key"]: param.get("value", "") for param in fields.get("params", ())}
        data.tags = {tag["key"]: tag.get("value", "") for tag in fields.get("tags", ())}
        return data

    @property
    def _metric_objs(self) -> list[Metric]:
        """The latest points with their steps; export tools read them under this name."""
        return self._metric_objects

    def to_proto(self) -> Fields:
        """The attributes as an object of their own; metrics with their steps."""
        texts = {"params": fields_of(self.params), "tags": fields_of(self.tags)}
        return Fields(metrics=fields_of(self._metric_objects), **texts)

    def to_dictionary(self) -> dict[str, Any]:
        """The attributes as dictionaries."""
        return {"metrics": self.metrics, "params": self.params, "tags": self.tags}


class Run(Entity):
    """One execution: what it is, what it logged, what it used."""

    __slots__ = ("data", "info", "inputs", "outputs")
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
    def from_wire(cls, fields: dict[str, Any]) -> "Run":
        """Build it from a JSON object of the protocol."""
        return cls(
            RunInfo.from_wire(fields["info"]),
            RunData.from_wire(fields.get("data", {})),
            RunInputs.from_wire(fields.get("inputs", {})),
            RunOutputs.from_wire(fields.get("outputs", {})),
        )

    @classmethod
    def from_dictionary(cls, the_dict: dict[str, Any]) -> "Run":
        """Build it from its parts, given as entities under the constructor's names."""
        return cls(**the_dict)

    def to_dictionary(self) -> dict[str, Any]:
        """The run as plain dictionaries, ready for JSON; inputs and outputs only when there are any at hand."""
        shown: dict[str, Any] = {"info": dict(self.info)}
        parts: Sequence[tuple[str, Any]] = (("data", self.data), ("inputs", self.inputs), ("outputs", self.outputs))
        return shown | {name: part.to_dictionary() for name, part in parts if part}
