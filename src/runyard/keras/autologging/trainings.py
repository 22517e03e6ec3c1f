"""Watches ``fit``: what goes in is logged before the training, what came out of it after."""

import functools
from typing import Any

from runyard.autologging.reports import warn_once
from runyard.autologging.training import training_run
from runyard.autologging.watchers import Call, Watch
from runyard.keras.autologging.fitting import Fit
from runyard.keras.callback import MlflowCallback
from runyard.keras.flavor import log_model
from runyard.keras.signatures import signature_of


def watch_fit(call: Call) -> Watch:
    """Log a call of ``fit``."""
    with training_run("keras") as training:
        if training is None:
            return
        fit = Fit(call, training)
        fit.log_settings()
        fit.log_data()
        training.begin_model()
        add_callback(fit, MlflowCallback)
        yield
        signature: Any = None
        if training.option("log_model_signatures"):
            with training.attempt("the model's signature"):
                signature = signature_of(fit.model)
        fit.log_model(
            functools.partial(_log_model, own=signature),
            None,
            save_exported_model=training.option("save_exported_model"),
            save_model_kwargs=training.option("save_model_kwargs"),
        )


def add_callback(fit: Fit, kind: type[MlflowCallback], *others: Any) -> None:
    """Add the callback that logs, unless the caller gave one, and other callbacks."""
    training = fit.training
    if any(isinstance(one, MlflowCallback) for one in fit.callbacks()):
        warn_once(
            training.integration,
            f"fit() was given an {kind.__name__} while {training.integration}.autolog() is on: the metrics are those "
            "that it logs.",
        )
        fit.add(*others)
        return
    callback = kind(training.option("log_every_epoch"), training.option("log_every_n_steps"))
    callback.log_to(training)
    fit.add(callback, *others)


def _log_model(model: Any, own: Any, signature: Any = None, **options: Any) -> Any:
    """Log a model with the signature that it tells of itself, or with none."""
    return log_model(model, signature=own or signature or False, **options)
