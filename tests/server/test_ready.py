"""`/ready` says whether a load balancer should send requests here, and `/health` only that the process lives."""

import json
import signal
import socket
import time
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from runyard.db.schema import HEAD
from runyard.server.readiness import LIMIT_SECONDS
from tests.support.http import Caller
from tests.support.postgres import Cluster
from tests.support.s3 import ObjectStore
from tests.support.server import RunningServer

pytestmark = pytest.mark.slow


def ready(server: RunningServer, query: str = "?verbose") -> tuple[int, Any]:
    """Status and JSON of the answer; the process lives, whatever it says."""
    with Caller(server.url) as caller:
        assert (200, b"OK") == caller.request("GET", "/health")[::2]
        status, _, body = caller.request("GET", f"/ready{query}")
        return status, json.loads(body)


def until(server: RunningServer, status: int) -> Any:
    """Ask until this is the status; returns what it said."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        found, answer = ready(server)
        if found == status:
            return {check["name"]: check["message"] for check in answer["checks"]}
        time.sleep(0.1)
    raise AssertionError(f"It was {found} all the time: {answer}")


def test_ready_server_says_what_it_looked_at(start_server: Callable[..., RunningServer], new_store: str) -> None:
    """On both databases, for balancers that read the status and for people who read all."""
    server = start_server(database_uri=new_store)

    assert (200, {"ready": True, "failing": []}) == ready(server, "")
    status, answer = ready(server)
    assert (200, ["database", "artifacts"]) == (status, [check["name"] for check in answer["checks"]])
    assert f"The database has schema version {HEAD}." == answer["checks"][0]["message"]
    with Caller(server.url) as caller:
        assert 405 == caller.request("POST", "/ready", b"")[0]
        assert b"" == caller.request("HEAD", "/ready")[2]


@pytest.mark.parametrize("cluster", ["postgresql"], indirect=True)
def test_database_that_lets_nobody_in(
    postgres: Cluster, start_server: Callable[..., RunningServer], new_store: str
) -> None:
    """A server whose database is gone gets no requests, and gets them again when it is back."""
    server, name = start_server(database_uri=new_store), new_store.rpartition("/")[2]
    assert 200 == ready(server)[0]
    postgres.execute("postgres", f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')

    assert "not currently accepting connections" in until(server, 503)["database"]
    assert ["database"] == ready(server, "")[1]["failing"]
    ended = f"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{name}'"
    postgres.execute("postgres", ended)
    with Caller(server.url) as caller:
        for _ in range(3):
            assert 503 == caller.post("experiments/search", {"max_results": 1})[0]
    postgres.execute("postgres", f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
    until(server, 200)
    with Caller(server.url) as caller:
        assert 200 == caller.post("experiments/search", {"max_results": 1})[0]
    lines = [line for line in server.output().splitlines() if "the database" in line]
    assert ["cannot be reached", "is back after"] == [
        said for line in lines for said in ("cannot be reached", "is back after") if said in line
    ], lines


@pytest.mark.parametrize("cluster", ["postgresql"], indirect=True)
def test_database_that_hangs(start_server: Callable[..., RunningServer], new_store: str) -> None:
    """The answer comes in time, and no more than one question waits."""
    server = start_server(database_uri=new_store)
    with psycopg.connect(new_store) as stranger:
        stranger.execute("LOCK TABLE alembic_version IN ACCESS EXCLUSIVE MODE")
        began = time.monotonic()
        assert f"There was no answer within {LIMIT_SECONDS:g} seconds." == until(server, 503)["database"]
        assert time.monotonic() - began < LIMIT_SECONDS + 10
        for _ in range(5):
            assert 503 == ready(server)[0]
        asked = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        [(waiting,)] = stranger.execute(asked).fetchall()
        assert 1 == waiting
        stranger.rollback()
    until(server, 200)


@pytest.mark.parametrize("cluster", ["postgresql"], indirect=True)
def test_schema_of_another_version(start_server: Callable[..., RunningServer], new_store: str) -> None:
    """An older one cannot be used; with a newer one servers go on, which is how they are upgraded in turn."""
    server = start_server(database_uri=new_store)
    for found, status in (("0001", 503), ("9999", 200)):
        with psycopg.connect(new_store) as stranger:
            stranger.execute("UPDATE alembic_version SET version_num = %s", (found,))
        time.sleep(1.1)  # what was found is taken for granted for a second
        assert found in until(server, status)["database"]
    with psycopg.connect(new_store) as stranger:
        stranger.execute("UPDATE alembic_version SET version_num = %s", (HEAD,))


def test_artifacts_that_cannot_be_kept(start_server: Callable[..., RunningServer]) -> None:
    """A disk that is not mounted is found out before a training has ended."""
    server = start_server()
    folder = server.folder / "runyard-artifacts"
    assert 200 == ready(server)[0]
    folder.rename(server.folder / "elsewhere")

    assert f"There is no folder {folder}." == until(server, 503)["artifacts"]
    (server.folder / "elsewhere").rename(folder)
    until(server, 200)
    lines = [line for line in server.output().splitlines() if "the store of artifacts" in line]
    assert ["cannot be reached", "is back after"] == [
        said for line in lines for said in ("cannot be reached", "is back after") if said in line
    ], lines


def test_store_of_artifacts_that_hangs(start_server: Callable[..., RunningServer], objects: ObjectStore) -> None:
    """A store that takes connections and says nothing is found out in time; the server can end all the same."""
    options = ("--artifacts-destination", "s3://models/ready")
    answering = start_server(*options, **objects.environment())
    assert "s3://models/ready answers." == until(answering, 200)["artifacts"]
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        hanging = start_server(*options, **{**objects.environment(), "MLFLOW_S3_ENDPOINT_URL": address})
        assert f"There was no answer within {LIMIT_SECONDS:g} seconds." == until(hanging, 503)["artifacts"]
        assert ["artifacts"] == ready(hanging, "")[1]["failing"]
        assert 0 == hanging.stop()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_server_that_is_asked_to_end_says_so_first(start_server: Callable[..., RunningServer], workers: str) -> None:
    """So that proxies have others to send requests to before it takes no more; a second signal ends it at once."""
    server = start_server("--drain-seconds", "60", "--workers", workers)
    assert server.process is not None
    assert 200 == ready(server)[0]
    server.process.send_signal(signal.SIGTERM)

    assert "The server was asked to end." == until(server, 503)["server"]
    with Caller(server.url) as caller:
        assert caller.new_run()
    began = time.monotonic()
    assert 0 == server.stop()
    assert time.monotonic() - began < 20


def test_it_ends_when_the_time_is_over(start_server: Callable[..., RunningServer]) -> None:
    """Nothing but the first signal is needed."""
    server = start_server("--drain-seconds", "0.5")
    began = time.monotonic()

    assert 0 == server.stop()
    assert time.monotonic() - began >= 0.5
