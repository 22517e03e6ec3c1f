"""Checkpoints of a training: files of its run that hold the model as it was meanwhile."""

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from runyard.autologging.reports import warn_once
from runyard.client import RunyardClient
from runyard.exceptions import DoesNotExist, InvalidParameter
from runyard.fluent.active import active_run

FOLDER, WEIGHTS = "checkpoints", ".weights"
LATEST_TAG = "mlflow.latest_checkpoint_artifact"
"""On a run: the path of the checkpoint that was saved last."""


@dataclass
class Checkpoints:
    """Saves the checkpoints of one training.

    Attributes
    ----------
    integration: The library's name.
    ending: Of the files, such as ``.h5``.
    monitor: The metric that says which checkpoint is the best.
    mode: Whether the best one has its ``"min"`` or ``"max"``.
    save_best_only: Keep only the best one, whose file the next better one replaces.
    save_weights_only: Save the weights without what is needed to continue the training.
    save_freq: ``"epoch"``, or the number of batches after which to save.

    Raises
    ------
    InvalidParameter: An option has none of its values.
    """

    integration: str
    ending: str
    monitor: str | None = "val_loss"
    mode: str = "min"
    save_best_only: bool = True
    save_weights_only: bool = False
    save_freq: str | int = "epoch"
    _best: float | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        if self.save_best_only and not self.monitor:
            raise InvalidParameter("The best checkpoint is found by a metric: name it as monitor.")
        if self.save_best_only and self.mode not in ("min", "max"):
            raise InvalidParameter(f"The mode of checkpoints is 'min' or 'max', not {self.mode!r}.")
        is_number = isinstance(self.save_freq, int) and not isinstance(self.save_freq, bool) and self.save_freq > 0
        if self.save_freq != "epoch" and not is_number:
            raise InvalidParameter(f"save_freq is 'epoch' or a number of batches, not {self.save_freq!r}.")

    def save(
        self,
        client: RunyardClient,
        run_id: str,
        epoch: int,
        step: int,
        metrics: Mapping[str, float],
        write: Callable[[str], object],
    ) -> bool:
        """Save a checkpoint, unless a better one is kept; whether it was.

        Parameters
        ----------
        client, run_id: The run that it belongs to.
        epoch, step: Where the training is: from 0, and the number of batches so far.
        metrics: What is known of the model now.
        write: Writes the model to a file.
        """
        if not self.is_wanted(metrics):
            return False
        self.store(client, run_id, epoch, step, metrics, write)
        return True

    def is_wanted(self, metrics: Mapping[str, float]) -> bool:
        """Whether a checkpoint with these metrics is to be kept: each one, or each that is the best so far."""
        return not self.save_best_only or self._is_better(metrics)

    def store(
        self,
        client: RunyardClient,
        run_id: str,
        epoch: int,
        step: int,
        metrics: Mapping[str, float],
        write: Callable[[str], object],
    ) -> None:
        """Save a checkpoint that is wanted. The parameters are those of `save`."""
        folder, prefix = FOLDER, "latest_"
        if not self.save_best_only:
            folder, prefix = f"{FOLDER}/{_place(epoch if self.save_freq == 'epoch' else None, step)}", ""
        name = f"{prefix}checkpoint{WEIGHTS if self.save_weights_only else ''}{self.ending}"
        client.log_dict(
            run_id, {**metrics, "epoch": epoch, "global_step": step}, f"{folder}/{prefix}checkpoint_metrics.json"
        )
        with tempfile.TemporaryDirectory(prefix="runyard-checkpoint-") as scratch:
            file = str(Path(scratch, name))
            write(file)
            client.log_artifact(run_id, file, folder)
        client.set_tag(run_id, LATEST_TAG, f"{folder}/{name}", synchronous=False)

    def _is_better(self, metrics: Mapping[str, float]) -> bool:
        value = metrics.get(str(self.monitor))
        if value is None:
            warn_once(
                self.integration,
                f"No checkpoint is saved: the training has no metric {self.monitor!r}; it has "
                f"{', '.join(metrics) or 'none'}. Name one of them as checkpoint_monitor, or give validation data.",
            )
            return False
        if self._best is not None and not (value < self._best if self.mode == "min" else value > self._best):
            return False
        self._best = value
        return True


def fetch_checkpoint(
    folder: str, run_id: str | None = None, epoch: int | None = None, global_step: int | None = None
) -> Path:
    """The file of a checkpoint, on this machine.

    Parameters
    ----------
    folder: Where to put it.
    run_id: The run; the active one when left out.
    epoch, global_step: Which of its checkpoints; the last one when both are left out.

    Raises
    ------
    InvalidParameter: Both are given, or no run is active.
    DoesNotExist: The run has no such checkpoint.
    """
    if epoch is not None and global_step is not None:
        raise InvalidParameter("A checkpoint is found by its epoch or by its global_step, not by both.")
    client = RunyardClient()
    if run_id is None:
        active = active_run()
        if active is None:
            raise InvalidParameter("No run is active: name the run_id whose checkpoint to load.")
        run_id, client = active.info.run_id, active.client
    latest = client.get_run(run_id).data.tags.get(LATEST_TAG)
    if latest is None:
        raise DoesNotExist(f"Run {run_id} has no checkpoints.")
    path = latest
    if epoch is not None or global_step is not None:
        path = f"{FOLDER}/{_place(epoch, global_step)}/{PurePosixPath(latest).name}"
    return Path(client.download_artifacts(run_id, path, folder))


def _place(epoch: int | None, step: int | None) -> str:
    return f"global_step_{step}" if epoch is None else f"epoch_{epoch}"
