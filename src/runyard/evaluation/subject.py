"""What is evaluated: a model, a function, or given predictions."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from runyard.exceptions import InvalidParameter, RunyardException
from runyard.pyfunc.loading import load_model
from runyard.pyfunc.wrapper import PyFuncModel

PREDICTION = "prediction"


@dataclass(frozen=True)
class Subject:
    """What is evaluated.

    Parameters
    ----------
    predict: Gives an answer for rows; None when the data has the answers.
    raw: The object of the library it was made with, which can say more: its score, its probabilities.
    model_id: Of the logged model it is.
    known_as: Its id in the tag ``mlflow.datasets``; None for functions and answers.
    """

    predict: Callable[..., Any] | None = None
    raw: Any = None
    model_id: str | None = None
    known_as: str | None = None

    @property
    def predict_proba(self) -> Callable[[Any], Any] | None:
        """Gives the probability of each class for rows, if it can say."""
        found: Callable[[Any], Any] | None = getattr(self.raw, "predict_proba", None)
        return found

    def latencies(self, features: pd.DataFrame) -> "pd.Series[float] | None":
        """Seconds it takes for each row, asked one by one; None without a model."""
        if self.predict is None:
            return None
        taken = []
        for row in range(len(features)):
            began = time.perf_counter()
            self.predict(features.iloc[row : row + 1])
            taken.append(time.perf_counter() - began)
        return pd.Series(taken, name="latency", dtype=float)


def subject_of(model: Any, model_config: dict[str, Any] | None = None) -> Subject:
    """The subject for the argument of `runyard.evaluate`.

    Parameters
    ----------
    model: A model's URI, a loaded model, a function from features to predictions, or None.
    model_config: For a URI: the configuration that the model is loaded with.

    Raises
    ------
    InvalidParameter: It is none of these.
    """
    if model is None:
        return Subject()
    if isinstance(model, str):
        model = load_model(model, model_config=model_config)
    if isinstance(model, PyFuncModel):
        description = model.metadata
        return Subject(model.predict, _raw(model), description.model_id, description.model_id or description.model_uuid)
    if callable(model):
        return Subject(model)
    raise InvalidParameter(
        f"A {type(model).__name__} cannot be evaluated: pass a model's URI, what runyard.pyfunc.load_model gives, "
        "a function from features to predictions, or None with a column of predictions."
    )


def _raw(model: PyFuncModel) -> Any:
    try:
        return model.get_raw_model()
    except RunyardException:  # its flavor does not tell
        return None


def answers(
    subject: Subject, features: pd.DataFrame, column: str | None, *, of_lists: bool = False
) -> tuple[Any, pd.DataFrame]:
    """The predictions for rows, and the other columns of the model's answer.

    Parameters
    ----------
    subject: A model or function.
    features: The rows.
    column: The prediction's column, for answers of several.
    of_lists: Whether each prediction is a list, of any length.

    Raises
    ------
    InvalidParameter: The answer has several columns and none is named, or its length is another.
    """
    assert subject.predict is not None
    answer = subject.predict(features)
    rest = pd.DataFrame(index=features.index)
    if isinstance(answer, list) and answer and isinstance(answer[0], dict):
        answer = pd.DataFrame(answer)
    if isinstance(answer, pd.DataFrame):
        answer, rest = _column_of(answer, column)
    values = pd.Series(list(answer), dtype=object).to_numpy() if of_lists else np.asarray(answer)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values.ravel()
    if values.ndim == 0 or len(values) != len(features):
        raise InvalidParameter(f"The model gave {values.shape} predictions for {len(features)} rows.")
    return values, rest


def _column_of(answer: pd.DataFrame, column: str | None) -> tuple[Any, pd.DataFrame]:
    answer = answer.reset_index(drop=True)
    if column is None:
        if len(answer.columns) > 1:
            raise InvalidParameter(
                f"The model's answer has the columns {list(answer.columns)}. Say which one is the prediction: "
                "evaluate(predictions=...)."
            )
        column = answer.columns[0]
    if column not in answer.columns:
        raise InvalidParameter(f"The model's answer has no column {column!r}, only {list(answer.columns)}.")
    return answer[column], answer.drop(columns=[column])
