"""An upgrade while a server of the version before goes on writing and reading, beside new ones afterwards."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import sqlalchemy as sa

from runyard.db.migrate import upgrade
from runyard.db.schema import HEAD
from runyard.gate.gate import Gate
from runyard.tracking.checks import CHECKS, examined
from runyard.tracking.metrics.messages import GetMetricCurves, GetMetricHistory
from runyard.tracking.runs.messages import LogBatch, SearchRuns
from tests.db.older_server import LONG_RUN, POINTS, OlderServer, make_older
from tests.factories import a_point, pairs
from tests.support.postgres import Cluster


def test_older_server_goes_on(database: str) -> None:
    """None of its writes fails or is lost, before, during and after; a new server beside it finds each."""
    make_older(database)
    older = OlderServer(database)
    for _ in range(20):
        older.once()
    older.start()
    steps: list[str] = []
    try:
        upgrade(database, steps.append)
        older.go_on(20)
        with closing(Gate.open(database)) as gate:
            logged = logged_beside(gate, older)
    finally:
        older.stop()

    assert [] == older.failures
    assert steps[-1].startswith(f"Schema version {HEAD}: ")
    with closing(Gate.open(database)) as gate:
        assert_all_is_there(gate, older)
        history = gate.perform(GetMetricHistory(run_id=LONG_RUN, metric_key="long"))["metrics"]
        expected = sorted([*range(0, 2 * POINTS * older.written, 2), *logged])
        assert expected == [point["step"] for point in history]
        for check in CHECKS:
            assert [] == [difference for _, found in examined(check, gate.inspect, None) for difference in found]


def test_upgrade_gives_way_to_writers(postgres: Cluster) -> None:
    """A write goes on that holds one table and needs the other, of two that a step changes at once."""
    database = postgres.new_database()
    make_older(database, "0015")
    older = OlderServer(database)
    older.once()
    steps, begun = list[str](), threading.Event()
    waiting = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'runs'::regclass")
    with (
        ThreadPoolExecutor(1) as beside,
        older.engines.writing.connect() as writer,
        older.engines.reading.connect() as looking,
    ):

        def begin(_connection: sa.Connection, _cursor: object, statement: str, *_: object) -> None:
            if "CREATE OR REPLACE TRIGGER run_parents_tag" in statement and not begun.is_set():  # the next are of runs
                writer.execute(sa.text("UPDATE runs SET status = 'FAILED'"))
                begun.set()

        sa.event.listen(sa.Engine, "before_cursor_execute", begin)
        try:
            upgraded = beside.submit(upgrade, database, steps.append)
            assert begun.wait(60)
            while not looking.scalar(waiting):
                looking.rollback()
            looking.rollback()  # an index that is made waits for it
            writer.execute(sa.text("INSERT INTO run_tags (run_id, key, value) SELECT id, 'beside', 'x' FROM runs"))
            writer.commit()
            upgraded.result()
        finally:
            sa.event.remove(sa.Engine, "before_cursor_execute", begin)
    older.engines.dispose()
    postgres.drop_database(database)

    assert steps[-1].startswith(f"Schema version {HEAD}: ")


def logged_beside(gate: Gate, older: OlderServer) -> list[int]:
    """Steps of points that the new version adds to the same metric as the older one, at the same time."""
    logged: list[int] = []
    for _ in range(20):
        older.go_on(2)
        first = POINTS * older.written + 1  # amid what the older one wrote, in blocks that are sealed already
        steps = [step for step in range(first, first + 2 * POINTS, 2) if step not in logged]
        points = [a_point(key="long", value=0.5, timestamp=1, step=step) for step in steps]
        gate.perform(LogBatch(run_id=LONG_RUN, metrics=points))
        gate.perform(GetMetricCurves(run_ids=[LONG_RUN], metric_key="long", max_points=100))  # has blocks sealed
        logged += steps
    return logged


def assert_all_is_there(gate: Gate, older: OlderServer) -> None:
    """Each run of the older server is found by what it has."""
    conditions = "params.p LIKE '%' AND tags.t = 'x' AND metrics.m = 0.5 AND attributes.status = 'FINISHED'"
    found = gate.perform(SearchRuns(experiment_ids=["0"], filter=conditions, max_results=50_000))["runs"]
    expected = {f"{number:032x}": str(number) for number in range(older.written)}
    assert expected == {run["info"]["run_id"]: pairs(run["data"]["params"])["p"] for run in found}
