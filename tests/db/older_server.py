"""A server of the version before the newest schemas, as the database sees it: its statements, written down then."""

import threading
from pathlib import Path

import orjson
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from runyard._resources import migrations
from runyard.db.engine import open_engines
from runyard.db.schema import schema_locked
from tests.factories import NOW

BEFORE = "0004"
"""The schema it was made for."""
LONG_RUN = "f" * 32
"""A run of its own with a long metric, ``long``."""
POINTS = 60
"""Points it adds to that at a time, each with an even step."""

_RUN = (
    "INSERT INTO runs (run_uuid, experiment_id, name, user_id, status, start_time, artifact_uri, lifecycle_stage, "
    "document) VALUES (:uuid, 0, 'old', '', 'RUNNING', :start, '/a', 'active', :document) RETURNING id"
)
_END = "UPDATE runs SET status = 'FINISHED', end_time = :now WHERE id = :run"
_TAG = "INSERT INTO run_tags (run_id, key, value) VALUES (:run, 't', 'x')"
_PARAM = "INSERT INTO run_params (run_id, key, value) VALUES (:run, 'p', :value)"
_SERIES = (
    "INSERT INTO metric_series (run_id, key, value, step, timestamp, document) "
    "VALUES (:run, :key, :value, :step, :timestamp, :document) RETURNING id"
)
_ADVANCE = (
    "UPDATE metric_series SET value = :value, step = :step, timestamp = :timestamp, document = :document "
    "WHERE id = :series AND (step, timestamp, coalesce(value, 0.0)) < (:step, :timestamp, :value)"
)
_POINT = (
    "INSERT INTO metric_points (series_id, step, timestamp, value) VALUES (:series, :step, :timestamp, :value) "
    "ON CONFLICT DO NOTHING"
)
_NEWEST = (
    "SELECT run_uuid FROM runs WHERE experiment_id = 0 AND lifecycle_stage = 'active' ORDER BY start_time DESC LIMIT 1"
)
_EXPERIMENT = (
    "INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage, creation_time, "
    "last_update_time) VALUES (0, 'Default', '/a', 'active', 0, 0)"
)


def make_older(uri: str, version: str = BEFORE) -> None:
    """Give an empty database an older schema, and the default experiment."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrations())))
    engines = open_engines(uri)
    with engines.writing.connect() as connection, schema_locked(connection):
        config.attributes["connection"] = connection
        command.upgrade(config, version)
    with engines.writing.begin() as connection:
        connection.execute(sa.text(_EXPERIMENT))
    engines.dispose()


def _document(**entries: str) -> str:
    members = ((name, [{"key": name[0], "value": value}]) for name, value in entries.items())
    return ",".join(f"{orjson.dumps(name).decode()}:{orjson.dumps(value).decode()}" for name, value in members)


class OlderServer:
    """Writes and reads, and notes how often it did.

    Attributes
    ----------
    written: Number of runs it has logged, whose ids are the numbers before this one in hexadecimal.
    failures: What went wrong.
    """

    def __init__(self, uri: str) -> None:
        self.engines = open_engines(uri)
        self.written, self.failures = 0, list[Exception]()
        self._long: int | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work)

    def start(self) -> None:
        """Write and read until it is stopped."""
        self._thread.start()

    def go_on(self, runs: int) -> None:
        """Wait until it has logged this number of runs more, or failed."""
        end = self.written + runs
        while self.written < end and not self.failures:
            self._thread.join(0.01)

    def stop(self) -> None:
        """End it."""
        self._stop.set()
        self._thread.join()
        self.engines.dispose()

    def _work(self) -> None:
        while not self._stop.is_set():
            try:
                self.once()
            except Exception as error:  # noqa: BLE001  (the test's thread fails, not this one)
                self.failures.append(error)
                return

    def once(self) -> None:
        """Log a run and end it, find it, and go on with the long metric."""
        uuid = f"{self.written:032x}"
        with self.engines.writing.begin() as connection:
            document = _document(params=str(self.written), tags="x")
            run = connection.scalar(sa.text(_RUN), {"uuid": uuid, "start": NOW + self.written, "document": document})
            connection.execute(sa.text(_TAG), {"run": run})
            connection.execute(sa.text(_PARAM), {"run": run, "value": str(self.written)})
            self._log(connection, self._series(connection, run, "m"), "m", [0])
        with self.engines.writing.begin() as connection:
            connection.execute(sa.text(_END), {"run": run, "now": NOW + self.written})
        with self.engines.reading.begin() as connection:
            assert uuid == connection.scalar(sa.text(_NEWEST))
        self._log_more(range(2 * POINTS * self.written, 2 * POINTS * (self.written + 1), 2))
        self.written += 1

    def _log_more(self, steps: range) -> None:
        with self.engines.writing.begin() as connection:
            if self._long is None:
                values = {"uuid": LONG_RUN, "start": 0, "document": ""}
                self._long = self._series(connection, connection.scalar(sa.text(_RUN), values), "long")
            self._log(connection, self._long, "long", list(steps))

    @staticmethod
    def _series(connection: sa.Connection, run: int, key: str) -> int:
        point = {"value": 0.5, "timestamp": 1, "step": 0}
        values = {"run": run, "key": key, **point, "document": orjson.dumps({"key": key, **point}).decode()}
        return int(connection.scalar(sa.text(_SERIES), values))

    @staticmethod
    def _log(connection: sa.Connection, series: int, key: str, steps: list[int]) -> None:
        point = {"value": 0.5, "timestamp": 1, "step": steps[-1]}
        document = orjson.dumps({"key": key, **point}).decode()
        connection.execute(sa.text(_ADVANCE), {"series": series, "document": document, **point})
        rows = [{"series": series, "step": step, "timestamp": 1, "value": 0.5} for step in steps]
        connection.execute(sa.text(_POINT), rows)
