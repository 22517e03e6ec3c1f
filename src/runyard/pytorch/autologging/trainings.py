"""Trainings of Lightning's trainers, from the beginning of ``fit`` to its end."""

import functools
import importlib
from collections.abc import Callable
from typing import Any

from runyard.autologging.integrations import get_autologging_config
from runyard.autologging.training import TrainingRun, training_run
from runyard.autologging.watchers import Call, Watch
from runyard.pytorch.autologging.callback import TrainingCallback, stopping_of
from runyard.pytorch.checkpoints import TrainerCheckpoints
from runyard.pytorch.flavor import PICKLE, log_model
from runyard.pytorch.lightning import package_of
from runyard.pytorch.pyfunc import arrays_of


def watch_fit(call: Call) -> Watch:
    """Log a training: while it goes on by a callback, and what it has come to at its end."""
    trainer = call.owner
    callback = _callback_of(trainer)
    checkpoints = _checkpoints()
    if not trainer.is_global_zero:  # another process of the same training logs it
        callback.begin(None, checkpoints)
        yield
        return
    with training_run("pytorch") as training:
        if training is None:
            callback.begin(None, None)
            yield
            return
        model = call.all_arguments()["model"]
        sample = Sample(model)
        training.begin_model()
        callback.begin(training, checkpoints)
        try:
            yield
        finally:
            sample.close()
        _log_summary(training, trainer, model)
        _log_stopping(training, trainer)
        training.log_model(
            log_model,
            model,
            sample.given,
            lambda _: sample.found,
            serialization_format=PICKLE,
        )


def _callback_of(trainer: Any) -> TrainingCallback:
    """Ours among the trainer's callbacks; it is added once."""
    found = next((one for one in trainer.callbacks if isinstance(one, TrainingCallback)), None)
    if found is None:
        found = TrainingCallback()
        trainer.callbacks.append(found)
    return found


def _checkpoints() -> TrainerCheckpoints | None:
    if not get_autologging_config("pytorch", "checkpoint", default_value=True):
        return None
    names = ("monitor", "mode", "save_best_only", "save_weights_only", "save_freq")
    return TrainerCheckpoints(**{name: get_autologging_config("pytorch", f"checkpoint_{name}") for name in names})


def _log_summary(training: TrainingRun, trainer: Any, model: Any) -> None:
    with training.attempt("the model's summary"):
        summaries = importlib.import_module(f"{package_of(trainer).__name__}.utilities.model_summary")
        training.client.log_text(training.run_id, str(summaries.ModelSummary(model, max_depth=-1)), "model_summary.txt")


def _log_stopping(training: TrainingRun, trainer: Any) -> None:
    """What stopped the training early, and the checkpoint that Lightning itself found best."""
    stopping = stopping_of(trainer)
    if stopping is None:
        return
    epochs = getattr(stopping, "patience")  # noqa: B009  (the library's word, not ours)
    if not (stopping.stopped_epoch or stopping.wait_count >= epochs):
        return
    values = {
        "stopped_epoch": stopping.stopped_epoch,
        "restored_epoch": stopping.stopped_epoch - max(1, epochs),
        "best_score": stopping.best_score,
        "wait_count": stopping.wait_count,
    }
    training.log_metrics({name: float(value) for name, value in values.items()})
    best = getattr(trainer.checkpoint_callback, "best_model_path", "")
    if best:
        with training.attempt("the restored checkpoint"):
            training.client.log_artifact(training.run_id, best, "restored_model_checkpoint")


class Sample:
    """What a module was given first, and what it gave for that, when both are one tensor.

    Parameters
    ----------
    model: The module. Its ``forward`` is watched for one call, since not all programs call the module itself.
    """

    def __init__(self, model: Any) -> None:
        self.given: Any = None
        self.found: Any = None
        self._model, self._own = model, vars(model).get("forward")
        self._forward = model.forward
        self._watched = self._noting()
        model.forward = self._watched

    def close(self) -> None:
        """Watch the module no more."""
        if vars(self._model).get("forward") is self._watched:
            if self._own is None:
                del self._model.forward
            else:
                self._model.forward = self._own

    def _noting(self) -> Callable[..., Any]:
        @functools.wraps(self._forward)
        def forward(*inputs: Any, **named: Any) -> Any:
            self.close()
            output = self._forward(*inputs, **named)
            if len(inputs) == 1 and not named and hasattr(inputs[0], "detach") and hasattr(output, "detach"):
                self.given, self.found = arrays_of(inputs[0]), arrays_of(output)
            return output

        return forward
