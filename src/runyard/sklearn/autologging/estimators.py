"""Estimators of other libraries with scikit-learn's interface: their ``fit`` is a training of that library."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from runyard.autologging.boosting import fitting
from runyard.autologging.callers import PLUMBING, called_by, of_the_program
from runyard.autologging.integrations import autologging_is_disabled
from runyard.autologging.patches import patch, revert
from runyard.autologging.samples import first_rows
from runyard.autologging.trained import Training, trainings
from runyard.autologging.training import TrainingRun, training_run
from runyard.autologging.watchers import Call, Watch, Watcher
from runyard.sklearn.autologging.arguments import arguments_of, features_of
from runyard.sklearn.autologging.installation import leave_metrics, watch_metrics
from runyard.sklearn.autologging.measurements import watch_predict, watch_score

_MEASURED: Mapping[str, Watcher] = {
    "predict": of_the_program(watch_predict),
    "predict_proba": of_the_program(watch_predict),
    "score": of_the_program(watch_score),
}


def watch_estimators(library: str, kinds: Sequence[type], watch_fit: Watcher) -> None:
    """Watch a library's estimators, and what scikit-learn measures of their predictions."""
    for kind in kinds:
        patch(library, kind, "fit", watch_fit)
        for method, watcher in _MEASURED.items():
            patch(library, kind, method, watcher)
    watch_metrics(library)


def leave_library(library: str) -> None:
    """Put a library's own functions back, and no longer look for its predictions."""
    revert(library)
    leave_metrics(library)


def fit_watcher(
    log_model: Callable[..., Any], options: Callable[[TrainingRun], Mapping[str, Any]] = lambda _: {}
) -> Watcher:
    """A watcher of ``fit`` that logs the estimator; what the library does inside is logged by a watcher of that step.

    A fit that a search or another meta-estimator makes is part of their training, where those are logged.

    Parameters
    ----------
    log_model: Of the flavor.
    options: For it, by what `autolog` was told.
    """

    def watch(call: Call) -> Watch:
        if not autologging_is_disabled("sklearn") and called_by("sklearn.", PLUMBING):
            return
        with training_run(call.integration) as training:
            if training is None:
                return
            training.begin_model()
            sample = training.sample(lambda: first_rows(features_of(arguments_of(call))))
            with fitting(training):
                yield
            model, given = call.owner, {"params": training.params, **options(training)}
            model_id = training.log_model(log_model, model, sample, model.predict, **given)
            trainings.set(model, Training(training.client, training.run_id, model_id, call.integration))

    return watch
