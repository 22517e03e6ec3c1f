"""``runyard.keras.autolog()``: trainings of Keras models are logged as they happen."""

from collections.abc import Mapping
from typing import Any

from runyard.autologging.integrations import configure, is_tested
from runyard.core.libraries import required

TESTED = ((3, 0), (3, 15))
"""The oldest and the newest version of Keras that this was tested with."""


def autolog(
    log_every_epoch: bool = True,
    log_every_n_steps: int | None = None,
    log_models: bool = True,
    log_model_signatures: bool = True,
    save_exported_model: bool = False,
    log_datasets: bool = True,
    log_input_examples: bool = False,
    disable: bool = False,
    exclusive: bool = False,
    disable_for_unsupported_versions: bool = False,
    silent: bool = False,
    registered_model_name: str | None = None,
    save_model_kwargs: Mapping[str, Any] | None = None,
    extra_tags: dict[str, str] | None = None,
) -> None:
    """Log trainings with ``fit`` of Keras models automatically: params, metrics, the data, a summary, the model.

    A training logs to the active run, or starts one. Of this and `runyard.tensorflow.autolog` the one that was called
    last logs.

    Parameters
    ----------
    log_every_epoch: Log the metrics of each epoch.
    log_every_n_steps: Log the metrics each time this number of batches was trained.
    log_models: Log the trained model.
    log_model_signatures: Keep the types of the model's inputs and outputs.
    save_exported_model: Save the model's graph instead of Keras's format, as `runyard.keras.save_model` does.
    log_datasets: Note the data as inputs of the run.
    log_input_examples: Keep a few rows of the training data with the model.
    disable: Stop logging automatically.
    exclusive: Leave runs alone that the program started itself.
    disable_for_unsupported_versions: Do nothing for versions of Keras that were not tested.
    silent: Log nothing on stderr, not even failures.
    registered_model_name: Register each trained model under this name.
    save_model_kwargs: Arguments for the model's own ``save``.
    extra_tags: Tags for the runs that are started.

    Raises
    ------
    InvalidParameter: `extra_tags` is not a dictionary, or metrics would never be logged.
    MissingPackage: Keras is not installed.
    """
    options = dict(locals())
    keras = required("keras", "keras.autolog()")
    from runyard.keras.autologging import trainings  # noqa: PLC0415  (its callback is a class of Keras)

    trainings.check_frequency(log_every_n_steps, log_every_epoch=log_every_epoch)
    options["disable"] = disable or (disable_for_unsupported_versions and not is_tested(keras.__version__, *TESTED))
    configure("keras", options)
    trainings.watch(enabled=not disable)
