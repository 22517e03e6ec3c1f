"""What matters for a metric: found beside the requests, a question at a time, and kept while values are the same."""

import hashlib
import logging
import subprocess
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from runyard.exceptions import RunyardException
from runyard.gate.gate import Gate
from runyard.tracking.run_values.messages import MAX_SAMPLED, MAX_VALUES, GetRunValues, RunValues, ValuesOfRuns
from runyard.tracking.runs.messages import DescribeRuns, RunsDescribed
from runyard.ui.parts.param_differences import difference

log = logging.getLogger(__name__)

MAX_PARAMS = 64
"""Params that are looked at: those that tell the most runs apart."""
PROGRAM = (sys.executable, "-m", "runyard.importance")
SECONDS = 120
"""What the program may take."""
FRESH_SECONDS = 20
"""For so long an answer is given without looking whether the values have changed."""
MAX_KEPT, MAX_WAITING = 64, 16
_AT_ONCE = MAX_VALUES // MAX_SAMPLED - 1
"""Params that are read at a time, beside the metric, so that the sample is not smaller for them."""
RARE = "another text"
"""What stands for the texts of a column that have no place there."""


@dataclass(frozen=True)
class Question:
    """What somebody wants to know: of which runs, and for which metric."""

    experiment_ids: tuple[str, ...]
    filter: str
    view_type: str
    metric: str


@dataclass(frozen=True)
class Known:
    """What is known.

    Attributes
    ----------
    findings: As ``runyard.importance`` writes them; None where they could not be found.
    problem: Why not; empty when they were.
    params: How many params these runs have that vary; those that vary most were looked at.
    sampled: How many runs were read.
    runs: How many matching runs these were chosen from.
    more: There are still more.
    """

    findings: Mapping[str, Any] | None = None
    problem: str = ""
    params: int = 0
    sampled: int = 0
    runs: int = 0
    more: bool = False


@dataclass
class _Kept:
    digest: bytes = b""
    known: Known | None = None
    checked: float = field(default_factory=lambda: -float("inf"))


class Importances:
    """The importance of params, of one server.

    Parameters
    ----------
    gate: Where values are asked for.
    """

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._lock = threading.Condition()
        self._kept: OrderedDict[Question, _Kept] = OrderedDict()
        self._waiting: OrderedDict[Question, None] = OrderedDict()
        self._working = False

    def find(self, question: Question) -> Known | None:
        """What is known by now. None while it is being found, and then soon known: ask again."""
        with self._lock:
            kept = self._kept.setdefault(question, _Kept())
            self._kept.move_to_end(question)
            while len(self._kept) > MAX_KEPT:
                self._kept.popitem(last=False)
            if time.monotonic() - kept.checked < FRESH_SECONDS:
                return kept.known
            if question not in self._waiting and len(self._waiting) < MAX_WAITING:
                self._waiting[question] = None
            if self._waiting and not self._working:
                self._working = True
                threading.Thread(target=self._work, name="runyard-importance", daemon=True).start()
        return None

    def settled(self, seconds: float) -> bool:
        """Wait until nothing is being found any more; whether it came to that in time."""
        with self._lock:
            return self._lock.wait_for(lambda: not self._working, seconds)

    def _work(self) -> None:
        while True:
            with self._lock:
                question = next(iter(self._waiting), None)
                if question is None:
                    self._working = False
                    self._lock.notify_all()
                    return
                kept = self._kept.get(question, _Kept())
            digest, known = self._answer(question, kept)
            with self._lock:
                self._kept[question] = _Kept(digest, known, time.monotonic())
                self._waiting.pop(question, None)

    def _answer(self, question: Question, kept: _Kept) -> tuple[bytes, Known]:
        try:
            found, values, params = _values(self._gate, question)
            given = orjson.dumps(values)
            digest = hashlib.sha256(given).digest()
            if digest == kept.digest and kept.known is not None and kept.known.findings is not None:
                return digest, kept.known
            known = Known(None, "", params, len(found.run_ids), found.runs, found.more)
            return digest, _computed(given, known)
        except RunyardException as error:
            return b"", Known(problem=error.message)
        except Exception as error:
            log.error("the importance of params was not found", exc_info=error)
            return b"", Known(problem="Something went wrong on the server. Its log says what.")


def _computed(given: bytes, known: Known) -> Known:
    """What the program finds. A process of its own: the server answers others meanwhile, and keeps its memory."""
    try:
        done = subprocess.run(PROGRAM, input=given, capture_output=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return Known(problem=f"It took over {SECONDS} seconds. Filter for fewer runs and open it again.")
    if done.returncode:
        log.error("the importance of params was not found: %s", done.stderr.decode(errors="replace")[-2000:])
        return Known(problem="The program that finds it has failed. The server's log says why.")
    return Known(orjson.loads(done.stdout), "", known.params, known.sampled, known.runs, known.more)


def _values(gate: Gate, question: Question) -> tuple[RunValues, Mapping[str, Any], int]:
    """The runs, their metric and params, each as a list with a value for each run, and how many params vary."""
    search: dict[str, Any] = {
        "experiment_ids": list(question.experiment_ids),
        "filter": question.filter or None,
        "run_view_type": question.view_type,
    }
    keys = _varying(gate.ask(DescribeRuns(**search)))
    metric = f"metrics.{question.metric}"
    found = gate.ask(GetRunValues(**search, columns=[metric]))
    given: dict[str, Any] = {"metric": values_in_places(found.columns[0], len(found.run_ids)), "params": {}}
    for start in range(0, min(len(keys), MAX_PARAMS), _AT_ONCE):
        some = keys[start : min(start + _AT_ONCE, MAX_PARAMS)]
        read = gate.ask(GetRunValues(**search, columns=[metric, *(f"params.{key}" for key in some)]))
        places = {run_id: place for place, run_id in enumerate(read.run_ids)}
        for key, column in zip(some, read.columns[1:], strict=True):
            values = values_in_places(column, len(read.run_ids))
            # A run that came or went since the first question has no value, or is not asked for.
            given["params"][key] = [values[places[run_id]] if run_id in places else None for run_id in found.run_ids]
    return found, given, len(keys)


def _varying(described: RunsDescribed) -> list[str]:
    """Params that do not have one value in all runs, those first that tell the most runs apart."""
    runs = described.described
    varying = [entry for entry in described.param_keys if entry.distinct > 1 or entry.runs < runs]
    return [entry.key for entry in sorted(varying, key=lambda entry: (-difference(entry, runs), entry.key))]


def values_in_places(column: ValuesOfRuns, runs: int) -> list[float | str | None]:
    """A column with a value for each run; None where it has none. The rare texts of a column are one."""
    texts = [f"{text} ({place + 1})" for place, text in enumerate(column.texts)] if column.cut else column.texts
    had: list[float | str] = [*column.numbers, *(texts[code] if code >= 0 else RARE for code in column.codes)]
    values: list[float | str | None] = [None] * runs
    missing = frozenset(column.missing)
    for place, value in zip((place for place in range(runs) if place not in missing), had, strict=True):
        values[place] = value
    return values
