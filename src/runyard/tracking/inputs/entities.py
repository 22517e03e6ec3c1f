"""What a run used and produced, as the SDK hands it out."""

from collections.abc import Sequence
from typing import Any, Self

from runyard.core.entity import KeyValue, ValueEntity


class InputTag(KeyValue):
    """A tag of a dataset's use by a run, such as its context."""

    __slots__ = ()


class Dataset(ValueEntity):
    """A dataset as it was when a run used it."""

    __slots__ = ("digest", "name", "profile", "schema", "source", "source_type")
    _fields = ("name", "digest", "source_type", "source", "schema", "profile")

    def __init__(
        self,
        name: str,
        digest: str,
        source_type: str,
        source: str,
        schema: str | None = None,
        profile: str | None = None,
    ) -> None:
        self.name = name
        self.digest = digest
        self.source_type = source_type
        self.source = source
        self.schema = schema
        self.profile = profile

    @classmethod
    def from_wire(cls, fields: dict[str, Any]) -> "Dataset":
        """Build it from a JSON object of the protocol."""
        return cls(
            fields.get("name", ""),
            fields.get("digest", ""),
            fields.get("source_type", ""),
            fields.get("source", ""),
            fields.get("schema"),
            fields.get("profile"),
        )

    def to_dictionary(self) -> dict[str, Any]:
        """The attributes as a dictionary."""
        return {name: getattr(self, name) for name in self._fields}


class DatasetInput(ValueEntity):
    """A dataset with the tags of its use."""

    __slots__ = ("dataset", "tags")
    _fields = ("dataset", "tags")

    def __init__(self, dataset: Dataset, tags: Sequence[InputTag] | None = None) -> None:
        self.dataset = dataset
        self.tags = list(tags or ())

    @classmethod
    def from_wire(cls, fields: dict[str, Any]) -> "DatasetInput":
        """Build it from a JSON object of the protocol."""
        return cls(Dataset.from_wire(fields["dataset"]), [InputTag.from_wire(tag) for tag in fields.get("tags", ())])

    def to_dictionary(self) -> dict[str, Any]:
        """The attributes as dictionaries."""
        return {"dataset": self.dataset.to_dictionary(), "tags": {tag.key: tag.value for tag in self.tags}}


class LoggedModelInput(ValueEntity):
    """A logged model that a run used."""

    __slots__ = ("model_id",)
    _fields = ("model_id",)

    def __init__(self, model_id: str) -> None:
        self.model_id = model_id

    @classmethod
    def from_wire(cls, fields: dict[str, Any]) -> Self:
        """Build it from a JSON object of the protocol."""
        return cls(fields["model_id"])


class LoggedModelOutput(ValueEntity):
    """A logged model that a run produced, with the step at which it did."""

    __slots__ = ("model_id", "step")
    _fields = ("model_id", "step")

    def __init__(self, model_id: str, step: int) -> None:
        self.model_id = model_id
        self.step = step

    @classmethod
    def from_wire(cls, fields: dict[str, Any]) -> "LoggedModelOutput":
        """Build it from a JSON object of the protocol."""
        return cls(fields["model_id"], int(fields.get("step", 0)))

    def to_dictionary(self) -> dict[str, Any]:
        """The attributes as a dictionary."""
        return {"model_id": self.model_id, "step": self.step}


class RunInputs(ValueEntity):
    """The datasets and models a run used."""

    __slots__ = ("dataset_inputs", "model_inputs")
    _fields = ("dataset_inputs", "model_inputs")

    def __init__(
        self, dataset_inputs: Sequence[DatasetInput], model_inputs: Sequence[LoggedModelInput] | None = None
    ) -> None:
        self.dataset_inputs = list(dataset_inputs)
        self.model_inputs = list(model_inputs or ())

    @classmethod
    def from_wire(cls, fields: dict[str, Any]) -> "RunInputs":
        """Build it from a JSON object of the protocol."""
        return cls(
            [DatasetInput.from_wire(entry) for entry in fields.get("dataset_inputs", ())],
            [LoggedModelInput.from_wire(entry) for entry in fields.get("model_inputs", ())],
        )

    def to_dictionary(self) -> dict[str, Any]:
        """The attributes, datasets as dictionaries."""
        return {
            "model_inputs": self.model_inputs,
            "dataset_inputs": [entry.to_dictionary() for entry in self.dataset_inputs],
        }


class RunOutputs(ValueEntity):
    """The models a run produced."""

    __slots__ = ("model_outputs",)
    _fields = ("model_outputs",)

    def __init__(self, model_outputs: Sequence[LoggedModelOutput]) -> None:
        self.model_outputs = list(model_outputs)

    @classmethod
    def from_wire(cls, fields: dict[str, Any]) -> "RunOutputs":
        """Build it from a JSON object of the protocol."""
        return cls([LoggedModelOutput.from_wire(entry) for entry in fields.get("model_outputs", ())])

    def to_dictionary(self) -> dict[str, Any]:
        """The attributes as dictionaries."""
        return {"model_outputs": [entry.to_dictionary() for entry in self.model_outputs]}
