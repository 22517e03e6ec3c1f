"""A callback that logs trainings of Keras."""

from typing import Any

from runyard._lazy import public_function
from runyard.autologging.reports import own_warnings_hidden
from runyard.autologging.training import TrainingRun
from runyard.core.libraries import base_class, required
from runyard.fluent.active import active_run
from runyard.keras.autologging.watching import check_frequency

KerasCallback: Any = base_class(lambda: required("keras", "MlflowCallback").callbacks.Callback)

_SUMMARY = "model_summary.txt"


class MlflowCallback(KerasCallback):  # type: ignore[misc]
    """Logs a training to the active run: settings of the optimizer, a summary of the model, metrics as they come.

    It is one of the callbacks of ``model.fit``, and of ``model.evaluate``, whose metrics begin with ``validation_``.
    Nothing that fails here fails the training.

    Parameters
    ----------
    log_every_epoch: Log the metrics of each epoch, by its number from 0.
    log_every_n_steps: Log the metrics after this number of batches, by the number of batches trained.
    model_id: The logged model that the metrics are about.

    Raises
    ------
    InvalidParameter: `log_every_n_steps` is not a number of batches, or neither is asked for.
    """

    _integration, _prefix = "keras", "optimizer_"

    def __init__(
        self, log_every_epoch: bool = True, log_every_n_steps: int | None = None, model_id: str | None = None
    ) -> None:
        super().__init__()
        check_frequency(log_every_n_steps, log_every_epoch=log_every_epoch)
        self.log_every_epoch, self.log_every_n_steps, self.model_id = log_every_epoch, log_every_n_steps, model_id
        self._given: TrainingRun | None = None
        self._training: TrainingRun | None = None
        self._steps = self._batches = 0

    def log_to(self, training: TrainingRun) -> None:
        """Log to this run instead of the active one."""
        self._given = self._training = training

    def on_train_begin(self, logs: Any = None) -> None:
        """Log the optimizer's settings and the model's summary."""
        training = self._training = self._given or self._active()
        self._batches = 0
        with training.attempt("the parameters of the optimizer"), own_warnings_hidden():
            optimizer = self.model.optimizer
            self._steps = int(optimizer.iterations.numpy())
            training.log_params({f"{self._prefix}{key}": value for key, value in optimizer.get_config().items()})
        with training.attempt(_SUMMARY):
            lines: list[str] = []
            self.model.summary(print_fn=lambda line, *_, **__: lines.append(line))
            training.client.log_text(training.run_id, "\n".join(lines), _SUMMARY)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Count the batches from here."""
        self._batches = 0

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Log the metrics, when it is time; one call may be for several batches."""
        before, self._steps = self._steps, self._steps + batch + 1 - self._batches
        self._batches = batch + 1
        every = self.log_every_n_steps
        if every is not None and self._steps // every > before // every:
            self._log(logs, self._steps)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Log the metrics of the epoch."""
        if self.log_every_epoch:
            self._log(logs, epoch)

    def on_test_end(self, logs: Any = None) -> None:
        """Log the metrics of an evaluation, by names of their own."""
        self._log({f"validation_{key}": value for key, value in (logs or {}).items()}, 0)

    def _log(self, logs: Any, step: int) -> None:
        self._training = self._training or self._active()
        self._training.log_metrics(logs or {}, step, self.model_id)

    def _active(self) -> TrainingRun:
        run = active_run() or public_function("start_run")()
        return TrainingRun(self._integration, run)


MLflowCallback = MlflowCallback
