"""Sources that are programs."""

from typing import Any

from runyard.data.dataset_source import DatasetSource


class CodeDatasetSource(DatasetSource):
    """The program that made the data, by the tags of its run."""

    source_type = "code"

    def __init__(self, tags: dict[Any, Any]) -> None:
        self._tags = tags

    def to_dict(self) -> dict[str, Any]:
        """The tags."""
        return {"tags": self._tags}
