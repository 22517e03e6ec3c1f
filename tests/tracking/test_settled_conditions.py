"""Conditions that a run never meets once it does not: what a search found out is not read again."""

import contextlib
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from runyard.db.transaction import Transaction
from runyard.gate.gate import Gate
from runyard.tracking.run_changes.messages import MoveRuns
from runyard.tracking.runs import ranges, search, settled
from runyard.tracking.runs.entities import Param
from runyard.tracking.runs.messages import CountRuns, CreateRun, LogBatch, SearchRuns
from runyard.tracking.runs.operations import create_run
from runyard.tracking.runs.tables import runs
from tests.factories import a_point, a_run, an_experiment

pytestmark = pytest.mark.slow

FILTERS = (
    "metrics.m IS NULL",
    "params.p IS NULL",
    "params.p LIKE '%x%'",
    "params.p NOT LIKE '%x%'",
    "params.p ~ 'x$'",
    "metrics.m IS NULL and params.p LIKE '%x%'",
    "artifact_uri LIKE '%/1a%'",
    "artifact_uri LIKE '%nowhere%'",
    "artifact_uri LIKE '%odd%'",
    "artifact_uri ILIKE '%B/ARTIFACTS'",
    "artifact_uri NOT LIKE '%1%'",
    "artifact_uri = 's3://odd/1'",
    "artifact_uri LIKE '%/2/%'",
    "run_id ILIKE '%1A%'",
)


@pytest.fixture
def small_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bounds that a few runs exceed, so that a search reads all of them."""
    monkeypatch.setattr(search, "MAX_NEWEST", 0)
    monkeypatch.setattr(ranges, "MAX_FOUND", 2)
    monkeypatch.setattr(ranges, "MAX_VALUES", 1)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.usefixtures("small_bounds")
def test_what_was_told_holds_whatever_is_logged_later(gate: Gate, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs that are new, get the metric or param later, take the number of a removed one, or come from elsewhere."""
    monkeypatch.setattr(settled, "MAX_CANDIDATES", 15)
    monkeypatch.setattr(settled, "MAX_LAST", 3)
    chance = random.Random(seed)
    experiment, elsewhere = an_experiment(gate), an_experiment(gate, name="elsewhere")
    run_ids = [a_run(gate, experiment) for _ in range(6)]
    away = [a_run(gate, elsewhere) for _ in range(6)]
    for _ in range(25):
        chosen = chance.choice(run_ids)
        step = chance.choice(("new", "metric", "param", "removed", "moved"))
        if step == "new":
            run_ids.append(a_run(gate, experiment))
            if chance.random() < 0.3:
                _move_artifacts(gate, run_ids[-1])
        elif step == "metric":
            gate.perform(LogBatch(run_id=chosen, metrics=[a_point("m")]))
        elif step == "param":
            value = f"{chosen[:2]}{chance.choice('xy')}"
            with contextlib.suppress(Exception):  # it has another value already
                gate.perform(LogBatch(run_id=chosen, params=[Param(key="p", value=value)]))
        elif step == "moved" and away:
            run_ids.append(away.pop())
            gate.perform(MoveRuns(run_ids=run_ids[-1:], experiment_id=experiment))
        else:
            last = _remove_last(gate)
            run_ids = [run_id for run_id in run_ids if run_id != last]
            away = [run_id for run_id in away if run_id != last]
            run_ids.append(a_run(gate, experiment))
        known = chance.choice(run_ids)
        for text in (*FILTERS, f"artifact_uri LIKE '%/{known}/%'", f"artifact_uri ILIKE '%{known.upper()}/artifacts'"):
            _assert_finds_what_a_count_finds(gate, experiment, text)


def _move_artifacts(gate: Gate, run_id: str) -> None:
    """As a run that was brought from elsewhere has them."""
    with gate.engines.writing.begin() as connection:
        connection.execute(
            sa.update(runs).where(runs.c.run_uuid == run_id).values(artifact_uri=f"s3://odd/{run_id[0]}")
        )


def _remove_last(gate: Gate) -> str:
    """Remove the run with the last number for good; returns its id."""
    with gate.engines.writing.begin() as connection:
        number, run_id = connection.execute(sa.select(runs.c.id, runs.c.run_uuid).order_by(runs.c.id.desc())).first()  # type: ignore[misc]
        connection.execute(sa.delete(runs).where(runs.c.id == number))
    return str(run_id)


def _assert_finds_what_a_count_finds(gate: Gate, experiment: str, text: str) -> None:
    """A count reads all runs each time."""
    found = gate.perform(SearchRuns(experiment_ids=[experiment], filter=text, max_results=1000))
    counted = gate.perform(CountRuns(experiment_ids=[experiment], filter=text))["count"]
    assert counted == len(found.get("runs", ())), text


@pytest.mark.parametrize("text", [FILTERS[0], FILTERS[2], FILTERS[7]])
@pytest.mark.usefixtures("small_bounds")
def test_the_next_search_reads_only_runs_that_are_new(gate: Gate, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not those that have been told to never meet the condition."""
    monkeypatch.setattr(settled, "MAX_LAST", -1)
    experiment = an_experiment(gate)

    def add(number: int) -> None:
        for place in range(number):
            run_id, param = a_run(gate, experiment), Param(key="p", value=str(place))
            gate.perform(LogBatch(run_id=run_id, metrics=[a_point("m")], params=[param]))

    def asked() -> list[int]:
        """The numbers of runs behind which runs were looked at."""
        with _listening(gate) as statements:
            gate.perform(SearchRuns(experiment_ids=[experiment], filter=text))
        found = [values for statement, values in statements if "runs.id > " in statement or "seen.id > " in statement]
        return [values["id_1"] if isinstance(values, dict) else values[0] for values in found]

    add(5)
    first = asked()
    again = asked()
    add(3)
    later = asked()

    assert [[0], [], [5]] == [first, again, later]


@pytest.mark.parametrize("cluster", ["postgresql"], indirect=True)
@pytest.mark.usefixtures("small_bounds")
def test_a_run_that_comes_to_sight_after_a_later_one_is_found(gate: Gate) -> None:
    """Two servers may create runs at the same time: the one with the lower number may be the last to be seen."""
    experiment, text = an_experiment(gate), "metrics.m IS NULL"
    for _ in range(3):
        gate.perform(LogBatch(run_id=a_run(gate, experiment), metrics=[a_point("m")]))

    def found() -> list[str]:
        runs_found = gate.perform(SearchRuns(experiment_ids=[experiment], filter=text)).get("runs", [])
        return [run["info"]["run_id"] for run in runs_found]

    with _creating(gate, experiment) as slow:
        quick = a_run(gate, experiment)
        seen_meanwhile = [found() for _ in range(3)]
        gate.perform(LogBatch(run_id=quick, metrics=[a_point("m")]))
        seen_meanwhile.append(found())
    seen_later = [found() for _ in range(3)]

    assert [[quick], [quick], [quick], []] == seen_meanwhile
    assert [[slow], [slow], [slow]] == seen_later


@contextlib.contextmanager
def _creating(gate: Gate, experiment: str) -> Iterator[str]:
    """A run that another server creates: its transaction goes on as long as the block."""
    with gate.engines.writing.begin() as connection:
        tx = Transaction(connection, gate.settings)
        created = json.loads(create_run(tx, CreateRun(experiment_id=experiment)))  # type: ignore[arg-type]
        yield str(created["run"]["info"]["run_id"])


@contextlib.contextmanager
def _listening(gate: Gate) -> Iterator[list[tuple[str, Any]]]:
    statements: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_others: Any) -> None:
        statements.append((statement, values))

    sa.event.listen(gate.engines.reading, "before_cursor_execute", note)
    yield statements
    sa.event.remove(gate.engines.reading, "before_cursor_execute", note)
