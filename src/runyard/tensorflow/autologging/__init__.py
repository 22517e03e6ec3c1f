"""``runyard.tensorflow.autolog()``: trainings of TensorFlow's Keras models are logged as they happen."""

from collections.abc import Mapping
from typing import Any

from runyard.autologging.checkpoints import Checkpoints
from runyard.autologging.functions import autologging
from runyard.keras.autologging.watching import check_frequency


@autologging("tensorflow", (2, 16), (2, 21))
def autolog(
    log_models: bool = True,
    log_datasets: bool = True,
    disable: bool = False,
    exclusive: bool = False,
    disable_for_unsupported_versions: bool = False,
    silent: bool = False,
    registered_model_name: str | None = None,
    log_input_examples: bool = False,
    log_model_signatures: bool = True,
    saved_model_kwargs: Mapping[str, Any] | None = None,
    keras_model_kwargs: Mapping[str, Any] | None = None,
    extra_tags: dict[str, str] | None = None,
    log_every_epoch: bool = True,
    log_every_n_steps: int | None = None,
    checkpoint: bool = True,
    checkpoint_monitor: str = "val_loss",
    checkpoint_mode: str = "min",
    checkpoint_save_best_only: bool = True,
    checkpoint_save_weights_only: bool = False,
    checkpoint_save_freq: str | int = "epoch",
) -> None:
    """Log trainings with ``fit`` of models of ``tensorflow.keras`` automatically.

    Logged are params, metrics, the data, a summary, early stopping, checkpoints, TensorBoard's files where TensorBoard
    is installed, and the model. A training logs to the active run, or starts one. Of this and `runyard.keras.autolog`
    the one that was called last logs.

    Parameters
    ----------
    saved_model_kwargs, keras_model_kwargs: For `runyard.tensorflow.save_model`.
    log_every_epoch: Log the metrics of each epoch.
    log_every_n_steps: Log the metrics each time this number of batches was trained.
    checkpoint: Save the model to the run while it is trained; `runyard.tensorflow.load_checkpoint` loads it.
    checkpoint_monitor: The metric that says which checkpoint is the best.
    checkpoint_mode: Whether the best one has its ``"min"`` or ``"max"``.
    checkpoint_save_best_only: Keep only the best one, which the next better one replaces.
    checkpoint_save_weights_only: Save the weights without the model and its optimizer.
    checkpoint_save_freq: ``"epoch"``, or the number of batches after which to save.

    Raises
    ------
    InvalidParameter: An option of checkpoints has none of its values, or metrics would never be logged.
    """
    if checkpoint:
        Checkpoints(
            "tensorflow",
            ".h5",
            monitor=checkpoint_monitor,
            mode=checkpoint_mode,
            save_best_only=checkpoint_save_best_only,
            save_weights_only=checkpoint_save_weights_only,
            save_freq=checkpoint_save_freq,
        )
    check_frequency(log_every_n_steps, log_every_epoch=log_every_epoch)
