"""Early stopping of a training, as params and metrics of its run."""

from typing import Any

from runyard.core.libraries import lazy
from runyard.keras.autologging.fitting import Fit

keras = lazy("keras")

_SETTINGS = ("monitor", "min_delta", "patience", "baseline", "restore_best_weights")


def stopping_of(fit: Fit) -> Any:
    """The callback that may stop a training early; None without one."""
    return next((one for one in fit.callbacks() if isinstance(one, keras.callbacks.EarlyStopping)), None)


def log_settings(fit: Fit, stopping: Any) -> None:
    """Log when the training is to stop."""
    if stopping is not None:
        fit.training.log_params({name: getattr(stopping, name, None) for name in _SETTINGS})


def log_stop(fit: Fit, stopping: Any, history: Any) -> None:
    """Log when it has stopped, and the metrics of the epoch whose weights the model has again."""
    if stopping is None or not stopping.model.stop_training:
        return
    with fit.training.attempt("the early stopping"):
        stopped = int(stopping.stopped_epoch)
        fit.training.log_metrics({"stopped_epoch": stopped})
        if not stopping.restore_best_weights or stopping.best_weights is None:
            return
        best = int(stopping.best_epoch)
        fit.training.log_metrics({"restored_epoch": best})
        place = history.epoch.index(best)
        restored = {key: values[place] for key, values in history.history.items() if place < len(values)}
        fit.training.log_metrics(restored, stopped + 1)
