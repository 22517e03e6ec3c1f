"""Nobody waits for somebody else: readers of dear pages, training scripts and readers of runs at the same time."""

import json
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path

import psycopg
import pytest

from runyard.gate.admission import CHEAP, DEAR
from tests.support.http import API, Caller
from tests.support.postgres import Cluster
from tests.support.server import RunningServer
from tests.support.waits import waiting_for_locks

pytestmark = pytest.mark.slow

VISITORS, POINTS = 12, 60_000
Answer = tuple[int, dict[str, str], bytes]


@pytest.fixture
def on_postgres(
    postgres: Cluster, start_server: Callable[..., RunningServer], tmp_path: Path
) -> Iterator[RunningServer]:
    """A server on PostgreSQL."""
    uri = postgres.store(str(tmp_path))
    server = start_server(database_uri=uri)
    yield server
    server.kill()
    postgres.give_back(uri)


def _get(server: RunningServer, path: str) -> Answer:
    with Caller(server.url, timeout=100) as caller:
        return caller.request("GET", path)


def _with_points(caller: Caller, points: int) -> str:
    run_id = caller.new_run()
    for first in range(0, points, 1000):
        metrics = [{"key": "m", "value": n, "timestamp": n, "step": n} for n in range(first, min(first + 1000, points))]
        caller.call("runs/log-batch", {"run_id": run_id, "metrics": metrics})
    return run_id


def test_cheap_requests_do_not_wait_for_dear_ones(server: RunningServer) -> None:
    """A dozen readers of whole histories wait for each other; a script that logs, and who looks at its run, do not."""
    with Caller(server.url, timeout=100) as caller:
        dear = f"{API}metrics/get-history?run_id={_with_points(caller, POINTS)}&metric_key=m"
        run_id, done = caller.new_run(), threading.Event()

        def visit(_: int) -> list[float]:
            waits = []
            with Caller(server.url, timeout=100) as visitor:
                while not done.is_set():
                    began = time.perf_counter()
                    status, headers, _answer = visitor.request("GET", dear)
                    assert status == 200 or (status == 503 and headers["retry-after"])
                    waits.append(time.perf_counter() - began)
            return waits

        cheap = []
        with ThreadPoolExecutor(VISITORS) as pool:
            visitors = [pool.submit(visit, number) for number in range(VISITORS)]
            for step in range(60):
                began = time.perf_counter()
                assert caller.get(f"runs/get?run_id={run_id}")[0] == 200
                caller.call("runs/log-metric", {"run_id": run_id, "key": "k", "value": 1, "timestamp": 1, "step": step})
                cheap.append(time.perf_counter() - began)
            done.set()
            waits = [wait for visitor in visitors for wait in visitor.result()]

    assert statistics.median(cheap) < statistics.median(waits) / 2


def test_too_many_dear_pages_leave_threads_to_others(on_postgres: RunningServer) -> None:
    """Pages that hang in the database hold a thread each: one more than may wait is answered 503, others are served."""
    most = DEAR.slots + DEAR.waiting_threads
    with Caller(on_postgres.url) as caller, ThreadPoolExecutor(most + 1) as pool:
        run_id = _with_points(caller, 10)
        assert _get(on_postgres, f"/runs/{run_id}")[0] == 200
        with psycopg.connect(on_postgres.database_uri) as stranger:
            stranger.execute("LOCK TABLE metric_points IN ACCESS EXCLUSIVE MODE")
            pages = [pool.submit(_get, on_postgres, f"/ui/metrics?key=m&runs={run_id}") for _ in range(most + 1)]
            refused = wait(pages, return_when=FIRST_COMPLETED).done
            assert {(503, "2")} == {(page.result()[0], page.result()[1]["retry-after"]) for page in refused}
            assert 200 == _get(on_postgres, f"/runs/{run_id}/artifacts")[0]
            assert 200 == caller.get(f"runs/get?run_id={run_id}")[0]
            stranger.rollback()
        assert 3 <= [page.result()[0] for page in pages].count(200)


def test_reads_that_hang_turn_others_away(on_postgres: RunningServer) -> None:
    """When cheap reads hang too, the next one is told soon when to come back."""
    with Caller(on_postgres.url) as caller, ThreadPoolExecutor(CHEAP.slots) as pool:
        path = f"{API}runs/get?run_id={caller.new_run()}"
        with psycopg.connect(on_postgres.database_uri) as stranger:
            stranger.execute("LOCK TABLE runs IN ACCESS EXCLUSIVE MODE")
            hanging = [pool.submit(_get, on_postgres, path) for _ in range(CHEAP.slots)]
            waiting_for_locks(on_postgres.database_uri, CHEAP.slots)
            status, headers, body = _get(on_postgres, path)
            stranger.rollback()
        assert {200} == {read.result()[0] for read in hanging}

    assert (503, "1", "TEMPORARILY_UNAVAILABLE") == (status, headers["retry-after"], json.loads(body)["error_code"])


def test_a_request_has_a_total_time(
    postgres: Cluster, start_server: Callable[..., RunningServer], tmp_path: Path
) -> None:
    """A write that waits for a stranger is answered before its client gives up, and sent again it is stored once."""
    uri = postgres.store(str(tmp_path))
    server = start_server("--request-timeout", "3", database_uri=uri)
    with Caller(server.url) as caller:
        run_id = caller.new_run()
        tag = {"run_id": run_id, "key": "t", "value": "x"}
        with psycopg.connect(uri) as stranger:
            stranger.execute("SELECT 1 FROM runs WHERE run_uuid = %s FOR UPDATE", (run_id,))
            status, answer = caller.post("runs/set-tag", tag)
            stranger.rollback()
        assert (504, "DEADLINE_EXCEEDED") == (status, answer["error_code"])
        assert {} == caller.call("runs/set-tag", tag)
    server.kill()
    postgres.give_back(uri)
