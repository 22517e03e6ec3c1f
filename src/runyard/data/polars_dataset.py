"""Datasets that are polars tables."""

import json
import logging
import os
from functools import cached_property
from typing import Any

from runyard.data.dataset_source import DatasetSource
from runyard.data.pandas_dataset import PandasDataset
from runyard.data.schema import UnclearTypeError
from runyard.data.sources import resolved
from runyard.data.tables import TableDataset
from runyard.exceptions import MissingPackage
from runyard.types.schema import Schema

try:
    import pandas as pd
    import polars as pl
except ModuleNotFoundError as problem:
    extra = None if problem.name == "polars" else "ml"
    raise MissingPackage(str(problem.name), extra, "Describing tables of polars") from None

log = logging.getLogger(__name__)

_SIMPLE: tuple[tuple[Any, str], ...] = (
    ((pl.Int8, pl.Int16, pl.Int32, pl.UInt8, pl.UInt16), "integer"),
    ((pl.Int64, pl.UInt32), "long"),
    ((pl.Float32,), "float"),
    ((pl.Float64,), "double"),
    ((pl.Boolean,), "boolean"),
    ((pl.String, pl.Categorical, pl.Enum), "string"),
    ((pl.Binary,), "binary"),
    ((pl.Date, pl.Datetime), "datetime"),
)


class PolarsDataset(TableDataset[pl.DataFrame]):
    """A polars DataFrame with its source.

    Raises
    ------
    InvalidParameter: `targets` or `predictions` names no column.
    """

    @property
    def profile(self) -> dict[str, int]:
        """Numbers of rows and of cells."""
        return {"num_rows": self._df.height, "num_elements": self._df.height * self._df.width}

    @cached_property
    def schema(self) -> Schema | None:
        """The columns' types; None when they cannot be named, which is said once."""
        try:
            columns = [
                {**_type_of(kind), "name": name, "required": self._df[name].null_count() == 0}
                for name, kind in self._df.schema.items()
            ]
        except UnclearTypeError as problem:
            log.warning("The dataset has no schema: %s has no name in one.", problem)
            return None
        return Schema.from_json(json.dumps(columns)) if columns else None

    def to_pandas(self) -> PandasDataset:
        """The same dataset as a table of pandas."""
        return PandasDataset(self._rows(), self.source, self._targets, self.name, self.digest, self._predictions)

    def _rows(self) -> pd.DataFrame:
        return pd.DataFrame({name: self._df[name].to_numpy() for name in self._df.columns})

    def _compute_digest(self) -> str:
        """The sum of the rows' hashes, as MLflow computes it; polars may hash differently in other versions."""
        return str(self._df.hash_rows().sum())


def _type_of(kind: Any) -> dict[str, Any]:
    if isinstance(kind, pl.List | pl.Array):
        return {"type": "array", "items": _type_of(kind.inner)}
    if isinstance(kind, pl.Struct):
        properties = {field.name: {**_type_of(field.dtype), "required": True} for field in kind.fields}
        return {"type": "object", "properties": properties}
    for kinds, name in _SIMPLE:
        if isinstance(kind, kinds):
            return {"type": name}
    raise UnclearTypeError(str(kind))


def from_polars(
    df: pl.DataFrame,
    source: str | os.PathLike[str] | DatasetSource | None = None,
    targets: str | None = None,
    name: str | None = None,
    digest: str | None = None,
    predictions: str | None = None,
) -> PolarsDataset:
    """A dataset from a polars DataFrame, to be noted with `log_input`.

    Parameters
    ----------
    df: The table.
    source: The path or address it was read from; the running program when left out.
    targets: The column to be predicted.
    name: What to call it; ``dataset`` when left out.
    digest: Identifies its version; computed from the data when left out.
    predictions: The column with a model's answers.
    """
    return PolarsDataset(df, resolved(source), targets, name, digest, predictions)
