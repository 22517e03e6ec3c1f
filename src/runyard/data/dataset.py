"""What every dataset is: a name, a digest, and where it comes from."""

import json
from functools import cached_property
from typing import Any

from runyard.data.dataset_source import DatasetSource
from runyard.tracking.inputs.entities import Dataset as DatasetEntity

DIGITS = 8
"""Length of a digest."""


class Dataset:
    """Base of every dataset.

    Parameters
    ----------
    source: Where the data comes from.
    name: What to call it; ``dataset`` when left out.
    digest: Identifies its version; computed from the data when left out.
    """

    _described_by_schema = False
    """Whether the schema is named in `to_dict` even when there is none."""

    def __init__(self, source: DatasetSource, name: str | None = None, digest: str | None = None) -> None:
        self._source = source
        self._name = name
        self._digest = digest

    @property
    def name(self) -> str:
        """What it is called."""
        return self._name or "dataset"

    @cached_property
    def digest(self) -> str:
        """Identifies its version."""
        return self._digest or self._compute_digest()

    @property
    def source(self) -> DatasetSource:
        """Where it comes from."""
        return self._source

    @property
    def profile(self) -> Any | None:
        """Sizes, as a JSON-ready object; None when nothing is known."""
        return None

    @property
    def schema(self) -> Any | None:
        """Columns or tensors with their types; None when nothing is known."""
        return None

    def _compute_digest(self) -> str:
        raise NotImplementedError(f"{type(self).__name__} does not compute a digest; give one.")

    def _get_source_type(self) -> str:
        return self.source._get_source_type()

    def to_dict(self) -> dict[str, Any]:
        """The dataset as the protocol stores it: texts, some of them JSON."""
        shown: dict[str, Any] = {
            "name": self.name,
            "digest": self.digest,
            "source": self.source.to_json(),
            "source_type": self._get_source_type(),
        }
        if self._described_by_schema or self.schema is not None:
            shown["schema"] = self._schema_text()
        if self.profile is not None:
            shown["profile"] = json.dumps(self.profile)
        return shown

    def _schema_text(self) -> str | None:
        return json.dumps(self.schema.to_dict()) if self.schema is not None else None

    def to_json(self) -> str:
        """The dataset as JSON text."""
        return json.dumps(self.to_dict())

    def _to_mlflow_entity(self) -> DatasetEntity:
        fields = self.to_dict()
        return DatasetEntity(
            fields["name"],
            fields["digest"],
            fields["source_type"],
            fields["source"],
            fields.get("schema"),
            fields.get("profile"),
        )
