"""Checkpoints of trainings with Lightning, stored as artifacts of a run while it goes on."""

import json
import tempfile
from pathlib import Path
from typing import Any

from runyard.client import RunyardClient
from runyard.core.libraries import required
from runyard.exceptions import DoesNotExist, InvalidParameter
from runyard.fluent.active import active_run

LATEST_TAG = "mlflow.latest_checkpoint_artifact"
_FOLDER, _LATEST, _NAME, _END, _WEIGHTS_END = "checkpoints", "latest_checkpoint", "checkpoint", ".pth", ".weights.pth"


class Checkpoints:
    """Stores checkpoints of one training.

    All processes of a training that has several take part: their trainers wait for each other. Only the first one
    has a run to store to.

    Parameters
    ----------
    monitor: The metric that says which checkpoint is best.
    mode: Whether it is best when least (``min``) or greatest (``max``).
    save_best_only: Store a checkpoint only when it is the best so far, in place of the one before.
    save_weights_only: Leave out the state of the optimizers.
    save_freq: ``epoch``, or a number of training steps.

    Raises
    ------
    InvalidParameter: `mode` or `save_freq` is something else.
    """

    def __init__(
        self, monitor: str, mode: str, save_best_only: bool, save_weights_only: bool, save_freq: str | int
    ) -> None:
        if mode not in ("min", "max"):
            raise InvalidParameter(f"The mode of checkpoints is 'min' or 'max', not {mode!r}.")
        if save_freq != "epoch" and (isinstance(save_freq, bool) or not isinstance(save_freq, int) or save_freq < 1):
            raise InvalidParameter(f"save_freq is 'epoch' or a number of training steps, not {save_freq!r}.")
        self.monitor, self.mode, self.save_best_only = monitor, mode, save_best_only
        self.save_weights_only, self.save_freq = save_weights_only, save_freq
        self._best: float | None = None
        self._last_step = 0

    def after_epoch(self, trainer: Any, client: RunyardClient | None, run_id: str | None) -> None:
        """Store a checkpoint after an epoch, if there is to be one."""
        if self.save_freq == "epoch":
            self._save(trainer, client, run_id, f"{_FOLDER}/epoch_{trainer.current_epoch}")

    def after_batch(self, trainer: Any, client: RunyardClient | None, run_id: str | None) -> None:
        """Store a checkpoint after a training step, if there is to be one."""
        step = trainer.global_step
        if self.save_freq != "epoch" and step != self._last_step and step % int(self.save_freq) == 0:
            self._last_step = step
            self._save(trainer, client, run_id, f"{_FOLDER}/global_step_{step}")

    def _save(self, trainer: Any, client: RunyardClient | None, run_id: str | None, folder: str) -> None:
        metrics = {name: float(value) for name, value in trainer.callback_metrics.items()}
        name = _NAME
        if self.save_best_only:
            if not trainer.strategy.broadcast(self._improves(metrics.get(self.monitor))):
                return
            folder, name = _FOLDER, _LATEST
        file = name + (_WEIGHTS_END if self.save_weights_only else _END)
        with tempfile.TemporaryDirectory(prefix="runyard-") as own:
            place = Path(trainer.strategy.broadcast(own))
            trainer.save_checkpoint(str(place / file), weights_only=self.save_weights_only)
            if client is None or run_id is None:
                return
            described = {"epoch": trainer.current_epoch, "global_step": trainer.global_step, **metrics}
            (place / f"{name}_metrics.json").write_text(json.dumps(described), encoding="utf-8")
            client.log_artifacts(run_id, place, folder)
            client.set_tag(run_id, LATEST_TAG, f"{folder}/{file}")

    def _improves(self, value: float | None) -> bool:
        if value is None or (self._best is not None and not self._is_better(value, self._best)):
            return False
        self._best = value
        return True

    def _is_better(self, value: float, best: float) -> bool:
        return value < best if self.mode == "min" else value > best


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
    if epoch is not None and global_step is not None:
        raise InvalidParameter("A checkpoint is of an epoch or of a step: give one of epoch and global_step.")
    active = active_run()
    if run_id is None and active is None:
        raise InvalidParameter("No run is active. Pass the run_id of the run whose checkpoint is wanted.")
    run_id = run_id or (active.info.run_id if active else "")
    client = RunyardClient()
    path = _path_of(client, run_id, epoch, global_step)
    with tempfile.TemporaryDirectory(prefix="runyard-") as scratch:
        file = client.download_artifacts(run_id, path, scratch)
        return model_class.load_from_checkpoint(file, **(kwargs or {}))


def _path_of(client: RunyardClient, run_id: str, epoch: int | None, global_step: int | None) -> str:
    """Where the checkpoint is among the run's artifacts."""
    if epoch is None and global_step is None:
        path = client.get_run(run_id).data.tags.get(LATEST_TAG)
        if not path:
            raise DoesNotExist(f"Run {run_id!r} has stored no checkpoint.")
        return path
    folder = f"{_FOLDER}/epoch_{epoch}" if epoch is not None else f"{_FOLDER}/global_step_{global_step}"
    files = [file.path for file in client.list_artifacts(run_id, folder) if file.path.endswith(_END)]
    if not files:
        stored = ", ".join(file.path.rpartition("/")[2] for file in client.list_artifacts(run_id, _FOLDER))
        raise DoesNotExist(f"Run {run_id!r} has no checkpoint in {folder!r}; it has: {stored or 'none'}.")
    return files[0]
