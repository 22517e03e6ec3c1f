"""Watches trainings of CatBoost: what goes in is logged before, what came out of it after."""

from collections.abc import Generator
from typing import Any

from runyard.autologging.boosting import Iterations, log_importances, settings_of, step_watcher
from runyard.autologging.training import TrainingRun
from runyard.autologging.watchers import Call

_SETTINGS = ("early_stopping_rounds", "use_best_model")
"""Arguments of ``fit`` that are settings of the training too."""
_IMPORTANCES = ("PredictionValuesChange",)


def _logged(training: TrainingRun, call: Call) -> Generator[None, Any, Any]:
    """Log what goes into a training and what comes out. The model."""
    given, model = call.all_arguments(), call.owner
    with training.attempt("the parameters"):
        asked = {name: given[name] for name in _SETTINGS if given[name] is not None}
        training.log_params(settings_of(model.get_params(), asked, ()))
    with training.attempt("the data"):
        training.log_dataset(given["X"], given["y"], "train")
        _log_evaluated(training, given["eval_set"])
    iterations = Iterations(training)
    if str(model.get_params().get("task_type", "CPU")).upper() == "CPU":  # on others CatBoost takes no callbacks
        call.give(callbacks=[*(given["callbacks"] or ()), _Callback(iterations)])
    yield
    with training.attempt("the parameters"):
        resolved = {key: value for key, value in model.get_all_params().items() if key not in training.params}
        training.log_params(settings_of(resolved, {}, ()))
    with training.attempt("early stopping"):
        _log_stop(training, model, iterations)
    log_importances(training, _IMPORTANCES, lambda kind: _importances(model, kind))
    return model


watch_training = step_watcher(_logged)


def _log_evaluated(training: TrainingRun, eval_set: Any) -> None:
    """Note the data that is evaluated on the way; what is a pool of CatBoost's has no table any more."""
    sets = eval_set if isinstance(eval_set, list) else [eval_set]
    for one in sets:
        if isinstance(one, tuple) and len(one) == 2:
            training.log_dataset(*one, context="eval")


def _log_stop(training: TrainingRun, model: Any, iterations: Iterations) -> None:
    best = model.get_best_iteration()
    wanted = int(model.get_all_params().get("iterations", 0))
    if best is not None and 0 < len(iterations) < wanted:
        iterations.log_stop(best, iterations.begin + len(iterations) - 1, best)


def _importances(model: Any, kind: str) -> dict[str, Any]:
    return dict(zip(model.feature_names_, model.get_feature_importance(type=kind).tolist(), strict=True))


class _Callback:
    """Logs the metrics of each iteration that measures some."""

    def __init__(self, iterations: Iterations) -> None:
        self._iterations = iterations
        self._seen = 0

    def after_iteration(self, info: Any) -> bool:
        """Take what was measured, and let the training go on."""
        found = {
            (dataset, metric): values
            for dataset, metrics in (info.metrics or {}).items()
            for metric, values in metrics.items()
            if values
        }
        measured = max(map(len, found.values()), default=0)
        if measured > self._seen:
            self._seen = measured
            values = {key: values[-1] for key, values in found.items() if len(values) == measured}
            self._iterations.log(values, info.iteration - 1)
        return True
