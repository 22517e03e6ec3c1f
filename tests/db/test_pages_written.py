"""What logging writes: pages of SQLite's file, each of which costs its journal four kilobytes."""

import random
from collections.abc import Callable
from pathlib import Path
from struct import unpack_from
from typing import Any

import orjson
import pytest

from runyard.core.entity import Tag
from runyard.gate.gate import Gate
from runyard.protocol.message import AnyMessage
from runyard.tracking.runs.entities import Param
from runyard.tracking.runs.messages import CreateRun, DeleteTag, LogBatch, LogParam, SetTag, UpdateRun
from tests.factories import NOW, a_point, a_run, an_experiment, pairs, shown_run

RUNS = 150
TEXTS = ["adam", "True", "None", "(1, 2)", "gini"]

BOUNDS = {"create": 19.0, "texts": 29.0, "numbers": 37.0, "end": 7.5}
"""Pages at most, on average; an index more on what is logged adds one, or one for each param."""


@pytest.mark.parametrize("kind", ["texts", "numbers"])
def test_logging_writes_few_pages(tmp_path: Path, kind: str) -> None:
    """An index that holds what no search looks for there shows here."""
    chance, written = random.Random(7), dict.fromkeys(("create", kind, "end"), 0)
    value: dict[str, Callable[[], str]] = {
        "texts": lambda: chance.choice(TEXTS),
        "numbers": lambda: repr(chance.random()),
    }
    gate = Gate.open(f"sqlite:///{tmp_path / 'runs.db'}")

    def pages(name: str, message: AnyMessage) -> dict[str, str]:
        answer, number = _performed(gate, tmp_path, message)
        written[name] += number
        return answer["run"]["info"] if "run" in answer else {}

    experiment_id = an_experiment(gate)
    for place in range(RUNS):
        started = NOW + 1_000 * place
        tags = [Tag(key=f"t{number}", value=chance.choice(TEXTS)) for number in range(7)]
        run_id = pages("create", CreateRun(experiment_id=experiment_id, start_time=started, tags=tags))["run_id"]
        params = [Param(key=f"p{number}", value=value[kind]()) for number in range(10)]
        points = [a_point(f"m{number}", chance.random()) for number in range(10)]
        pages(kind, LogBatch(run_id=run_id, params=params, metrics=points))
        pages("end", UpdateRun(run_id=run_id, status="FINISHED", end_time=started + chance.randrange(10**6)))
    gate.close()

    assert {name: amount / RUNS for name, amount in written.items() if amount / RUNS > BOUNDS[name]} == {}


def test_a_wide_run_is_written_once(tmp_path: Path) -> None:
    """Its document takes pages that were left free; those that it leaves are not overwritten with zeros."""
    gate = Gate.open(f"sqlite:///{tmp_path / 'runs.db'}")
    run_id = a_run(gate)
    written, size = [], 30_000
    for place in range(12):
        _, number = _performed(gate, tmp_path, LogParam(run_id=run_id, key=f"p{place}", value="x" * size))
        written.append(number / (place + 1))
    gate.close()

    # A page holds 4 KB; the value is in its table too, once.
    assert size / 4096 + 6 > max(written[4:])


@pytest.mark.parametrize("value", ["a value of some length", "ein größerer Wert"])
def test_a_long_document_is_written_where_it_differs(tmp_path: Path, value: str) -> None:
    """Most of the time: spaces beside it keep its row at one size, until they are used up."""
    gate = Gate.open(f"sqlite:///{tmp_path / 'runs.db'}")
    run_id = a_run(gate)
    for first in range(0, 2_000, 100):
        tags = [Tag(key=f"t{number:04}", value=value) for number in range(first, first + 100)]
        gate.perform(LogBatch(run_id=run_id, tags=tags))
    whole = len(orjson.dumps(shown_run(gate, run_id)["data"])) // 4096
    expected = {f"t{number:04}": value for number in range(2_000)}
    written = []
    for place in range(300):
        _, number = _performed(gate, tmp_path, SetTag(run_id=run_id, key=f"u{place:04}", value=value))
        written.append(number)
        expected[f"u{place:04}"] = value
    gate.perform(DeleteTag(run_id=run_id, key="t0000"))
    del expected["t0000"]
    found = pairs(shown_run(gate, run_id)["data"]["tags"])
    gate.close()

    assert expected == {key: text for key, text in found.items() if not key.startswith("mlflow.")}
    few = [number for number in written if number < whole // 2]
    assert 290 <= len(few) < 300
    assert sum(few) / len(few) < 10


def _performed(gate: Gate, folder: Path, message: AnyMessage) -> tuple[Any, int]:
    """The answer, and the number of pages that were written for it."""
    before = _frames(folder)
    answer = gate.perform(message)
    after = _frames(folder)
    return answer, after - before if after > before else after  # the journal began anew


def _frames(folder: Path) -> int:
    """Pages in the journal, which the index of the journal tells."""
    [number] = unpack_from("<I", (folder / "runs.db-shm").read_bytes(), 16)
    return int(number)
