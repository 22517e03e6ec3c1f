"""``runyard.tensorflow.autolog()``: trainings of TensorFlow's Keras models are logged as they happen."""

from collections.abc import Mapping
from typing import Any

from runyard.autologging.checkpoints import Checkpoints
from runyard.autologging.integrations import configure, is_tested
from runyard.core.libraries import required
from runyard.keras.autologging.watching import is_being_imported

TESTED = ((2, 16), (2, 21))
"""The oldest and the newest version of TensorFlow that this was tested with."""


# long: the docstring describes MLflow's twenty options
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
    log_models: Log the trained model.
    log_datasets: Note the data as inputs of the run.
    disable: Stop logging automatically.
    exclusive: Leave runs alone that the program started itself.
    disable_for_unsupported_versions: Do nothing for versions of TensorFlow that were not tested.
    silent: Log nothing on stderr, not even failures.
    registered_model_name: Register each trained model under this name.
    log_input_examples: Keep a few rows of the training data with the model.
    log_model_signatures: Keep the types of the model's inputs and outputs.
    saved_model_kwargs, keras_model_kwargs: For `runyard.tensorflow.save_model`.
    extra_tags: Tags for the runs that are started.
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
    InvalidParameter: `extra_tags` is not a dictionary, an option of checkpoints has none of its values, or metrics
        would never be logged.
    MissingPackage: TensorFlow is not installed.
    """
    options = dict(locals())
    tensorflow = required("tensorflow", "tensorflow.autolog()")
    if checkpoint:
        names = ("monitor", "mode", "save_best_only", "save_weights_only", "save_freq")
        Checkpoints("tensorflow", ".h5", **{name: options[f"checkpoint_{name}"] for name in names})
    is_off = disable_for_unsupported_versions and not is_tested(tensorflow.__version__, *TESTED)
    options["disable"] = disable or is_off
    configure("tensorflow", options)
    if is_being_imported():
        return
    from runyard.tensorflow.autologging import trainings  # noqa: PLC0415  (its callbacks are classes of Keras)

    trainings.check_frequency(log_every_n_steps, log_every_epoch=log_every_epoch)
    trainings.watch(enabled=not disable)
