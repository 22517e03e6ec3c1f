"""An upgrade while a server of the version before goes on writing and reading."""

import threading
from contextlib import closing

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from runyard._resources import migrations
from runyard.db.engine import open_engines
from runyard.db.migrate import upgrade
from runyard.db.schema import HEAD, schema_locked
from runyard.gate.gate import Gate
from runyard.tracking.metrics.messages import GetMetricHistory
from runyard.tracking.runs.messages import SearchRuns
from tests.factories import NOW, pairs

BEFORE = "0004"
RUN = (
    "INSERT INTO runs (run_uuid, experiment_id, name, user_id, status, start_time, artifact_uri, lifecycle_stage, "
    "document) VALUES (:uuid, 0, 'old', '', 'RUNNING', :start, '/a', 'active', "
    '\'"tags":[{"key":"t","value":"x"}]\') RETURNING id'
)
TAG = "INSERT INTO run_tags (run_id, key, value) VALUES (:run, 't', 'x')"
SERIES = (
    "INSERT INTO metric_series (run_id, key, value, step, timestamp, document) VALUES (:run, 'm', 0.5, 0, 1, "
    '\'{"key":"m","value":0.5,"timestamp":1,"step":0}\') RETURNING id'
)
POINT = "INSERT INTO metric_points (series_id, step, timestamp, value) VALUES (:series, 0, 1, 0.5)"


def statement(text: str) -> sa.TextClause:
    """The text as SQL, with the colons of JSON escaped."""
    return sa.text(text.replace('":', '"\\:'))


class OlderServer:
    """Writes and reads with the columns of the version before, and notes how often it did."""

    def __init__(self, uri: str) -> None:
        self.engines = open_engines(uri)
        self.written, self.failures = 0, list[Exception]()
        self.stop = threading.Event()

    def work(self) -> None:
        """Log a run and look at the newest, again and again."""
        while not self.stop.is_set():
            try:
                self.once()
            except Exception as error:  # noqa: BLE001  (the test's thread fails, not this one)
                self.failures.append(error)
                return

    def once(self) -> None:
        """Log one run, and find it."""
        uuid = f"{self.written:032x}"
        with self.engines.writing.begin() as connection:
            run = connection.scalar(statement(RUN), {"uuid": uuid, "start": NOW + self.written})
            connection.execute(statement(TAG), {"run": run})
            series = connection.scalar(statement(SERIES), {"run": run})
            connection.execute(statement(POINT), {"series": series})
        self.written += 1
        newest = (
            "SELECT run_uuid FROM runs WHERE experiment_id = 0 AND lifecycle_stage = 'active' ORDER BY start_time DESC"
        )
        with self.engines.reading.begin() as connection:
            assert uuid == connection.scalar(sa.text(newest))


def test_older_server_goes_on(database: str) -> None:
    """None of its writes fails or is lost, before, during and after; the new version finds each."""
    config = Config()
    config.set_main_option("script_location", str(migrations()))
    engines = open_engines(database)
    with engines.writing.connect() as connection, schema_locked(connection):
        config.attributes["connection"] = connection
        command.upgrade(config, BEFORE)
    with engines.writing.begin() as connection:
        values = "0, 'Default', '/a', 'active', 0, 0"
        columns = "experiment_id, name, artifact_location, lifecycle_stage, creation_time, last_update_time"
        connection.execute(sa.text(f"INSERT INTO experiments ({columns}) VALUES ({values})"))
    older = OlderServer(database)
    for _ in range(20):
        older.once()
    working = threading.Thread(target=older.work)
    working.start()
    steps: list[str] = []
    try:
        upgrade(database, steps.append)
        after = older.written
        while older.written < after + 20 and not older.failures:
            working.join(0.01)
    finally:
        older.stop.set()
        working.join()
        older.engines.dispose()
        engines.dispose()

    assert [] == older.failures
    assert steps[-1].startswith(f"Schema version {HEAD}: ")
    with closing(Gate.open(database)) as gate:
        found = gate.perform(
            SearchRuns(experiment_ids=["0"], filter="tags.t = 'x' and metrics.m = 0.5", max_results=50_000)
        )
        assert {f"{number:032x}" for number in range(older.written)} == {run["info"]["run_id"] for run in found["runs"]}
        assert {"t": "x"} == pairs(found["runs"][0]["data"]["tags"])
        history = gate.perform(GetMetricHistory(run_id=f"{older.written - 1:032x}", metric_key="m"))
        assert 1 == len(history["metrics"])
