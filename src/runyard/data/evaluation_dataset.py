"""What a model is evaluated on: rows of features with what is true of each."""

import hashlib
from dataclasses import dataclass
from typing import Any, Self

import pandas as pd

from runyard.data.dataset import Dataset


@dataclass(frozen=True)
class EvaluationDataset:
    """Rows that a model is evaluated on.

    Parameters
    ----------
    features: What the model is given, one row each.
    targets: What is true of each row; None when nothing is known.
    predictions: What a model said of each row, when that is part of the data.
    logged: The dataset as the run notes it.
    path: Where it came from, in the caller's words.
    target_name: What the targets are called.
    """

    features: pd.DataFrame
    targets: "pd.Series[Any] | None"
    predictions: Any
    logged: Dataset
    path: str | None = None
    target_name: str = "target"

    @classmethod
    def of_table(
        cls,
        rows: pd.DataFrame,
        target: str | None,
        prediction: str | None,
        logged: Dataset,
        path: str | None = None,
        feature_names: list[str] | None = None,
    ) -> Self:
        """The rows of a table.

        Parameters
        ----------
        target, prediction: The columns of what is true and of what a model said, if there are such.
        feature_names: The columns the model is given; all others when left out.
        """
        left_out = [column for column in (target, prediction) if column is not None]
        features = rows.drop(columns=left_out) if feature_names is None else rows[feature_names]
        true, said = (None if column is None else rows[column] for column in (target, prediction))
        return cls(features, true, said, logged, path, target or "target")

    @property
    def features_data(self) -> pd.DataFrame:
        """The features, under MLflow's name for them."""
        return self.features

    @property
    def labels_data(self) -> Any:
        """The targets' values, under MLflow's name for them; None when nothing is known."""
        return None if self.targets is None else self.targets.to_numpy()

    @property
    def predictions_data(self) -> Any:
        """The predictions, under MLflow's name for them."""
        return self.predictions

    @property
    def has_targets(self) -> bool:
        """Whether it is known what is true."""
        return self.targets is not None

    @property
    def has_predictions(self) -> bool:
        """Whether the predictions are a column of the data."""
        return self.predictions is not None

    @property
    def feature_names(self) -> list[Any]:
        """The features' columns."""
        return list(self.features.columns)

    @property
    def targets_name(self) -> str | None:
        """What the targets are called; None without any."""
        return self.target_name if self.has_targets else None

    @property
    def digest(self) -> str:
        """The logged dataset's."""
        return self.logged.digest

    @property
    def name(self) -> str:
        """The logged dataset's."""
        return self.logged.name

    @property
    def hash(self) -> str:
        """A digest of the features and targets, 32 hexadecimal digits."""
        digest = hashlib.md5(",".join(map(str, self.features.columns)).encode(), usedforsecurity=False)
        parts: list[Any] = [self.features]
        parts += [self.targets] if self.targets is not None else []
        for part in parts:
            try:
                digest.update(pd.util.hash_pandas_object(part, index=False).to_numpy().tobytes())
            except TypeError:  # cells such as lists
                digest.update(part.astype(str).to_csv(index=False).encode())
        return digest.hexdigest()

    def inputs(self) -> pd.DataFrame:
        """The features, with the targets as a column after them."""
        if self.targets is None:
            return self.features
        return self.features.assign(**{self.target_name: self.targets})
