"""Datasets that are tables of Spark."""

import hashlib
import json
import logging
from functools import cached_property
from typing import TYPE_CHECKING, Any

from runyard.data.dataset import DIGITS
from runyard.data.pandas_dataset import PandasDataset
from runyard.data.schema import UnclearTypeError
from runyard.data.sources import resolved
from runyard.data.spark_dataset_source import SparkDatasetSource
from runyard.data.tables import TableDataset
from runyard.exceptions import InvalidParameter
from runyard.types.schema import Schema

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)

_SIMPLE = {
    "boolean": "boolean",
    "byte": "integer",
    "short": "integer",
    "integer": "integer",
    "long": "long",
    "float": "float",
    "double": "double",
    "string": "string",
    "binary": "binary",
    "date": "datetime",
    "timestamp": "datetime",
    "timestamp_ntz": "datetime",
}
"""Name of a type in Spark's JSON → its name in a schema."""


class SparkDataset(TableDataset[Any]):
    """A DataFrame of Spark with its source. Describing it runs no job of Spark.

    Raises
    ------
    InvalidParameter: `targets` or `predictions` names no column.
    """

    @property
    def profile(self) -> dict[str, Any]:
        """The number of rows, where Spark's plan knows it."""
        return {"approx_count": self._rows_of_plan()}

    @cached_property
    def schema(self) -> Schema | None:
        """The columns' types; None when they cannot be named, which is said once."""
        fields = json.loads(self._df.schema.json())["fields"]
        try:
            columns = [{**_type_of(field["type"]), "name": field["name"], "required": True} for field in fields]
        except UnclearTypeError as problem:
            log.warning("The dataset has no schema: %s has no name in one.", problem)
            return None
        return Schema.from_json(json.dumps(columns)) if columns else None

    def to_pandas(self) -> PandasDataset:
        """The same dataset as a table of pandas, with all its rows."""
        return PandasDataset(self._rows(), self.source, self._targets, self.name, self.digest, self._predictions)

    def _rows(self) -> "pd.DataFrame":
        rows: pd.DataFrame = self._df.toPandas()
        return rows

    def _rows_of_plan(self) -> Any:
        try:
            count = self._df._jdf.queryExecution().optimizedPlan().stats().rowCount()
            return int(count.get().toString()) if count.isDefined() else "unknown"
        except (AttributeError, TypeError):  # Spark Connect has no plan here
            return "unknown"

    def _compute_digest(self) -> str:
        """Of the columns and of the plan that makes the rows."""
        plan = str(self._df.semanticHash())
        return hashlib.md5(f"{self._df.schema.json()}{plan}".encode(), usedforsecurity=False).hexdigest()[:DIGITS]


def _type_of(described: Any) -> dict[str, Any]:
    """A type of Spark, as its JSON has it."""
    if isinstance(described, str):
        if described.startswith("decimal"):
            return {"type": "double"}
        if described in _SIMPLE:
            return {"type": _SIMPLE[described]}
        raise UnclearTypeError(described)
    kind = described.get("type")
    if kind == "array":
        return {"type": "array", "items": _type_of(described["elementType"])}
    if kind == "map":
        return {"type": "map", "values": _type_of(described["valueType"])}
    if kind == "struct":
        properties = {field["name"]: {**_type_of(field["type"]), "required": True} for field in described["fields"]}
        return {"type": "object", "properties": properties}
    if str(described.get("pyClass", "")).endswith("VectorUDT"):
        return {"type": "sparkml_vector"}
    raise UnclearTypeError(str(kind))


def from_spark(
    df: Any,
    path: str | None = None,
    table_name: str | None = None,
    version: str | None = None,
    sql: str | None = None,
    targets: str | None = None,
    name: str | None = None,
    digest: str | None = None,
    predictions: str | None = None,
) -> SparkDataset:
    """A dataset from a DataFrame of Spark, to be noted with `log_input`.

    Parameters
    ----------
    df: The table.
    path, table_name, sql: The files, the table or the query it was read from, one of them; the running program when
        all are left out.
    version: Of a Delta table; taken for compatibility and kept as the digest when none is given.
    targets: The column to be predicted.
    name: What to call it; ``dataset`` when left out.
    digest: Identifies its version; computed from the columns and the plan when left out.
    predictions: The column with a model's answers.

    Raises
    ------
    InvalidParameter: More than one source is given, or a column is not there.
    """
    given = [one for one in (path, table_name, sql) if one is not None]
    if len(given) > 1:
        raise InvalidParameter(
            f"A dataset has one source: give 'path', 'table_name' or 'sql', not {len(given)} of them."
        )
    source = SparkDatasetSource(path, table_name, sql) if given else resolved(None)
    return SparkDataset(df, source, targets, name, digest or version, predictions)
