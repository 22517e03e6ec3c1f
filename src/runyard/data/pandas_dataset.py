"""Datasets that are pandas tables."""

import json
import os
from functools import cached_property
from typing import TYPE_CHECKING

from runyard.data.dataset import Dataset
from runyard.data.dataset_source import DatasetSource
from runyard.data.digests import digest_of_frame
from runyard.data.evaluation_dataset import EvaluationDataset
from runyard.data.schema import schema_of_frame
from runyard.data.sources import resolved
from runyard.data.tables import PyFuncInputsOutputs, require_columns
from runyard.types.schema import Schema

if TYPE_CHECKING:
    import pandas as pd


class PandasDataset(Dataset):
    """A pandas DataFrame with its source.

    Raises
    ------
    InvalidParameter: `targets` or `predictions` names no column.
    """

    _described_by_schema = True

    def __init__(
        self,
        df: "pd.DataFrame",
        source: DatasetSource,
        targets: str | None = None,
        name: str | None = None,
        digest: str | None = None,
        predictions: str | None = None,
    ) -> None:
        require_columns(list(df.columns), targets=targets, predictions=predictions)
        super().__init__(source, name, digest)
        self._df = df
        self._targets = targets
        self._predictions = predictions

    @property
    def df(self) -> "pd.DataFrame":
        """The table."""
        return self._df

    @property
    def targets(self) -> str | None:
        """The column to be predicted."""
        return self._targets

    @property
    def predictions(self) -> str | None:
        """The column with a model's answers."""
        return self._predictions

    @property
    def profile(self) -> dict[str, int]:
        """Numbers of rows and of cells."""
        return {"num_rows": len(self._df), "num_elements": int(self._df.size)}

    @cached_property
    def schema(self) -> Schema | None:
        """The columns' types; None when they cannot be named."""
        return schema_of_frame(self._df)

    def to_pyfunc(self) -> PyFuncInputsOutputs:
        """What a model is given, without targets and predictions, and what it is to answer."""
        left_out = [column for column in (self._targets, self._predictions) if column is not None]
        outputs = None if self._targets is None else self._df[self._targets]
        return PyFuncInputsOutputs(self._df.drop(columns=left_out), outputs)

    def to_evaluation_dataset(
        self, path: str | None = None, feature_names: list[str] | None = None
    ) -> EvaluationDataset:
        """The dataset as `runyard.evaluate` uses it.

        Parameters
        ----------
        path: Where the data came from, in words.
        feature_names: The columns the model is given; all but targets and predictions when left out.
        """
        return EvaluationDataset.of_table(self._df, self._targets, self._predictions, self, path, feature_names)

    def _schema_text(self) -> str | None:
        return json.dumps({"mlflow_colspec": self.schema.to_dict()}) if self.schema else None

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
    digest: What tells its version; computed from the data when left out.
    predictions: The column with a model's answers.
    """
    return PandasDataset(df, resolved(source), targets, name, digest, predictions)
