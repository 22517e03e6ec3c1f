"""Trainings with TensorFlow's Keras to log automatically, with us and with mlflow."""

import tempfile

import keras
from tests.keras.trainings import fit, trainings


def _own_board() -> None:
    with tempfile.TemporaryDirectory() as folder:
        fit(callbacks=[keras.callbacks.TensorBoard(folder)])


_SAVED = {"log_models": False, "checkpoint_save_best_only": False, "checkpoint_monitor": "loss"}
_FAST = {"log_models": False, "checkpoint": False}
_WEIGHTS = {"checkpoint_save_weights_only": True, "checkpoint_save_freq": 2}

TRAININGS = {
    **trainings("tensorflow", _FAST),
    "checkpoints": (fit, {"tensorflow": _SAVED}),
    "weights": (fit, {"tensorflow": _SAVED | _WEIGHTS}),
    "own_board": (_own_board, {"tensorflow": _FAST}),
}
