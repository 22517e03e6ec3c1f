"""Callbacks for trainings with TensorFlow's Keras: one logs them, one saves checkpoints."""

from typing import Any

from runyard._lazy import public_function
from runyard.autologging.checkpoints import Checkpoints
from runyard.autologging.reports import attempt
from runyard.fluent.active import active_run
from runyard.fluent.stack import ActiveRun
from runyard.keras import callback as of_keras


class MlflowCallback(of_keras.MlflowCallback):
    """Logs a training to the active run, as `runyard.keras.MlflowCallback` does.

    Its params of the optimizer begin with ``opt_``.

    Parameters
    ----------
    log_every_epoch: Log the metrics of each epoch, by its number from 0.
    log_every_n_steps: Log the metrics after this number of batches, by the number of batches trained.

    Raises
    ------
    InvalidParameter: `log_every_n_steps` is not a number of batches, or neither is asked for.
    """

    _integration, _prefix = "tensorflow", "opt_"

    def __init__(self, log_every_epoch: bool = True, log_every_n_steps: int | None = None) -> None:
        super().__init__(log_every_epoch, log_every_n_steps)


MLflowCallback = MlflowCallback


class MlflowModelCheckpointCallback(of_keras.KerasCallback):  # type: ignore[misc]
    """Saves the model to the active run while it is trained; `runyard.tensorflow.load_checkpoint` loads it.

    Parameters
    ----------
    monitor: The metric that says which checkpoint is the best.
    mode: Whether the best one has its ``"min"`` or ``"max"``.
    save_best_only: Keep only the best one, which the next better one replaces.
    save_weights_only: Save the weights without the model and its optimizer.
    save_freq: ``"epoch"``, or the number of batches after which to save.

    Raises
    ------
    InvalidParameter: An option has none of its values.
    """

    def __init__(
        self,
        monitor: str | None = "val_loss",
        mode: str = "min",
        save_best_only: bool = True,
        save_weights_only: bool = False,
        save_freq: str | int = "epoch",
    ) -> None:
        super().__init__()
        self.checkpoints = Checkpoints("tensorflow", ".h5", monitor, mode, save_best_only, save_weights_only, save_freq)
        self._run: ActiveRun | None = None
        self._epoch = self._steps = self._batches = self._saved = 0

    def log_to(self, run: ActiveRun) -> None:
        """Save to this run instead of the active one."""
        self._run = run

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Count the batches from here."""
        self._epoch, self._batches = epoch, 0

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Save, when it is time; one call may be for several batches."""
        self._steps, self._batches = self._steps + batch + 1 - self._batches, batch + 1
        every = self.checkpoints.save_freq
        if isinstance(every, int) and self._steps - self._saved >= every:
            self._saved = self._steps
            self._save(logs)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Save, if that is after each epoch."""
        if self.checkpoints.save_freq == "epoch":
            self._save(logs)

    def _save(self, logs: Any) -> None:
        write = self.model.save_weights if self.checkpoints.save_weights_only else self.model.save
        with attempt("tensorflow", "a checkpoint"):
            run = self._run or active_run() or public_function("start_run")()
            metrics = {key: float(value) for key, value in (logs or {}).items()}
            self.checkpoints.save(run.client, run.info.run_id, self._epoch, self._steps, metrics, write)
