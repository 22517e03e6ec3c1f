"""Sources that Spark reads."""

from typing import Any

from runyard.data.dataset_source import DatasetSource


class SparkDatasetSource(DatasetSource):
    """A table, a path or a query that Spark reads.

    Parameters
    ----------
    path: The path or address of files.
    table_name: The table.
    sql: The query.
    """

    source_type = "spark"

    def __init__(self, path: str | None = None, table_name: str | None = None, sql: str | None = None) -> None:
        self._given = {"path": path, "table_name": table_name, "sql": sql}

    def to_dict(self) -> dict[str, Any]:
        """What was given."""
        return {name: value for name, value in self._given.items() if value is not None}

    @classmethod
    def from_dict(cls, source_dict: dict[str, Any]) -> "SparkDatasetSource":
        """The source of what `to_dict` wrote."""
        return cls(source_dict.get("path"), source_dict.get("table_name"), source_dict.get("sql"))
