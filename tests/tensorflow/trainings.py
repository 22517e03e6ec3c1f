"""Trainings with TensorFlow's Keras to log automatically, with us and with mlflow."""

import keras
from tests.keras.trainings import fit, trainings

_SAVED = {"log_models": False, "checkpoint_save_best_only": False, "checkpoint_monitor": "loss"}
_FAST = {"log_models": False, "checkpoint": False}
_WEIGHTS = {"checkpoint_save_weights_only": True, "checkpoint_save_freq": 2}

TRAININGS = {
    **trainings("tensorflow", _FAST),
    "checkpoints": (fit, {"tensorflow": _SAVED}),
    "weights": (fit, {"tensorflow": _SAVED | _WEIGHTS}),
    "own_board": (lambda: fit(callbacks=[keras.callbacks.TensorBoard("board")]), {"tensorflow": _FAST}),
}
