"""Reads are broken off after a time, with an error that clients do not retry."""

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from runyard.db.engine import READERS, Engines, open_engines
from runyard.db.faults import translated
from runyard.db.time_limit import limit_reads
from runyard.exceptions import TooSlow
from tests.support.http import API, Caller
from tests.support.postgres import Cluster
from tests.support.server import RunningServer

COUNTED = "SELECT count(*) FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n) x"
"""It never ends."""


@pytest.fixture
def engines(database: str) -> Iterator[Engines]:
    """Engines whose reads may take a fifth of a second."""
    opened = open_engines(database)
    limit_reads(opened, 0.2)
    yield opened
    opened.dispose()


def _error(engines: Engines, statement: str) -> Exception | None:
    try:
        with engines.reading.begin() as connection:
            connection.execute(sa.text(statement))
    except sa.exc.DBAPIError as error:
        return translated(error)
    return None


def test_an_endless_read_is_broken_off(engines: Engines) -> None:
    """Each connection may be, and the next read on it has all of its time."""
    for _ in range(2):
        with ThreadPoolExecutor(READERS) as pool:
            errors = [*pool.map(lambda _: _error(engines, COUNTED), range(READERS))]
        assert [TooSlow] * READERS == [type(error) for error in errors]
        assert _error(engines, "SELECT 1") is None


def _waited(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


def test_writes_have_no_limit(engines: Engines) -> None:
    """Long writes are meant: `runyard gc` and upgrades take their time. A read of the same length is broken off."""
    waits = "waited(0.2)" if engines.dialect == "sqlite" else "length(CAST(pg_sleep(0.2) AS text))"
    statement = sa.text(f"SELECT count({waits}) FROM (VALUES (1), (2), (3), (4)) AS four")
    broken_off = []
    for engine in (engines.writing, engines.reading):
        with engine.connect() as connection:
            if engines.dialect == "sqlite":
                driver: Any = connection.connection.dbapi_connection
                driver.create_function("waited", 1, _waited)
            try:
                assert 4 == connection.scalar(statement)
            except sa.exc.DBAPIError as error:
                broken_off.append((engine, type(translated(error))))
    assert [(engines.reading, TooSlow)] == broken_off


def test_a_server_says_what_to_do(
    postgres: Cluster, start_server: Callable[..., RunningServer], new_store: str
) -> None:
    """422 is not retried by MLflow's clients, nor by ours."""
    server = start_server(database_uri=new_store, RUNYARD_STATEMENT_TIMEOUT="0.2")
    if not new_store.startswith("postgresql"):
        return
    with Caller(server.url) as caller, psycopg.connect(new_store) as stranger:
        path = f"{API}runs/get?run_id={caller.new_run()}"
        stranger.execute("LOCK TABLE runs IN ACCESS EXCLUSIVE MODE")
        status, _, body = caller.request("GET", path)
    assert (422, "DEADLINE_EXCEEDED") == (status, json.loads(body)["error_code"])
