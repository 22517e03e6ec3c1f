"""Watches ``fit``: what goes in is logged before the training, what came out of it after."""

from typing import Any

from runyard.autologging.training import training_run
from runyard.autologging.watchers import Call, Watch
from runyard.keras.autologging.fitting import Fit
from runyard.keras.autologging.trainings import add_callback
from runyard.tensorflow.autologging.stopping import log_settings, log_stop, stopping_of
from runyard.tensorflow.autologging.tensorboard import tensorboard_logs
from runyard.tensorflow.callback import MlflowCallback, MlflowModelCheckpointCallback
from runyard.tensorflow.flavor import log_model


def watch_fit(call: Call) -> Watch:
    """Log a call of ``fit``."""
    with training_run("tensorflow") as training:
        if training is None:
            return
        fit = Fit(call, training)
        fit.log_settings()
        fit.log_data()
        stopping = stopping_of(fit)
        log_settings(fit, stopping)
        training.begin_model()
        with tensorboard_logs(fit) as more:
            if training.option("checkpoint"):
                more.append(_checkpoints(fit))
            add_callback(fit, MlflowCallback, *more)
            history = yield
        log_stop(fit, stopping, history)
        arguments = {name: training.option(name) for name in ("saved_model_kwargs", "keras_model_kwargs")}
        fit.log_model(log_model, _predicting(fit.model), **arguments)


def _checkpoints(fit: Fit) -> MlflowModelCheckpointCallback:
    names = ("monitor", "mode", "save_best_only", "save_weights_only", "save_freq")
    callback = MlflowModelCheckpointCallback(**{name: fit.training.option(f"checkpoint_{name}") for name in names})
    callback.log_to(fit.training.run)
    return callback


def _predicting(model: Any) -> Any:
    def predict(rows: Any) -> Any:
        stopped = model.stop_training
        try:
            return model.predict(rows, verbose=0)
        finally:
            model.stop_training = stopped

    return predict
