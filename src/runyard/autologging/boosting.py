"""What trainings of boosted trees have in common: settings, metrics of each iteration, early stopping, importances."""

import json
import re
import tempfile
import threading
from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runyard.autologging.drawing import save_plot
from runyard.autologging.training import TrainingRun, training_run
from runyard.autologging.watchers import Call, Watch, Watcher
from runyard.core.libraries import np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Importances = Mapping[str, float | Sequence[float]]
"""Feature → its importance; one for each class where they differ."""

MAX_DRAWN = 50
_NOT_IN_KEYS = re.compile(r"[^\w\-. :/]")


class _Fitting(threading.local):
    """The training of the estimator that this thread fits."""

    def __init__(self) -> None:
        self.training: TrainingRun | None = None


_fitting = _Fitting()


@contextmanager
def fitting(training: TrainingRun) -> Iterator[None]:
    """Meanwhile an estimator is fitted, which calls the library's function that trains."""
    before, _fitting.training = _fitting.training, training
    try:
        yield
    finally:
        _fitting.training = before


Logged = Callable[[TrainingRun, Call], Generator[None, Any, Any]]
"""Logs what goes into a training and what comes out of it, and returns the booster."""


def train_watcher(integration: str, logged: Logged, log_booster: Callable[[TrainingRun, Call, Any], Any]) -> Watcher:
    """A watcher of the library's function that trains.

    Parameters
    ----------
    integration: The library's name.
    log_booster: Logs the booster as a model.
    """

    def watch(call: Call) -> Watch:
        with training_run(integration) as training:
            if training is not None:
                training.begin_model()
                log_booster(training, call, (yield from logged(training, call)))

    return watch


def step_watcher(logged: Logged) -> Watcher:
    """A watcher of the same function where an estimator's ``fit`` calls it: as part of that training."""

    def watch(call: Call) -> Watch:
        if _fitting.training is not None:
            yield from logged(_fitting.training, call)

    return watch


def settings_of(params: Any, arguments: Mapping[str, Any], left_out: Collection[str]) -> dict[str, Any]:
    """The settings of a training: its params, and the arguments that are settings too. Functions by their names."""
    found = {**dict(params or {}), **{key: value for key, value in arguments.items() if key not in left_out}}
    return {key: getattr(value, "__qualname__", value) if callable(value) else value for key, value in found.items()}


class Iterations:
    """The metrics of each iteration: logged as they come, and kept for the best one.

    Parameters
    ----------
    training: Where to log them.

    Attributes
    ----------
    begin: The step of the first one.
    """

    def __init__(self, training: TrainingRun) -> None:
        self._training = training
        self.begin = 0
        self._seen: list[dict[str, float]] = []

    def __len__(self) -> int:
        return len(self._seen)

    def log(self, values: Mapping[tuple[str, str], float], step: int) -> None:
        """Log what was measured after an iteration.

        Parameters
        ----------
        values: Dataset and metric → value.
        step: The iteration, from 0.
        """
        with self._training.attempt("the metrics"):
            named = {metric_key(*key): float(value) for key, value in values.items()}
            self.begin = self.begin if self._seen else step
            self._seen.append(named)
            self._training.log_metrics(named, step)

    def log_stop(self, best: int, stopped: int, step: int) -> None:
        """Log where the training stopped early, and the metrics of the best iteration once more.

        Parameters
        ----------
        best, stopped: The iterations, as the library counts them.
        step: Of the best one.
        """
        self._training.log_metrics({"best_iteration": best, "stopped_iteration": stopped})
        place = step - self.begin
        if 0 <= place < len(self._seen):
            self._training.log_metrics(self._seen[place], len(self._seen))


def metric_key(dataset: str, metric: str) -> str:
    """The name of a metric of a dataset, of the characters that names of metrics may have."""
    return _NOT_IN_KEYS.sub("_", f"{dataset}-{metric}".replace("@", "_at_"))


def log_importances(
    training: TrainingRun, kinds: Sequence[str], importances: Callable[[str], Importances], indent: int | None = None
) -> None:
    """Log the importances of the features, as a plot and as JSON for each kind of them.

    Parameters
    ----------
    importances: Gives those of a kind.
    indent: Of the JSON.
    """
    with training.attempt("the importances"), tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for kind in kinds:
            with training.attempt(f"feature_importance_{kind}"):
                found = importances(kind)
                text = json.dumps(dict(found), indent=indent, default=float)
                (folder / f"feature_importance_{kind}.json").write_text(text, encoding="utf-8")
                height = max(4.8, 0.24 * min(len(found), MAX_DRAWN))
                draw = partial(_draw, found, f"Feature importance ({kind})")
                save_plot(draw, folder / f"feature_importance_{kind}.png", height=height)
        if kinds:
            training.client.log_artifacts(training.run_id, folder)


def _draw(importances: Importances, title: str, axes: "Axes") -> None:
    """Draw the highest ones as bars, the highest on top."""
    rows = {feature: np.atleast_1d(np.asarray(values, dtype=float)) for feature, values in importances.items()}
    shown = sorted(rows, key=lambda feature: float(np.abs(rows[feature]).max(initial=0)))[-MAX_DRAWN:]
    assert axes.figure is not None
    axes.figure.set_layout_engine("constrained")  # type: ignore[union-attr]  # names may need any room
    classes = max((len(rows[feature]) for feature in shown), default=1)
    for place in range(classes):
        widths = [rows[feature][place] if place < len(rows[feature]) else 0.0 for feature in shown]
        offset = (place + 0.5) / classes - 0.5
        label = f"class {place}" if classes > 1 else None
        axes.barh([row + offset * 0.8 for row in range(len(shown))], widths, 0.8 / classes, label=label)
    axes.set_yticks(range(len(shown)), shown)
    axes.set(title=title, xlabel="Importance")
    if classes > 1:
        axes.legend()
