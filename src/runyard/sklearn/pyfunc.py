"""A model of scikit-learn as a pyfunc."""

import warnings
from typing import Any

import numpy as np

_NUMERIC = "fiu"
_TAKE_ARRAYS = frozenset(
    f"sklearn.{package}"
    for package in ("discriminant_analysis", "ensemble", "linear_model", "naive_bayes", "neighbors", "svm", "tree")
)
"""Packages whose estimators make an array of their input first of all, whatever they are given."""


class SklearnModel:
    """Predicts with one of the model's methods.

    Parameters
    ----------
    sklearn_model: The model.
    predict_fn: The method's name.
    """

    def __init__(self, sklearn_model: Any, predict_fn: str) -> None:
        self.sklearn_model, self.predict_fn = sklearn_model, predict_fn
        self._columns: list[str] | None = None

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """What the method gives; parameters are its keyword arguments."""
        if self._columns is not None and _is_table_of(data, self._columns):
            data = data.to_numpy()
        return getattr(self.sklearn_model, self.predict_fn)(data, **(params or {}))

    def get_raw_model(self) -> Any:
        """The model."""
        return self.sklearn_model

    def prepare_to_serve(self) -> None:
        """Check the columns of tables here, and give the model arrays, where it would do just that itself.

        For a single row the model spends most of its time on that. Its warning about arrays without names is turned
        off for the whole process, so this is for processes that do nothing but serve.
        """
        names = getattr(self.sklearn_model, "feature_names_in_", None)
        if names is not None and _makes_an_array(self.sklearn_model):
            warnings.filterwarnings("ignore", "X does not have valid feature names")
            self._columns = list(names)


def _makes_an_array(model: Any) -> bool:
    package = ".".join(type(model).__module__.split(".")[:2])
    return package in _TAKE_ARRAYS and not {"estimator", "estimators"} & set(model.get_params(deep=False))


def _is_table_of(data: Any, columns: list[str]) -> bool:
    """Whether it is a DataFrame with exactly these columns, all of them numbers that numpy knows."""
    names = getattr(data, "columns", None)
    if names is None or not hasattr(data, "dtypes") or list(names) != columns:
        return False
    return all(isinstance(kind, np.dtype) and kind.kind in _NUMERIC for kind in data.dtypes)
