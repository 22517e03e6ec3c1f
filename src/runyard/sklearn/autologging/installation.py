"""Which functions of sklearn are watched."""

import inspect
from typing import Any

from sklearn.model_selection import _search, _search_successive_halving
from sklearn.utils import all_estimators

from runyard.autologging.callers import of_the_program
from runyard.autologging.patches import patch, revert
from runyard.autologging.watchers import Watcher
from runyard.sklearn.autologging.measurements import watch_metric, watch_predict, watch_score
from runyard.sklearn.autologging.trainings import watch_fit
from sklearn import metrics

METHODS: dict[str, Watcher] = {
    "fit": of_the_program(watch_fit),
    "fit_transform": of_the_program(watch_fit),
    "fit_predict": of_the_program(watch_fit),
    "predict": of_the_program(watch_predict),
    "predict_proba": of_the_program(watch_predict),
    "predict_log_proba": of_the_program(watch_predict),
    "transform": of_the_program(watch_predict),
    "score": of_the_program(watch_score),
}

_PREPARING = (
    "sklearn.feature_extraction",
    "sklearn.feature_selection",
    "sklearn.impute",
    "sklearn.preprocessing",
    "sklearn.compose._column_transformer",
)
"""Modules whose estimators only prepare data: their `fit` is not a training."""

_METRICS = "sklearn.metrics"
_measuring: set[str] = set()
"""Libraries whose predictions are looked for in calls of `sklearn.metrics`."""

_MEASURES = ("_score", "_loss", "_error", "_deviance", "_corrcoef", "auc")


def install(*, watched: bool) -> None:
    """Watch every estimator that trains, and the functions of `sklearn.metrics` that give a number.

    Or put sklearn's own functions back, except those of `sklearn.metrics` that another library's part still watches.
    """
    revert("sklearn")
    leave_metrics("sklearn")
    if not watched:
        return
    for estimator in _estimators():
        for method, watcher in METHODS.items():
            patch("sklearn", estimator, method, watcher)
    watch_metrics("sklearn")


def watch_metrics(library: str) -> None:
    """Watch the functions of `sklearn.metrics` that give a number, for predictions of a library's estimators."""
    _measuring.add(library)
    for name in metrics.__all__:
        measure = getattr(metrics, name)
        if inspect.isfunction(measure) and ("_score" in name or name.endswith(_MEASURES)):
            watcher = of_the_program(watch_metric)
            patch(_METRICS, metrics, name, watcher, module=_METRICS, libraries=_measuring)


def leave_metrics(library: str) -> None:
    """Watch them no longer for this library."""
    _measuring.discard(library)
    if not _measuring:
        revert(_METRICS)


def _estimators() -> list[Any]:
    # searches of other packages, and sklearn's experimental ones, may be imported later
    searches = [_search.BaseSearchCV, _search_successive_halving.BaseSuccessiveHalving]
    return [*searches, *(kind for _, kind in all_estimators() if not kind.__module__.startswith(_PREPARING))]
