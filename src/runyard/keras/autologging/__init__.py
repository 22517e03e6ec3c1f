"""``runyard.keras.autolog()``: trainings of Keras models are logged as they happen."""

from collections.abc import Mapping
from typing import Any

from runyard.autologging.functions import autologging
from runyard.keras.autologging.watching import check_frequency


@autologging("keras", (3, 0), (3, 15))
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
    save_exported_model: Save the model's graph instead of Keras's format, as `runyard.keras.save_model` does.
    save_model_kwargs: Arguments for the model's own ``save``.

    Raises
    ------
    InvalidParameter: Metrics would never be logged.
    """
    check_frequency(log_every_n_steps, log_every_epoch=log_every_epoch)
