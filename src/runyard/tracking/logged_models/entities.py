"""Logged models, on the wire and in Python."""

from collections.abc import Iterator
from dataclasses import field
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from runyard.core.entity import Entity, KeyValue, by_key, entity
from runyard.core.wire import OnWire
from runyard.exceptions import InvalidParameter
from runyard.protocol.types import ExperimentId
from runyard.tracking.metrics.entities import Metric

_NUMBERS = {"UNSPECIFIED": 0, "PENDING": 1, "READY": 2, "FAILED": 3}
_WIRE_NAMES = {
    "UNSPECIFIED": "LOGGED_MODEL_STATUS_UNSPECIFIED",
    "PENDING": "LOGGED_MODEL_PENDING",
    "READY": "LOGGED_MODEL_READY",
    "FAILED": "LOGGED_MODEL_UPLOAD_FAILED",
}
_FROM_WIRE = {wire: name for name, wire in _WIRE_NAMES.items()}


class LoggedModelStatus(StrEnum):
    """The status of a model's logging."""

    UNSPECIFIED = "UNSPECIFIED"
    PENDING = "PENDING"
    READY = "READY"
    FAILED = "FAILED"

    @staticmethod
    def is_finalized(status: "LoggedModelStatus | str") -> bool:
        """Whether this status is final."""
        return status in (LoggedModelStatus.READY, LoggedModelStatus.FAILED)

    @classmethod
    def from_int(cls, status_int: int) -> "LoggedModelStatus":
        """The status that MLflow's protocol gives this number.

        Raises
        ------
        InvalidParameter: There is no such number.
        """
        for name, number in _NUMBERS.items():
            if number == status_int:
                return cls(name)
        raise InvalidParameter(f"Invalid status {status_int!r} of a logged model: use a number from 0 to 3.")

    def to_int(self) -> int:
        """The number that MLflow's protocol gives this status, also ``LoggedModelStatus.to_int("READY")``.

        Raises
        ------
        InvalidParameter: There is no such status.
        """
        return _NUMBERS[LoggedModelStatus.of(self)]

    from_proto, to_proto = from_int, to_int  # MLflow's protocol counts them alike

    @classmethod
    def from_wire(cls, name: str | None) -> "LoggedModelStatus":
        """The status of this name on the wire; names that are not known stand for none."""
        return cls(_FROM_WIRE.get(name or "", "UNSPECIFIED"))

    def to_wire(self) -> str:
        """Its name on the wire."""
        return _WIRE_NAMES[self.value]

    @classmethod
    def of(cls, status: "LoggedModelStatus | str") -> "LoggedModelStatus":
        """The status of a caller's name or number.

        Raises
        ------
        InvalidParameter: There is no such status.
        """
        try:
            return cls(status)
        except ValueError:
            names = ", ".join(repr(name) for name in _NUMBERS)
            raise InvalidParameter(f"Invalid status {status!r} of a logged model: use one of {names}.") from None


@entity
class LoggedModelParameter(KeyValue):
    """A setting of a logged model."""

    def __hash__(self) -> int:
        return hash(self._values())


@entity
class LoggedModelTag(KeyValue):
    """A tag of a logged model."""


@entity
class LoggedModel(Entity):
    """A model as a run produced it: its params, tags and metrics, the location of its files, and its run.

    In Python params and tags are dictionaries of text, and `metrics` is None when there is no point; the constructor
    takes lists of entities too, and the status as MLflow's number. `model_uri` is its address, ``models:/<model_id>``.

    Attributes
    ----------
    creation_timestamp, last_updated_timestamp: Milliseconds since the epoch.
    metrics: Every point logged with the model.
    """

    _not_shown: ClassVar[tuple[str, ...]] = ("tags", "params", "metrics")

    experiment_id: Annotated[ExperimentId, OnWire(at="info.experiment_id")]
    model_id: Annotated[str, OnWire(at="info.model_id")]
    name: Annotated[str, OnWire(at="info.name")]
    artifact_location: Annotated[str, OnWire(at="info.artifact_uri")]
    creation_timestamp: Annotated[int, OnWire(at="info.creation_timestamp_ms")]
    last_updated_timestamp: Annotated[int, OnWire(at="info.last_updated_timestamp_ms")]
    model_type: Annotated[str | None, OnWire(at="info.model_type")] = None
    source_run_id: Annotated[str | None, OnWire(at="info.source_run_id")] = None
    status: Annotated[LoggedModelStatus, OnWire(LoggedModelStatus, at="info.status")] = LoggedModelStatus.READY
    status_message: Annotated[str | None, OnWire(at="info.status_message")] = None
    tags: Annotated[dict[str, str], OnWire(list[LoggedModelTag], at="info.tags")] = field(default_factory=dict)
    params: Annotated[dict[str, str], OnWire(list[LoggedModelParameter], at="data.params")] = field(
        default_factory=dict
    )
    metrics: Annotated[list[Metric] | None, OnWire(at="data.metrics")] = None

    def __post_init__(self) -> None:
        given: Any = self.status
        self.status = given if isinstance(given, LoggedModelStatus) else LoggedModelStatus.from_int(given)
        self.model_type, self.source_run_id = self.model_type or None, self.source_run_id or None
        self.tags, self.params = by_key(self.tags), by_key(self.params)
        self.metrics = None if self.metrics is None else list(self.metrics)

    @property
    def model_uri(self) -> str:
        """Its address for loading."""
        return f"models:/{self.model_id}"

    def to_dictionary(self) -> dict[str, Any]:
        """The attributes as a dictionary, the status as its number."""
        shown = {name: getattr(self, name) for name in sorted(self._fields)}
        return shown | {"status": self.status.to_int()}

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        return ((name, getattr(self, name)) for name in sorted((*self._fields, "model_uri")))

    def __repr__(self) -> str:
        shown = (f"{name}={value!r}" for name, value in self if name not in self._not_shown)
        return f"{type(self).__name__}({', '.join(shown)})"
