"""Watches trainings of LightGBM: what goes in is logged before, what came out of it after."""

from collections.abc import Generator
from typing import Any

from runyard.autologging.boosting import Iterations, log_importances, settings_of, step_watcher, train_watcher
from runyard.autologging.samples import first_rows
from runyard.autologging.trained import Remembered
from runyard.autologging.training import TrainingRun
from runyard.autologging.watchers import Call
from runyard.lightgbm.flavor import log_model
from runyard.lightgbm.pyfunc import LightGBMModel
from runyard.pyfunc.functions import predicting

_NO_SETTINGS = {
    "params",
    "train_set",
    "valid_sets",
    "valid_names",
    "fobj",
    "feval",
    "init_model",
    "learning_rates",
    "callbacks",
}
_IMPORTANCES = ("split", "gain")
_samples: Remembered[Any] = Remembered()
"""The first rows that a dataset was made of, which LightGBM frees in the training."""
_BEFORE_STOPPING = 5
"""LightGBM calls callbacks in this order; its own that stops early has 30 and ends the round."""


def _logged(training: TrainingRun, call: Call) -> Generator[None, Any, Any]:
    """Log what goes into a training and what comes out. The booster."""
    given = call.all_arguments()
    with training.attempt("the parameters"):
        training.log_params(settings_of(given["params"], given, _NO_SETTINGS))
    with training.attempt("the data"):
        _samples.set(given["train_set"], training.sample(lambda: first_rows(given["train_set"].data)))
        _log_datasets(training, given["train_set"], given["valid_sets"], given["valid_names"])
    iterations = Iterations(training)
    call.give(callbacks=[*(given["callbacks"] or ()), _Callback(iterations)])
    booster = yield
    if booster.best_iteration > 0:
        best = booster.best_iteration
        iterations.log_stop(best, iterations.begin + len(iterations), best - 1)
    log_importances(training, _IMPORTANCES, lambda kind: _importances(booster, kind), indent=2)
    return booster


def _log_datasets(training: TrainingRun, train_set: Any, valid_sets: Any, valid_names: Any) -> None:
    """Note the data that the sets were made of; LightGBM may have freed it, or have read it from a file."""
    training.log_dataset(train_set.data, train_set.label, "train")
    sets = list(valid_sets) if isinstance(valid_sets, list | tuple) else [valid_sets]
    names = [valid_names] if isinstance(valid_names, str) else list(valid_names or ())
    for place, one in enumerate(one for one in sets if one is not None):
        training.log_dataset(one.data, one.label, "eval", names[place] if place < len(names) else None)


def _importances(booster: Any, kind: str) -> dict[str, Any]:
    return dict(zip(booster.feature_name(), booster.feature_importance(kind).tolist(), strict=True))


class _Callback:
    """Logs the metrics of each iteration."""

    def __init__(self, iterations: Iterations) -> None:
        self._iterations = iterations
        self.order = _BEFORE_STOPPING

    def __call__(self, env: Any) -> None:
        """Take what was measured after an iteration."""
        values = {(dataset, metric): value for dataset, metric, value, *_ in env.evaluation_result_list or ()}
        if values:
            self._iterations.log(values, env.iteration)


def _log_booster(training: TrainingRun, call: Call, booster: Any) -> None:
    training.log_model(
        log_model,
        booster,
        _samples.get(call.all_arguments()["train_set"]),
        predicting(LightGBMModel(booster)),
    )


watch_train = train_watcher("lightgbm", _logged, _log_booster)
watch_train_of_fit = step_watcher(_logged)
