"""The callback that logs a training from inside a trainer of Lightning."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

from runyard.autologging.integrations import autologging_is_disabled, get_autologging_config
from runyard.autologging.reports import attempt
from runyard.autologging.training import TrainingRun
from runyard.pytorch.checkpoints import Place, TrainerCheckpoints
from runyard.pytorch.lightning import installed_package, is_of

_OF_STOPPING = ("monitor", "mode", "patience", "min_delta", "stopped_epoch")


class TrainingCallback(installed_package().Callback):  # type: ignore[misc]
    """Logs params, metrics and checkpoints. It stays with its trainer, for tests after a training.

    It has a run in the first process of a training only; in the others it takes part in storing checkpoints.
    """

    def __init__(self) -> None:
        self._training: TrainingRun | None = None
        self._checkpoints: TrainerCheckpoints | None = None
        self._names_of_steps: set[str] = set()
        self._ended_epoch: int | None = None

    def begin(self, training: TrainingRun | None, checkpoints: TrainerCheckpoints | None) -> None:
        """A training begins.

        Parameters
        ----------
        training: Where to log; None for nowhere.
        checkpoints: What stores checkpoints; None to store none.
        """
        self._training, self._checkpoints = training, checkpoints
        self._names_of_steps, self._ended_epoch = set(), None

    @property
    def _is_off(self) -> bool:
        return self._training is None or autologging_is_disabled("pytorch")

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Log the settings of the training."""
        if self._training is None or self._is_off:
            return
        with self._step("the params"):
            self._training.client.set_tag(self._training.run_id, "Mode", "training", synchronous=False)
            self._training.log_params({"epochs": trainer.max_epochs, **_of_optimizer(trainer), **_of_stopping(trainer)})

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        """Log the metrics of a step, where this is one to log, and store a checkpoint where this is one for it."""
        every = get_autologging_config("pytorch", "log_every_n_step")
        if every and not self._is_off:
            with self._step("the metrics of a step"):
                steps = trainer.global_step // max(len(trainer.optimizers), 1) + 1
                if steps % every == 0:
                    found = trainer._results.metrics(on_step=True)["log"]
                    self._names_of_steps |= found.keys()
                    self._log(found, trainer.global_step)
        with self._step("a checkpoint"):
            if self._checkpoints is not None:
                self._checkpoints.after_batch(trainer, self._place())

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        """Store a checkpoint. The metrics are complete a little later, when the module's own hook has run."""
        self._ended_epoch = trainer.current_epoch
        with self._step("a checkpoint"):
            if self._checkpoints is not None:
                self._checkpoints.after_epoch(trainer, self._place())

    def on_train_epoch_start(self, trainer: Any, pl_module: Any) -> None:
        """Log the metrics of the epoch before."""
        self._log_epoch(trainer)

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        """Log the metrics of the last epoch."""
        self._log_epoch(trainer)

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
        """Log the metrics of the last epoch that ended."""
        self._log_epoch(trainer)

    def on_test_start(self, trainer: Any, pl_module: Any) -> None:
        """Note that the model is being tested."""
        if self._training is not None and not self._is_off:
            with self._step("a tag"):
                self._training.client.set_tag(self._training.run_id, "Mode", "testing", synchronous=False)

    def on_test_end(self, trainer: Any, pl_module: Any) -> None:
        """Log what the test has found, in the run of the training."""
        if not self._is_off:
            with self._step("the metrics of a test"):
                self._log(trainer.callback_metrics, 0)

    def _log_epoch(self, trainer: Any) -> None:
        epoch, self._ended_epoch = self._ended_epoch, None
        every = max(int(get_autologging_config("pytorch", "log_every_n_epoch", 1) or 1), 1)
        if epoch is None or (epoch + 1) % every or self._is_off:
            return
        with self._step("the metrics of an epoch"):
            found = trainer.callback_metrics
            self._log({name: value for name, value in found.items() if name not in self._names_of_steps}, epoch)

    def _log(self, metrics: Mapping[str, Any], step: int) -> None:
        if self._training is not None:
            values = {name: float(value) for name, value in metrics.items()}
            self._training.log_metrics(values, step)

    def _place(self) -> Place | None:
        return None if self._training is None else (self._training.client, self._training.run_id)

    def _step(self, doing: str) -> AbstractContextManager[None]:
        return attempt("pytorch", doing)

    def __getstate__(self) -> dict[str, Any]:
        """Without the run: it belongs to this process."""
        return {**self.__dict__, "_training": None}


def stopping_of(trainer: Any) -> Any:
    """The callback that may stop a training early, of either package; None when there is none."""
    return next((one for one in trainer.callbacks if is_of(one, "EarlyStopping")), None)


def _of_optimizer(trainer: Any) -> dict[str, Any]:
    if not trainer.optimizers:
        return {}
    optimizer = getattr(trainer.optimizers[0], "optimizer", trainer.optimizers[0])  # of Lightning's wrapper
    return {"optimizer_name": type(optimizer).__name__, **optimizer.defaults}


def _of_stopping(trainer: Any) -> dict[str, Any]:
    stopping = stopping_of(trainer)
    return {} if stopping is None else {name: getattr(stopping, name) for name in _OF_STOPPING}
