"""Logged models as the SDK hands them out."""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any

from runyard.core.entity import Entity, KeyValue
from runyard.exceptions import InvalidParameter
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
    """How far the logging of a model is."""

    UNSPECIFIED = "UNSPECIFIED"
    PENDING = "PENDING"
    READY = "READY"
    FAILED = "FAILED"

    @staticmethod
    def is_finalized(status: "LoggedModelStatus | str") -> bool:
        """Is the logging of a model with this status over?"""
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
        """The status that a caller names.

        Raises
        ------
        InvalidParameter: There is no such status.
        """
        try:
            return cls(status)
        except ValueError:
            names = ", ".join(repr(name) for name in _NUMBERS)
            raise InvalidParameter(f"Invalid status {status!r} of a logged model: use one of {names}.") from None


class LoggedModelParameter(KeyValue):
    """A setting of a logged model."""

    __slots__ = ()

    def __hash__(self) -> int:
        return hash(self._values())


class LoggedModelTag(KeyValue):
    """A tag of a logged model."""

    __slots__ = ()


class LoggedModel(Entity):
    """A model with a life of its own: what was logged with it, where its files are, which run made it.

    Attributes
    ----------
    params, tags: Dictionaries of text; given as entities they become such.
    metrics: Every point logged with the model; None when there is none.
    model_uri: Its address, ``models:/<model_id>``.
    """

    _fields = (
        "experiment_id",
        "model_id",
        "name",
        "artifact_location",
        "creation_timestamp",
        "last_updated_timestamp",
        "model_type",
        "source_run_id",
        "status",
        "status_message",
        "tags",
        "params",
        "metrics",
    )
    _not_shown = ("tags", "params", "metrics")

    def __init__(
        self,
        experiment_id: str,
        model_id: str,
        name: str,
        artifact_location: str,
        creation_timestamp: int,
        last_updated_timestamp: int,
        model_type: str | None = None,
        source_run_id: str | None = None,
        status: LoggedModelStatus | int = LoggedModelStatus.READY,
        status_message: str | None = None,
        tags: Sequence[LoggedModelTag] | Mapping[str, str] | None = None,
        params: Sequence[LoggedModelParameter] | Mapping[str, str] | None = None,
        metrics: Sequence[Metric] | None = None,
    ) -> None:
        self.experiment_id = experiment_id
        self.model_id = model_id
        self.name = name
        self.artifact_location = artifact_location
        self.creation_timestamp = creation_timestamp
        self.last_updated_timestamp = last_updated_timestamp
        self.model_type = model_type
        self.source_run_id = source_run_id
        self.status = status if isinstance(status, LoggedModelStatus) else LoggedModelStatus.from_int(status)
        self.status_message = status_message
        self.tags = _texts(tags)
        self.params = _texts(params)
        self.metrics = None if metrics is None else list(metrics)

    @classmethod
    def from_wire(cls, fields: dict[str, Any]) -> "LoggedModel":
        """Build it from a JSON object of the protocol."""
        info, data = fields["info"], fields.get("data", {})
        points = data.get("metrics")
        return cls(
            str(info.get("experiment_id", "")),
            info["model_id"],
            info.get("name", ""),
            info.get("artifact_uri", ""),
            int(info.get("creation_timestamp_ms", 0)),
            int(info.get("last_updated_timestamp_ms", 0)),
            info.get("model_type") or None,
            info.get("source_run_id") or None,
            LoggedModelStatus.from_wire(info.get("status")),
            info.get("status_message") or None,
            {tag["key"]: tag.get("value", "") for tag in info.get("tags", ())},
            {param["key"]: param.get("value", "") for param in data.get("params", ())},
            [Metric.from_wire(point) for point in points] if points else None,
        )

    @property
    def model_uri(self) -> str:
        """Where it can be loaded from."""
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


def _texts(entries: Sequence[KeyValue] | Mapping[str, str] | None) -> dict[str, str]:
    if entries is None or isinstance(entries, Mapping):
        return dict(entries or {})
    return {entry.key: entry.value for entry in entries}
