"""Checkpoints that a training with TensorFlow's Keras has left in its run."""

import tempfile
from typing import Any

from runyard.autologging.checkpoints import WEIGHTS, fetch_checkpoint
from runyard.core.libraries import required
from runyard.exceptions import InvalidParameter
from runyard.keras.files import loaded


def load_checkpoint(
    model: Any = None, run_id: str | None = None, epoch: int | None = None, global_step: int | None = None
) -> Any:
    """The model of a checkpoint.

    Parameters
    ----------
    model: The model to read the weights into, for checkpoints of weights alone.
    run_id: The run of the training; the active one when left out.
    epoch: Which checkpoint, where each epoch saved one; from 0.
    global_step: Which checkpoint, where they were saved by batches.
        The last one when both are left out.

    Raises
    ------
    InvalidParameter: Both are given, no run is active, or the checkpoint is of weights alone and `model` is missing.
    DoesNotExist: The run has no such checkpoint.
    """
    tf = required("tensorflow", "Loading checkpoints")
    with tempfile.TemporaryDirectory(prefix="runyard-checkpoint-") as scratch:
        file = fetch_checkpoint(scratch, run_id, epoch, global_step)
        if not file.stem.endswith(WEIGHTS):
            return loaded(tf.keras.models.load_model, file)
        if model is None:
            raise InvalidParameter("The checkpoint has the weights only: give the model to read them into.")
        model.load_weights(str(file))
        return model
