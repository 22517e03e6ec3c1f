"""Datasets that are pandas tables."""

import os
from functools import cached_property
from typing import TYPE_CHECKING

from runyard.data.dataset_source import DatasetSource
from runyard.data.digests import digest_of_frame
from runyard.data.schema import schema_of_frame
from runyard.data.sources import resolved
from runyard.data.tables import TableDataset
from runyard.types.schema import Schema

if TYPE_CHECKING:
    import pandas as pd


class PandasDataset(TableDataset["pd.DataFrame"]):
    """A pandas DataFrame with its source.

    Raises
    ------
    InvalidParameter: `targets` or `predictions` names no column.
    """

    @property
    def profile(self) -> dict[str, int]:
        """Numbers of rows and of cells."""
        return {"num_rows": len(self._df), "num_elements": int(self._df.size)}

    @cached_property
    def schema(self) -> Schema | None:
        """The columns' types; None when they cannot be named."""
        return schema_of_frame(self._df)

    def _compute_digest(self) -> str:
        return digest_of_frame(self._df)


def from_pandas(
    df: "pd.DataFrame",
    source: str | os.PathLike[str] | DatasetSource | None = None,
    targets: str | None = None,
    name: str | None = None,
    digest: str | None = None,
    predictions: str | None = None,
) -> PandasDataset:
    """A dataset from a pandas DataFrame, to be noted with `log_input`.

    Parameters
    ----------
    df: The table.
    source: The path or address it was read from; the running program when left out.
    targets: The column to be predicted.
    name: What to call it; ``dataset`` when left out.
    digest: Identifies its version; computed from the data when left out.
    predictions: The column with a model's answers.
    """
    return PandasDataset(df, resolved(source), targets, name, digest, predictions)
