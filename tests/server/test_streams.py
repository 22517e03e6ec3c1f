"""Whole histories over HTTP: in pieces, from a server that neither holds them in memory nor waits for slow readers."""

import gzip
import http.client
import json
import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from runyard.gate.admission import DEAR_READS
from tests.support.http import API, Caller
from tests.support.postgres import Cluster
from tests.support.server import RunningServer

pytestmark = pytest.mark.slow

POINTS = 300_000
"""25 MB of text: more than sockets hold on their way."""
SMALL_BUFFER = 64 * 1024


def _log(caller: Caller, run_id: str, key: str, points: int, timestamp: Callable[[int], int] = lambda n: n) -> None:
    for first in range(0, points, 1000):
        metrics = [
            {"key": key, "value": n / 7, "timestamp": timestamp(n), "step": n}
            for n in range(first, min(first + 1000, points))
        ]
        caller.call("runs/log-batch", {"run_id": run_id, "metrics": metrics})


def _path(run_id: str, key: str) -> str:
    return f"{API}metrics/get-history?run_id={run_id}&metric_key={key}"


@pytest.fixture(scope="module")
def long_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningServer, str]]:
    """A server with a run of a long series ``m``."""
    home = tmp_path_factory.mktemp("streams")
    server = RunningServer(home, f"sqlite:///{home / 'runyard.db'}").start()
    with Caller(server.url) as caller:
        run_id = caller.new_run()
        _log(caller, run_id, "m", POINTS)
    yield server, run_id
    server.kill()


class _SlowReader:
    """Asks for an answer and reads it when told to."""

    def __init__(self, server: RunningServer, path: str) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        connection.sock = socket.socket()
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
        connection.sock.connect(("127.0.0.1", server.port))
        connection.request("GET", path)
        self.connection, self.reply = connection, connection.getresponse()
        self.begun = self.reply.read(1000)

    def __enter__(self) -> "_SlowReader":
        return self

    def __exit__(self, *_: object) -> None:
        self.reply.close()
        self.connection.close()

    def rest(self) -> Any:
        """The whole answer, decoded."""
        return json.loads(self.begun + self.reply.read())


@pytest.mark.parametrize("order", ["time follows the step", "time does not follow the step"])
def test_a_whole_history_is_what_pages_hold(cluster: Cluster | None, tmp_path: Path, order: str) -> None:
    """In pieces or in pages, on both databases: the same points, in one order."""
    uri = cluster.store(str(tmp_path)) if cluster else f"sqlite:///{tmp_path / 'runyard.db'}"
    server = RunningServer(tmp_path, uri).start()
    try:
        with Caller(server.url) as caller:
            run_id = caller.new_run()
            _log(caller, run_id, "m", 12_000, lambda n: n if order == "time follows the step" else n * 7919 % 12_000)
            for n, value in enumerate(("NaN", "Infinity", "-Infinity", 1.7e308, 1.7e308)):
                point = {"run_id": run_id, "key": "m", "value": value, "timestamp": 5000, "step": 20_000 + n}
                caller.call("runs/log-metric", point)
            _, headers, whole = caller.request("GET", _path(run_id, "m"))
            paged: list[Any] = []
            token: str | None = ""
            while token is not None:
                _, page = caller.get(f"{_path(run_id, 'm')}&max_results=1500&page_token={token}".removeprefix(API))
                paged += page["metrics"]
                token = page.get("next_page_token")
    finally:
        server.kill()
        if cluster:
            cluster.give_back(uri)

    assert 12_005 == len(paged)
    assert {"metrics": paged} == json.loads(whole)
    assert paged == sorted(paged, key=lambda point: (point["timestamp"], point["step"]))
    assert "chunked" == headers["transfer-encoding"]


def test_a_long_history_takes_little_memory(long_server: tuple[RunningServer, str]) -> None:
    """It took 90 MB as one text; a dozen readers at once would have stopped the server."""
    server, run_id = long_server
    before = server.peak_memory()
    with Caller(server.url) as caller:
        status, headers, text = caller.request("GET", _path(run_id, "m"))

    assert (200, "chunked") == (status, headers["transfer-encoding"])
    assert POINTS == len(json.loads(text)["metrics"])
    assert server.peak_memory() < before + 40


def test_it_comes_packed_in_pieces(long_server: tuple[RunningServer, str]) -> None:
    """For those who take that."""
    server, run_id = long_server
    with Caller(server.url) as caller:
        _, headers, packed = caller.request("GET", _path(run_id, "m"), None, {"Accept-Encoding": "gzip"})
        _, _, plain = caller.request("GET", _path(run_id, "m"))

    assert ("gzip", "chunked") == (headers["content-encoding"], headers["transfer-encoding"])
    assert plain == gzip.decompress(packed)


def test_readers_that_stop_are_in_nobodys_way(long_server: tuple[RunningServer, str]) -> None:
    """More of them than there are turns for dear reads: none keeps its turn, or a connection to the database."""
    server, run_id = long_server
    with ExitStack() as open_ones:
        for _ in range(2 * DEAR_READS):
            open_ones.enter_context(_SlowReader(server, _path(run_id, "m")))
        caller = open_ones.enter_context(Caller(server.url))
        status, _, text = caller.request("GET", _path(run_id, "m"))

    assert (200, POINTS) == (status, text.count(b"{") - 1)


def test_points_that_come_meanwhile_repeat_and_replace_none(long_server: tuple[RunningServer, str]) -> None:
    """Pieces are read one after the other: what was there at the beginning is in one of them, once."""
    server, _ = long_server
    with Caller(server.url) as caller:
        run_id = caller.new_run()
        _log(caller, run_id, "live", 150_000)
        with _SlowReader(server, _path(run_id, "live")) as reader:
            for time in (0, 140_000, 200_000):
                point = {"run_id": run_id, "key": "live", "value": -1, "timestamp": time, "step": 200_000 + time}
                caller.call("runs/log-metric", point)
            found = [point["step"] for point in reader.rest()["metrics"]]

    assert list(range(150_000)) == [step for step in found if step < 200_000]
    assert len(set(found)) == len(found)
    assert 400_000 == found[-1]


def test_an_error_in_the_middle_is_no_whole_answer(long_server: tuple[RunningServer, str]) -> None:
    """Else a script would take the half of a history for all of it."""
    server, _ = long_server
    with Caller(server.url) as caller:
        run_id = caller.new_run()
        _log(caller, run_id, "removed", 150_000)
        with _SlowReader(server, _path(run_id, "removed")) as reader:
            with closing(sqlite3.connect(server.folder / "runyard.db")) as database, database:
                of_series = "series_id IN (SELECT id FROM metric_series WHERE key = 'removed')"
                database.execute(f"DELETE FROM metric_blocks WHERE {of_series}")
                database.execute(f"DELETE FROM metric_points WHERE {of_series}")
                database.execute("DELETE FROM metric_series WHERE key = 'removed'")
            with pytest.raises(http.client.IncompleteRead):
                reader.rest()

        assert 200 == caller.request("GET", "/health")[0]
    assert "was broken off: Metric 'removed' of run" in server.output()


def test_clients_of_http_1_0_get_it_whole(long_server: tuple[RunningServer, str]) -> None:
    """They know no pieces."""
    server, run_id = long_server
    with socket.create_connection(("127.0.0.1", server.port), 60) as connection:
        connection.sendall(f"GET {_path(run_id, 'm')} HTTP/1.0\r\nHost: 127.0.0.1:{server.port}\r\n\r\n".encode())
        text = b"".join(iter(lambda: connection.recv(2**20), b""))
    head, _, body = text.partition(b"\r\n\r\n")

    assert f"content-length: {len(body)}".encode() in head
    assert b"chunked" not in head
    assert POINTS == len(json.loads(body)["metrics"])


def test_head_reads_no_history(long_server: tuple[RunningServer, str]) -> None:
    """The headers, without the work."""
    server, run_id = long_server
    with Caller(server.url) as caller:
        status, headers, body = caller.request("HEAD", _path(run_id, "m"))
        again = caller.request("GET", "/health")[0]

    assert (200, "application/json", b"", 200) == (status, headers["content-type"], body, again)
