"""A callback for Lightning's trainers that stores checkpoints with the active run."""

from typing import Any

from runyard.exceptions import InvalidParameter
from runyard.fluent.active import active_run
from runyard.fluent.stack import ActiveRun
from runyard.pytorch.checkpoints import Place, TrainerCheckpoints
from runyard.pytorch.lightning import callback_class


class MlflowModelCheckpointCallback(callback_class()):  # type: ignore[misc]
    """Stores checkpoints as artifacts of the active run, where `runyard.pytorch.load_checkpoint` finds them.

    Parameters
    ----------
    monitor: The metric that says which checkpoint is best.
    mode: Whether it is best when least (``min``) or greatest (``max``).
    save_best_only: Store a checkpoint only when it is the best so far, in place of the one before.
    save_weights_only: Leave out the state of the optimizers.
    save_freq: ``epoch``, or a number of training steps.

    Raises
    ------
    InvalidParameter: `mode` or `save_freq` is something else; or, when a training begins, no run is active.
    MissingPackage: Lightning is not installed.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        mode: str = "min",
        save_best_only: bool = True,
        save_weights_only: bool = False,
        save_freq: str | int = "epoch",
    ) -> None:
        super().__init__()
        self.monitor, self.mode, self.save_best_only = monitor, mode, save_best_only
        self.save_weights_only, self.save_freq = save_weights_only, save_freq
        self._checkpoints = self._new()
        self._run: ActiveRun | None = None

    def _new(self) -> TrainerCheckpoints:
        return TrainerCheckpoints(
            monitor=self.monitor,
            mode=self.mode,
            save_best_only=self.save_best_only,
            save_weights_only=self.save_weights_only,
            save_freq=self.save_freq,
        )

    def on_fit_start(self, trainer: Any, pl_module: Any) -> None:
        """Take the active run."""
        self._checkpoints, self._run = self._new(), active_run() if trainer.is_global_zero else None
        if self._run is None and trainer.is_global_zero:
            raise InvalidParameter(
                "MlflowModelCheckpointCallback stores checkpoints with the active run, and there is none: call fit in "
                "`with runyard.start_run():`."
            )

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        """Store a checkpoint where this is the step for one."""
        self._checkpoints.after_batch(trainer, self._place())

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        """Store a checkpoint where there is to be one."""
        self._checkpoints.after_epoch(trainer, self._place())

    def _place(self) -> Place | None:
        return None if self._run is None else (self._run.client, self._run.info.run_id)

    def __getstate__(self) -> dict[str, Any]:
        """Without the run: it belongs to this process."""
        return {**self.__dict__, "_run": None}
