"""Checkpoints of trainings with Lightning, stored as artifacts of a run while it goes on."""

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runyard.autologging.checkpoints import Checkpoints, fetch_checkpoint
from runyard.client import RunyardClient
from runyard.core.libraries import required

Place = tuple[RunyardClient, str]
"""A run, by the client of its store and its id."""


@dataclass
class TrainerCheckpoints(Checkpoints):
    """Saves the checkpoints of one training with a trainer of Lightning.

    All processes of a training that has several take part: their trainers wait for each other. Only the first one
    has a run to store to.
    """

    integration: str = "pytorch"
    ending: str = ".pth"
    _last_step: int = field(default=0, init=False)

    def after_epoch(self, trainer: Any, run: Place | None) -> None:
        """Store a checkpoint after an epoch, if there is to be one."""
        if self.save_freq == "epoch":
            self._take(trainer, run)

    def after_batch(self, trainer: Any, run: Place | None) -> None:
        """Store a checkpoint after a training step, if there is to be one."""
        step = trainer.global_step
        if self.save_freq != "epoch" and step != self._last_step and step % int(self.save_freq) == 0:
            self._last_step = step
            self._take(trainer, run)

    def _take(self, trainer: Any, run: Place | None) -> None:
        metrics = {name: float(value) for name, value in trainer.callback_metrics.items()}
        if not trainer.strategy.broadcast(self.is_wanted(metrics)):
            return

        def write(file: str) -> None:
            trainer.save_checkpoint(trainer.strategy.broadcast(file), weights_only=self.save_weights_only)

        if run is None:
            write("")  # the first process says where
        else:
            self.store(*run, trainer.current_epoch, trainer.global_step, metrics, write)


def load_checkpoint(
    model_class: Any,
    run_id: str | None = None,
    epoch: int | None = None,
    global_step: int | None = None,
    kwargs: dict[str, Any] | None = None,
) -> Any:
    """A model of Lightning from a checkpoint that a run has stored.

    Parameters
    ----------
    model_class: The class of the model, a ``LightningModule``.
    run_id: The run; the active one when left out.
    epoch, global_step: The epoch or the training step that the checkpoint was stored after; the latest one when both
        are left out.
    kwargs: For the ``load_from_checkpoint`` of the class.

    Raises
    ------
    InvalidParameter: There is no run, or both an epoch and a step are given.
    DoesNotExist: The run has no such checkpoint.
    """
    required("torch", "Loading checkpoints")
    with tempfile.TemporaryDirectory(prefix="runyard-checkpoint-") as scratch:
        file = Path(fetch_checkpoint(scratch, run_id, epoch, global_step))
        return model_class.load_from_checkpoint(str(file), **(kwargs or {}))
