"""The rows that a model is evaluated on, from any of the forms that are taken."""

from typing import Any

import numpy as np
import pandas as pd

from runyard.data.dataset import Dataset
from runyard.data.evaluation_dataset import EvaluationDataset
from runyard.data.numpy_dataset import NumpyDataset, from_numpy
from runyard.data.pandas_dataset import PandasDataset, from_pandas
from runyard.exceptions import InvalidParameter


def evaluation_dataset(
    data: Any,
    targets: Any = None,
    predictions: str | None = None,
    feature_names: list[str] | None = None,
    path: str | None = None,
    *,
    has_model: bool,
) -> EvaluationDataset:
    """The rows in any form that `runyard.evaluate` takes.

    Parameters
    ----------
    data: A DataFrame, a numpy array or nested lists of two dimensions, or a dataset of `runyard.data`.
    targets: The column of targets, or for arrays the values.
    predictions: The column with a model's predictions, when there is no model.
    feature_names: The columns to use; for arrays, the names of their columns.
    path: Where the data came from, in the caller's words.
    has_model: Whether there is a model to predict with.

    Raises
    ------
    InvalidParameter: The data is of another kind, has no such column, or its parts have different lengths.
    """
    if data is None:
        raise InvalidParameter("There is nothing to evaluate: data is None. Pass a DataFrame, an array or a dataset.")
    if path is not None and '"' in path:
        raise InvalidParameter(f"dataset_path must not have a double quote, as {path!r} does.")
    if isinstance(data, EvaluationDataset):
        return data
    if type(data).__name__ == "PolarsDataset":  # known by name: polars is not loaded for those who do not use it
        data = data.to_pandas()
    if isinstance(data, PandasDataset):
        targets = data.targets if targets is None else targets
        said = data.predictions if predictions is None else predictions
        return _of_frame(data.df, targets, said, feature_names, path, data, has_model)
    if isinstance(data, NumpyDataset):
        values = data.targets if targets is None else targets
        return _of_array(data.features, values, feature_names, path, data)
    if isinstance(data, pd.DataFrame):
        return _of_frame(data, targets, predictions, feature_names, path, None, has_model)
    if isinstance(data, (np.ndarray, list)):
        return _of_array(data, targets, feature_names, path, None)
    raise InvalidParameter(
        f"Data of type {type(data).__name__} cannot be evaluated: pass a DataFrame, a numpy array, nested lists, or "
        "a dataset of runyard.data.from_pandas or from_numpy."
    )


def _of_frame(
    frame: pd.DataFrame,
    targets: Any,
    predictions: str | None,
    feature_names: list[str] | None,
    path: str | None,
    logged: Dataset | None,
    has_model: bool,
) -> EvaluationDataset:
    static = predictions if not has_model else None  # with a model it names a column of the model's answer
    target_column = targets if isinstance(targets, str) else None
    if isinstance(targets, list) and targets and all(isinstance(each, str) and each in frame for each in targets):
        raise InvalidParameter(f"targets names several columns, {targets}: name one, and evaluate each by itself.")
    for role, column in (("targets", target_column), ("predictions", static)):
        if column is not None and column not in frame.columns:
            raise InvalidParameter(f"There is no column {column!r} to take as {role}, only {list(frame.columns)}.")
    true = frame[target_column] if target_column else _series(targets, len(frame))
    if logged is None:
        whole = frame if true is None or target_column else frame.assign(target=true.to_numpy())
        logged = from_pandas(whole, targets=target_column, predictions=static, name="dataset")
    rows = frame.reset_index(drop=True)
    true = None if true is None else true.reset_index(drop=True).rename("target")
    if feature_names is None:
        unused = {target_column, predictions if predictions in frame.columns else None}
        feature_names = [column for column in rows.columns if column not in unused]
    elif missing := [column for column in feature_names if column not in rows.columns]:
        raise InvalidParameter(f"feature_names has {missing}, which are not columns; there are {list(rows.columns)}.")
    said = rows[static] if static is not None else None
    return EvaluationDataset(rows[list(feature_names)], true, said, logged, path, target_column or "target")


def _of_array(
    data: Any, targets: Any, feature_names: list[str] | None, path: str | None, logged: Dataset | None
) -> EvaluationDataset:
    if isinstance(data, dict) or isinstance(targets, dict):
        raise InvalidParameter(
            "A dataset of several named arrays cannot be evaluated: pass one array of two dimensions."
        )
    if isinstance(targets, str):
        raise InvalidParameter(f"targets={targets!r} names a column, which arrays do not have: pass the values.")
    array = np.asarray(data)
    if array.ndim != 2:
        raise InvalidParameter(
            f"Arrays to evaluate have two dimensions, rows and columns; this one's shape is {array.shape}."
        )
    columns = array.shape[1]
    if feature_names is None:
        feature_names = [f"feature_{number:0{len(str(columns))}d}" for number in range(1, columns + 1)]
    elif len(feature_names) != columns:
        raise InvalidParameter(f"feature_names has {len(feature_names)} names for {columns} columns.")
    true = _series(targets, len(array))
    if logged is None:
        logged = from_numpy(array, targets=None if true is None else _stacked(true), name="dataset")
    return EvaluationDataset(pd.DataFrame(array, columns=feature_names), true, None, logged, path)


def _series(targets: Any, rows: int) -> "pd.Series[Any] | None":
    if targets is None:
        return None
    if isinstance(targets, list) and any(isinstance(each, list | tuple | set) for each in targets):
        values = pd.Series(targets, dtype=object).to_numpy()  # lists of any lengths
    else:
        values = np.asarray(targets)
    if values.ndim == 2 and np.size(values, 1) == 1:
        values = values.ravel()
    elif values.ndim > 1:
        values = pd.Series(list(values), dtype=object).to_numpy()
    if values.shape != (rows,):
        raise InvalidParameter(f"targets has the shape {values.shape}; for {rows} rows it has to be ({rows},).")
    return pd.Series(values, name="target")


def _stacked(true: "pd.Series[Any]") -> Any:
    """Targets as one array; several values for each row become its columns, if every row has as many."""
    values = true.to_numpy()
    if values.dtype != object or not all(isinstance(value, np.ndarray) for value in values):
        return values
    return np.stack(list(values))
