"""What datasets of tables share: columns that are to be predicted, and what a model is given of them."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from runyard.data.dataset import Dataset
from runyard.data.dataset_source import DatasetSource
from runyard.data.evaluation_dataset import EvaluationDataset
from runyard.exceptions import InvalidParameter

if TYPE_CHECKING:
    import pandas as pd

Table = TypeVar("Table")


@dataclass
class PyFuncInputsOutputs:
    """What a model is given, and what it is to answer.

    Attributes
    ----------
    inputs: The features.
    outputs: The targets, or None.
    """

    inputs: Any
    outputs: Any = None


class TableDataset(Dataset, Generic[Table]):
    """A table with its source.

    Raises
    ------
    InvalidParameter: `targets` or `predictions` names no column.
    """

    _described_by_schema = True

    def __init__(
        self,
        df: Table,
        source: DatasetSource,
        targets: str | None = None,
        name: str | None = None,
        digest: str | None = None,
        predictions: str | None = None,
    ) -> None:
        super().__init__(source, name, digest)
        self._df, self._targets, self._predictions = df, targets, predictions
        columns = list(df.columns)  # type: ignore[attr-defined]  # every kind of table has them
        for role, column in (("targets", targets), ("predictions", predictions)):
            if column is not None and column not in columns:
                raise InvalidParameter(f"There is no column {column!r} to take as {role}, only {columns}.")

    @property
    def df(self) -> Table:
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

    def to_pyfunc(self) -> PyFuncInputsOutputs:
        """What a model is given, without targets and predictions, and what it is to answer, as tables of pandas."""
        rows = self._rows()
        left_out = [column for column in (self._targets, self._predictions) if column is not None]
        outputs = None if self._targets is None else rows[self._targets]
        return PyFuncInputsOutputs(rows.drop(columns=left_out), outputs)

    def to_evaluation_dataset(
        self, path: str | None = None, feature_names: list[str] | None = None
    ) -> EvaluationDataset:
        """The dataset as `runyard.evaluate` uses it.

        Parameters
        ----------
        path: Where the data came from, in words.
        feature_names: The columns the model is given; all but targets and predictions when left out.
        """
        return EvaluationDataset.of_table(self._rows(), self._targets, self._predictions, self, path, feature_names)

    def _rows(self) -> "pd.DataFrame":
        """The table as one of pandas."""
        rows: pd.DataFrame = self.df  # type: ignore[assignment]  # what other tables are, their class converts
        return rows

    def _schema_text(self) -> str | None:
        return json.dumps({"mlflow_colspec": self.schema.to_dict()}) if self.schema else None
