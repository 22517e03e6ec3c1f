"""The writer: groups share a commit, and one caller's error is its own."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa

from runyard.db import writer
from runyard.db.jobs import Unfinished
from runyard.db.transaction import Transaction
from runyard.exceptions import RunyardException
from runyard.gate.gate import Gate
from runyard.tracking.metrics.messages import LogMetric
from runyard.tracking.runs.messages import LogParam, SetTag
from tests.factories import a_run, pairs, shown_run
from tests.support.clock import wait_until


def test_one_failure_in_a_group_is_its_own(gate: Gate) -> None:
    """Half of the callers break a rule while the others' writes are committed with theirs."""
    run_id = a_run(gate)
    gate.perform(LogParam(run_id=run_id, key="fixed", value="0"))

    def write(number: int) -> str:
        try:
            if number % 2:
                gate.perform(LogParam(run_id=run_id, key="fixed", value=str(number)))
            else:
                gate.perform(SetTag(run_id=run_id, key=f"t{number}", value="x"))
        except RunyardException as error:
            return error.error_code
        return "stored"

    with ThreadPoolExecutor(16) as pool:
        outcomes = list(pool.map(write, range(200)))

    assert ["stored", "INVALID_PARAMETER_VALUE"] * 100 == outcomes
    tags = pairs(shown_run(gate, run_id)["data"]["tags"])
    assert {f"t{number}" for number in range(0, 200, 2)} == set(tags) - {"mlflow.runName"}


def test_what_was_answered_is_there_for_every_reader(gate: Gate) -> None:
    """A read that begins after a write was answered sees it."""
    run_id = a_run(gate)
    for number in range(50):
        gate.perform(SetTag(run_id=run_id, key="t", value=str(number)))
        assert str(number) == pairs(shown_run(gate, run_id)["data"]["tags"])["t"]


def test_a_connection_is_kept_for_the_next_write_and_given_back(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same one commits what follows, a failure aside; a store that is at rest holds none."""
    monkeypatch.setattr(writer, "KEPT_SECONDS", 30.0)
    run_id, taken = a_run(gate), list[object]()
    gate.perform(SetTag(run_id=run_id, key="t", value="0"))
    sa.event.listen(gate.engines.writing, "checkout", lambda *_: taken.append(1))
    for number in range(3):
        gate.perform(SetTag(run_id=run_id, key="t", value=str(number)))
    assert ([], 1) == (taken, gate.load().writing)

    with pytest.raises(RunyardException):
        gate.perform(SetTag(run_id="0" * 32, key="t", value="1"))
    monkeypatch.setattr(writer, "KEPT_SECONDS", 0.01)
    gate.perform(SetTag(run_id=run_id, key="t", value="9"))
    assert "9" == pairs(shown_run(gate, run_id)["data"]["tags"])["t"]
    assert wait_until(lambda: gate.load().writing == 0)


def test_closing_finishes_what_is_queued(database: str) -> None:
    """Writes that were taken are answered, however soon the store is closed."""
    gate = Gate.open(database)
    run_id = a_run(gate)
    outcomes: list[object] = []

    def write(number: int) -> None:
        try:
            point = LogMetric(run_id=run_id, key=f"m{number}", value=1.0, timestamp=1)
            outcomes.append(gate.perform(point))
        except RunyardException as error:
            outcomes.append(error.error_code)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    gate.close()
    for thread in threads:
        thread.join(timeout=10)

    assert 20 == len(outcomes)
    assert all(outcome in ({}, "TEMPORARILY_UNAVAILABLE") for outcome in outcomes)
    again = Gate.open(database)
    metrics = shown_run(again, run_id)["data"].get("metrics", [])
    again.close()
    assert outcomes.count({}) == len(metrics)


def test_long_work_takes_turns_with_other_writes(gate: Gate) -> None:
    """A write waits for the piece that is being done, and not for the next one; nor does the work wait for ever."""
    done: list[str] = []
    begun, queued = threading.Event(), threading.Event()

    def piece(number: int) -> Callable[[Transaction], Any]:
        def work(_tx: Transaction) -> Any:
            if number == 0:
                begun.set()
                queued.wait(10)
            done.append(f"piece {number}")
            return Unfinished(piece(number + 1)) if number < 3 else None

        return work

    def write(_tx: Transaction) -> None:
        done.append("write")

    with ThreadPoolExecutor(3) as pool:
        long = pool.submit(gate.administer, piece(0))
        begun.wait(10)
        writes = [pool.submit(gate.administer, write) for _ in range(2)]
        while gate._writer._jobs.qsize() < 2:
            time.sleep(0.001)
        queued.set()
        for each in (long, *writes):
            each.result()

    assert ["piece 0", "write", "write", "piece 1", "piece 2", "piece 3"] == done
