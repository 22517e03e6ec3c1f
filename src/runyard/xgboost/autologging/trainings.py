"""Watches trainings of XGBoost: what goes in is logged before, what came out of it after."""

from collections.abc import Generator, Mapping
from typing import Any

import xgboost
from runyard.autologging.boosting import Iterations, log_importances, settings_of, step_watcher, train_watcher
from runyard.autologging.datasets import MAX_CELLS_OF_SPARSE
from runyard.autologging.samples import first_rows
from runyard.autologging.trained import Remembered
from runyard.autologging.training import TrainingRun
from runyard.autologging.watchers import Call, Watch
from runyard.pyfunc.functions import predicting
from runyard.xgboost.flavor import log_model
from runyard.xgboost.pyfunc import XGBoostModel

_NO_SETTINGS = {"params", "dtrain", "evals", "obj", "feval", "evals_result", "xgb_model", "callbacks", "learning_rates"}
_KEYWORDS = ("evals", "obj", "maximize", "early_stopping_rounds", "evals_result", "verbose_eval", "xgb_model")
"""What `xgboost.train` takes by position, too, with a warning."""
_POSITIONAL = 3

_samples: Remembered[Any] = Remembered()
"""The first rows that a matrix was made of: it does not have them in their types."""


def watch_matrix(call: Call) -> Watch:
    """Remember the first rows of the data that a matrix is made of."""
    data = call.args[1] if len(call.args) > 1 else call.kwargs.get("data")
    sample = first_rows(data)
    yield
    _samples.set(call.owner, sample)


def _logged(training: TrainingRun, call: Call) -> Generator[None, Any, Any]:
    """Log what goes into a training and what comes out. The booster."""
    _by_keyword(call)
    given = call.all_arguments()
    with training.attempt("the parameters"):
        training.log_params(settings_of(given["params"], given, _NO_SETTINGS))
    _log_dataset(training, given["dtrain"], "train", None)
    for matrix, name in given["evals"] or ():
        _log_dataset(training, matrix, "eval", name)
    iterations = Iterations(training)
    call.give(callbacks=[_Callback(iterations), *(given["callbacks"] or ())])
    booster = yield
    if len(iterations) and _stops_early(given):
        best = int(booster.best_iteration)
        iterations.log_stop(best, len(iterations) - 1, best)
    kinds = training.option("importance_types")
    log_importances(training, ["weight"] if kinds is None else kinds, lambda kind: _importances(booster, kind))
    return booster


def _by_keyword(call: Call) -> None:
    """Give by name what XGBoost takes by position with a warning."""
    more = call.args[_POSITIONAL:]
    call.args, call.kwargs = call.args[:_POSITIONAL], {**dict(zip(_KEYWORDS, more, strict=False)), **call.kwargs}


def _stops_early(given: Mapping[str, Any]) -> bool:
    if given["early_stopping_rounds"] is not None:
        return True
    return any(isinstance(one, xgboost.callback.EarlyStopping) for one in given["callbacks"] or ())


def _log_dataset(training: TrainingRun, matrix: Any, context: str, name: str | None) -> None:
    """Note a matrix's values, which are numbers of 32 bits in rows. Very large ones are spared that."""
    if training.option("log_datasets") and matrix.num_row() * matrix.num_col() <= MAX_CELLS_OF_SPARSE:
        with training.attempt("the data"):
            training.log_dataset(matrix.get_data(), context=context, name=name)


def _importances(booster: Any, kind: str) -> dict[str, Any]:
    found: dict[str, Any] = booster.get_score(importance_type=kind)
    return found


class _Callback(xgboost.callback.TrainingCallback):  # type: ignore[misc]
    """Logs the metrics of each iteration."""

    def __init__(self, iterations: Iterations) -> None:
        self._iterations = iterations

    def after_iteration(self, model: Any, epoch: int, evals_log: Mapping[str, Mapping[str, list[Any]]]) -> bool:
        """Go on with the training."""
        values = {
            (dataset, metric): history[-1] for dataset, found in evals_log.items() for metric, history in found.items()
        }
        if values:
            self._iterations.log(values, epoch)
        return False


def _log_booster(training: TrainingRun, call: Call, booster: Any) -> None:
    training.log_model(
        log_model,
        booster,
        _samples.get(call.all_arguments()["dtrain"]),
        predicting(XGBoostModel(booster)),
        model_format=training.option("model_format"),
    )


watch_train = train_watcher("xgboost", _logged, _log_booster)
watch_train_of_fit = step_watcher(_logged)
