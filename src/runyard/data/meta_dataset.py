"""Datasets of which only the description is at hand."""

import hashlib
import json
from typing import Any

from runyard.data.dataset import DIGITS, Dataset
from runyard.data.dataset_source import DatasetSource


class MetaDataset(Dataset):
    """A dataset by its source alone: nothing is loaded."""

    def __init__(
        self, source: DatasetSource, name: str | None = None, digest: str | None = None, schema: Any = None
    ) -> None:
        super().__init__(source, name, digest)
        self._schema = schema

    @property
    def schema(self) -> Any | None:
        """The schema that was given."""
        return self._schema

    def _compute_digest(self) -> str:
        described = {
            "name": self.name,
            "source": self.source.to_json(),
            "source_type": self._get_source_type(),
            "schema": self.schema.to_dict() if self.schema else "",
        }
        return hashlib.sha256(json.dumps(described).encode()).hexdigest()[:DIGITS]
