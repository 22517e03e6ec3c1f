"""What is known of trained estimators and their predictions, as long as these exist."""

import json
import threading
import weakref
from collections import Counter, OrderedDict
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from runyard.client import RunyardClient

Value = TypeVar("Value")

UNKNOWN_DATASET = "unknown_dataset"
MAX_RUNS = 1000


class Remembered(Generic[Value]):
    """Values kept per object by weak reference."""

    def __init__(self) -> None:
        self._held: dict[int, tuple[weakref.ref[Any], Value]] = {}

    def set(self, owner: Any, value: Value) -> None:
        """Remember something for an object; nothing for those that cannot be referred to weakly, such as lists."""
        key = id(owner)
        try:
            self._held[key] = (weakref.ref(owner, lambda gone: self._forget(key, gone)), value)
        except TypeError:
            return

    def get(self, owner: Any) -> Value | None:
        """What is remembered for this very object."""
        found = self._held.get(id(owner))
        return found[1] if found is not None and found[0]() is owner else None

    def _forget(self, key: int, gone: "weakref.ref[Any]") -> None:
        if key in self._held and self._held[key][0] is gone:
            del self._held[key]


@dataclass
class RunNotes:
    """What was measured after the trainings of one run.

    Attributes
    ----------
    calls: Metric → the call it came from, as text or as what becomes JSON.
    """

    calls: dict[str, Any] = field(default_factory=dict)
    _metrics: Counter[str] = field(default_factory=Counter)
    _datasets: dict[str, list[Any]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def dataset_name(self, data: Any, variable: str | None) -> str:
        """What to call some data: its variable's name, with a number if other data was called so before."""
        name = variable or UNKNOWN_DATASET
        with self._lock:
            known = self._datasets.setdefault(name, [])
            place = next((number for number, seen in enumerate(known) if _refers(seen, data)), None)
            if place is None:
                known.append(_reference(data))
                place = len(known) - 1
        return name if place == 0 else f"{name}-{place + 1}"

    def metric_name(self, metric: str, dataset: str) -> str:
        """What to call the next value of a metric: with a number from its second one in this run."""
        with self._lock:
            self._metrics[metric] += 1
            count = self._metrics[metric]
        return f"{metric}_{dataset}" if count == 1 else f"{metric}-{count}_{dataset}"

    def calls_as_json(self) -> str:
        """The calls as they are kept with the run."""
        with self._lock:
            return json.dumps(self.calls, indent=2, sort_keys=True)


def _reference(data: Any) -> Any:
    try:
        return weakref.ref(data)
    except TypeError:
        return data if isinstance(data, str | int | float) else id(data)


def _refers(seen: Any, data: Any) -> bool:
    if isinstance(seen, weakref.ref):
        return seen() is data
    return bool(seen == id(data))


@dataclass(frozen=True)
class Training:
    """Where an estimator's training was logged, and by which library's part."""

    client: RunyardClient
    run_id: str
    model_id: str | None
    integration: str = "sklearn"

    @property
    def notes(self) -> RunNotes:
        """What was logged to that run."""
        return notes_of(self.run_id)


@dataclass(frozen=True)
class Prediction:
    """Where a prediction comes from, and what the data is called that it was made for."""

    training: Training
    dataset_name: str


_notes: OrderedDict[str, RunNotes] = OrderedDict()
_notes_lock = threading.Lock()


def notes_of(run_id: str) -> RunNotes:
    """What was logged to a run; only the runs used last are remembered."""
    with _notes_lock:
        notes = _notes.setdefault(run_id, RunNotes())
        _notes.move_to_end(run_id)
        while len(_notes) > MAX_RUNS:
            _notes.popitem(last=False)
    return notes


trainings: Remembered[Training] = Remembered()
"""Of estimators."""

predictions: Remembered[Prediction] = Remembered()
"""Of what ``predict`` and the like gave."""
