"""Metrics as the SDK hands them out."""

from typing import Any

from runyard.core.entity import ValueEntity


class Metric(ValueEntity):
    """One point of a metric."""

    __slots__ = ("dataset_digest", "dataset_name", "key", "model_id", "run_id", "step", "timestamp", "value")
    _fields = ("key", "value", "timestamp", "step", "model_id", "dataset_name", "dataset_digest", "run_id")

    def __init__(
        self,
        key: str,
        value: float,
        timestamp: int,
        step: int,
        model_id: str | None = None,
        dataset_name: str | None = None,
        dataset_digest: str | None = None,
        run_id: str | None = None,
    ) -> None:
        self.key = key
        self.value = value
        self.timestamp = timestamp
        self.step = step
        self.model_id = model_id
        self.dataset_name = dataset_name
        self.dataset_digest = dataset_digest
        self.run_id = run_id

    @classmethod
    def from_wire(cls, fields: dict[str, Any]) -> "Metric":
        """Build it from a JSON object of the protocol."""
        return cls(
            fields["key"],
            float(fields.get("value", 0.0)),  # NaN and the infinities are text on the wire
            int(fields.get("timestamp", 0)),
            int(fields.get("step", 0)),
            fields.get("model_id"),
            fields.get("dataset_name"),
            fields.get("dataset_digest"),
            fields.get("run_id"),
        )

    def to_dictionary(self) -> dict[str, Any]:
        """The attributes as a dictionary."""
        return {name: getattr(self, name) for name in self._fields}

    def __hash__(self) -> int:
        return hash(self._values())
