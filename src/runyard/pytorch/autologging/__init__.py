"""``runyard.pytorch.autolog()``: trainings with Lightning are logged as they happen."""

from functools import partial

from runyard.autologging.imports import on_import
from runyard.autologging.integrations import configure
from runyard.autologging.patches import revert
from runyard.pytorch.checkpoints import TrainerCheckpoints
from runyard.pytorch.lightning import PACKAGES

_TENSORBOARD = "torch.utils.tensorboard"
_PURPOSE = "pytorch"


def autolog(
    log_every_n_epoch: int = 1,
    log_every_n_step: int | None = None,
    log_models: bool = True,
    log_datasets: bool = True,
    disable: bool = False,
    exclusive: bool = False,
    disable_for_unsupported_versions: bool = False,
    silent: bool = False,
    registered_model_name: str | None = None,
    extra_tags: dict[str, str] | None = None,
    checkpoint: bool = True,
    checkpoint_monitor: str = "val_loss",
    checkpoint_mode: str = "min",
    checkpoint_save_best_only: bool = True,
    checkpoint_save_weights_only: bool = False,
    checkpoint_save_freq: str | int = "epoch",
    log_model_signatures: bool = True,
) -> None:
    """Log what Lightning's trainers fit: params of the optimizer, metrics, checkpoints, the summary and the model.

    A training logs to the active run, or starts one. What a training loop without Lightning does is not logged, except
    what it writes with TensorBoard's ``SummaryWriter`` in a run, when `log_every_n_step` is set.

    Parameters
    ----------
    log_every_n_epoch: Log the metrics of every epoch whose number, from 1, this divides.
    log_every_n_step: Log metrics of single steps too, each time this number of them is over; none when left out.
    log_models: Log the trained model.
    log_datasets: Taken for compatibility; data loaders have no description.
    disable: Stop logging automatically.
    exclusive: Leave runs alone that the program started itself.
    disable_for_unsupported_versions: Taken for compatibility.
    silent: Log nothing on stderr, not even failures.
    registered_model_name: Register each trained model under this name.
    extra_tags: Tags for the runs that are started.
    checkpoint: Store checkpoints with the run.
    checkpoint_monitor: The metric that says which checkpoint is best.
    checkpoint_mode: Whether it is best when least (``min``) or greatest (``max``).
    checkpoint_save_best_only: Store a checkpoint only when it is the best so far, in place of the one before.
    checkpoint_save_weights_only: Leave out the state of the optimizers.
    checkpoint_save_freq: ``epoch``, or a number of training steps.
    log_model_signatures: Keep the types of the model's input and output.

    Raises
    ------
    InvalidParameter: An option of checkpoints is not valid, or `extra_tags` is not a dictionary.
    """
    options = dict(locals())
    TrainerCheckpoints(
        monitor=checkpoint_monitor,
        mode=checkpoint_mode,
        save_best_only=checkpoint_save_best_only,
        save_weights_only=checkpoint_save_weights_only,
        save_freq=checkpoint_save_freq,
    )
    configure("pytorch", options)
    revert("pytorch")
    for library in (*PACKAGES, _TENSORBOARD):
        if disable:
            on_import.forget(library, _PURPOSE)
        else:
            on_import.now_or_then(library, partial(_watch, library), _PURPOSE)


def _watch(library: str) -> None:
    """Watch a library that has been imported."""
    from runyard.pytorch.autologging import installation  # noqa: PLC0415  (imports the library)

    installation.install(library, is_tensorboard=library == _TENSORBOARD)
