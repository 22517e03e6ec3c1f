"""What a run used and produced, on the wire and in Python."""

from dataclasses import field
from typing import Any

from runyard.core.entity import KeyValue, ValueEntity, entity


@entity
class InputTag(KeyValue):
    """A tag of a dataset's use by a run, such as its context."""


@entity
class Dataset(ValueEntity):
    """A dataset as it was when a run used it."""

    name: str = ""
    digest: str = ""
    source_type: str = ""
    source: str = ""
    schema: str | None = None
    profile: str | None = None

    def to_dictionary(self) -> dict[str, Any]:
        """The attributes as a dictionary."""
        return {name: getattr(self, name) for name in self._fields}


@entity
class DatasetInput(ValueEntity):
    """A dataset with the tags of its use."""

    dataset: Dataset
    tags: list[InputTag] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tags = list(self.tags or ())

    def to_dictionary(self) -> dict[str, Any]:
        """The attributes as dictionaries."""
        return {"dataset": self.dataset.to_dictionary(), "tags": {tag.key: tag.value for tag in self.tags}}


@entity
class LoggedModelInput(ValueEntity):
    """A logged model that a run used."""

    model_id: str


@entity
class LoggedModelOutput(ValueEntity):
    """A logged model that a run produced, with its training step."""

    model_id: str
    step: int = 0

    def to_dictionary(self) -> dict[str, Any]:
        """The attributes as a dictionary."""
        return {"model_id": self.model_id, "step": self.step}


@entity
class RunInputs(ValueEntity):
    """The datasets and models a run used."""

    dataset_inputs: list[DatasetInput] = field(default_factory=list)
    model_inputs: list[LoggedModelInput] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.dataset_inputs = list(self.dataset_inputs)
        self.model_inputs = list(self.model_inputs or ())

    def to_dictionary(self) -> dict[str, Any]:
        """The attributes, datasets as dictionaries."""
        return {
            "model_inputs": self.model_inputs,
            "dataset_inputs": [entry.to_dictionary() for entry in self.dataset_inputs],
        }


@entity
class RunOutputs(ValueEntity):
    """The models a run produced."""

    model_outputs: list[LoggedModelOutput] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.model_outputs = list(self.model_outputs)

    def to_dictionary(self) -> dict[str, Any]:
        """The attributes as dictionaries."""
        return {"model_outputs": [entry.to_dictionary() for entry in self.model_outputs]}
