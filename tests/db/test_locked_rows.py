"""A row of PostgreSQL that a stranger's transaction holds delays writes of that row, and no others."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import psycopg
import pytest

from runyard.db import set_aside
from runyard.exceptions import InvalidParameter, RunyardException, Unavailable
from runyard.gate.gate import Gate
from runyard.protocol.message import AnyMessage
from runyard.tracking.metrics.messages import LogMetric
from runyard.tracking.runs.messages import LogParam, SetTag
from tests.factories import a_run, pairs, shown_run
from tests.support.postgres import Cluster
from tests.support.waits import waiting_for_locks

Holding = Callable[[str], AbstractContextManager[psycopg.Connection[tuple[object, ...]]]]


@pytest.fixture
def gate(postgres: Cluster, tmp_path: Path) -> Iterator[Gate]:
    """A gate on PostgreSQL."""
    uri = postgres.store(str(tmp_path))
    opened = Gate.open(uri, artifact_root=str(tmp_path))
    yield opened
    opened.close()
    postgres.give_back(uri)


@pytest.fixture
def holding(gate: Gate) -> Holding:
    """Holds a run's row until the test lets go."""
    address = gate.engines.reading.url.set(drivername="postgresql").render_as_string(hide_password=False)

    @contextmanager
    def hold(run_id: str) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
        with psycopg.connect(address) as stranger:
            stranger.execute("SELECT 1 FROM runs WHERE run_uuid = %s FOR UPDATE", (run_id,))
            yield stranger
            stranger.rollback()

    return hold


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    """Threads for writes that wait."""
    with ThreadPoolExecutor(40) as threads:
        yield threads


def _tags(gate: Gate, run_id: str) -> dict[str, str]:
    return pairs(shown_run(gate, run_id)["data"]["tags"])


def _begun(gate: Gate, pool: ThreadPoolExecutor, message: AnyMessage) -> Future[object]:
    return pool.submit(gate.perform, message)


def test_other_writes_are_answered_while_one_waits(gate: Gate, holding: Holding, pool: ThreadPoolExecutor) -> None:
    """Somebody's forgotten transaction in psql must not stop every training script of the company."""
    held, other = a_run(gate), a_run(gate)
    with holding(held) as stranger:
        waiting = [_begun(gate, pool, SetTag(run_id=held, key=f"t{number}", value="x")) for number in range(20)]
        waiting_for_locks(_address(stranger), 1)
        for step in range(30):
            gate.perform(LogMetric(run_id=other, key="m", value=1, timestamp=1, step=step))
            gate.perform(SetTag(run_id=other, key="t", value=str(step)))
        assert not any(write.done() for write in waiting)
    assert [{}] * 20 == [write.result() for write in waiting]
    assert {f"t{number}" for number in range(20)} <= set(_tags(gate, held))
    assert "29" == _tags(gate, other)["t"]


def test_two_strangers_are_two_waits(gate: Gate, holding: Holding, pool: ThreadPoolExecutor) -> None:
    """A row that is let go is written while another is still held."""
    first, second = a_run(gate), a_run(gate)
    with holding(first):
        with holding(second) as stranger:
            late = _begun(gate, pool, SetTag(run_id=first, key="t", value="1"))
            waiting_for_locks(_address(stranger), 1)
            soon = _begun(gate, pool, SetTag(run_id=second, key="t", value="2"))
        assert {} == soon.result()
        assert not late.done()
    assert {} == late.result()


def test_writes_of_one_run_keep_their_order(gate: Gate, holding: Holding) -> None:
    """What is sent after a write that waits is performed after it, and each has its own error."""
    held = a_run(gate)
    outcomes: list[object] = []
    with holding(held) as stranger, ThreadPoolExecutor(1) as caller:
        for message in (
            LogParam(run_id=held, key="p", value="1"),
            LogParam(run_id=held, key="p", value="2"),
            SetTag(run_id=held, key="last", value="first"),
            SetTag(run_id=held, key="last", value="second"),
        ):
            caller.submit(lambda said=message: outcomes.append(_outcome(gate, said)))  # type: ignore[misc]
        waiting_for_locks(_address(stranger), 1)
        assert outcomes == []
        stranger.rollback()
    assert [{}, InvalidParameter, {}, {}] == outcomes
    assert "second" == _tags(gate, held)["last"]


def test_a_write_is_given_up_in_the_end(
    gate: Gate, holding: Holding, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stranger may never let go; what was not stored is said so, and is not stored later."""
    monkeypatch.setattr(set_aside, "GIVE_UP_SECONDS", 0.1)
    held = a_run(gate)
    with holding(held), pytest.raises(Unavailable, match="Another transaction"):
        _begun(gate, pool, SetTag(run_id=held, key="t", value="x")).result()
    gate.perform(SetTag(run_id=held, key="other", value="x"))
    assert "t" not in _tags(gate, held)


def test_closing_answers_what_waits(gate: Gate, holding: Holding, pool: ThreadPoolExecutor) -> None:
    """A server that is asked to end does not wait for strangers."""
    held = a_run(gate)
    with holding(held) as stranger:
        waiting = _begun(gate, pool, SetTag(run_id=held, key="t", value="x"))
        waiting_for_locks(_address(stranger), 1)
        gate.close()
        with pytest.raises(Unavailable):
            waiting.result()


def _address(stranger: psycopg.Connection[tuple[object, ...]]) -> str:
    info = stranger.info
    return f"postgresql://{info.user}@{info.host}:{info.port}/{info.dbname}"


def _outcome(gate: Gate, message: AnyMessage) -> object:
    try:
        return gate.perform(message)
    except RunyardException as error:
        return type(error)
