"""Which functions of Lightning and TensorBoard are watched."""

import importlib

from runyard.autologging.patches import patch
from runyard.pytorch.autologging.tensorboard import watch_hparams, watch_scalar


def install(library: str, *, is_tensorboard: bool) -> None:
    """Watch the trainers of a package of Lightning, or the writers of TensorBoard."""
    module = importlib.import_module(library)
    if is_tensorboard:
        patch("pytorch", module.SummaryWriter, "add_scalar", watch_scalar)
        patch("pytorch", module.SummaryWriter, "add_hparams", watch_hparams)
        return
    from runyard.pytorch.autologging.trainings import watch_fit  # noqa: PLC0415  (needs Lightning)

    patch("pytorch", module.Trainer, "fit", watch_fit)
