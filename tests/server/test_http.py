"""HTTP itself: routes and methods, framing, heads, slow clients, and the end."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress

import psutil
import pytest

from tests.server import route_walk as walk
from tests.support.clock import wait_until
from tests.support.http import Caller
from tests.support.raw import Connection, post_head, seconds_since
from tests.support.server import RunningServer

Connect = Callable[[RunningServer], Connection]

SEARCH = "/api/2.0/mlflow/experiments/search"
CREATE = "/api/2.0/mlflow/experiments/create"


@pytest.mark.parametrize(
    "path",
    [
        "/api/2.0/mlflow/nothing",
        "/api/2.0/mlflow/experiments/get/",
        "/api/2.0/mlflow/",
        "/ajax-api/2.0/mlflow/experiments/no-such",
        "/api/9.9/mlflow/experiments/get",
        "/api/2.0/mlflow/experiments/../experiments/get",
        "/api/x%00y",
        "/ajax-api/%ff%fe",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_unknown_routes(caller: Caller, method: str, path: str) -> None:
    """Clients that speak JSON get JSON, also where nothing is."""
    status, headers, body = caller.request(method, path, b"{}" if method != "GET" else None, walk.JSON)

    assert 404 == status
    assert "ENDPOINT_NOT_FOUND" in walk.answer_of(status, headers, body)


@pytest.mark.parametrize("path", ["/no/such/page", "/health/", "/x%00y", "/%ff"])
def test_unknown_pages(caller: Caller, path: str) -> None:
    """People get a page, and it repeats nothing dangerous."""
    status, headers, body = caller.request("GET", path)

    assert (404, "text/html; charset=utf-8") == (status, headers["content-type"])
    assert b"Traceback" not in body


WEB_METHODS = {
    "/": {"GET", "HEAD"},
    "/api/docs": {"GET", "HEAD"},
    "/api/openapi.json": {"GET", "HEAD"},
    "/api/2.0/mlflow-artifacts/artifacts": {"GET"},
    "/api/2.0/mlflow-artifacts/artifacts/no/such.txt": {"GET", "HEAD", "PUT", "DELETE"},
    "/ui/experiments/create": {"POST"},
}


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE"])
def test_methods(caller: Caller, method: str) -> None:
    """A route that is there says which methods it takes."""
    allowed: dict[str, set[str]] = {"/health": {"GET", "HEAD"}, "/ready": {"GET", "HEAD"}, "/version": {"GET", "HEAD"}}
    for known, path in walk.ROUTES:
        allowed.setdefault(path, set()).update({known, "HEAD"} if known == "GET" else {known})

    for path, methods in {**allowed, **WEB_METHODS}.items():
        status, headers, _ = caller.request(method, path, None, walk.JSON)
        if method in methods:
            assert status != 405, path
        else:
            assert (405, methods) == (status, set(headers["allow"].split(", "))), path


def test_head_has_the_headers_of_get_and_no_body(caller: Caller) -> None:
    """Monitors ask with HEAD."""
    path = "/api/2.0/mlflow/experiments/get?experiment_id=0"
    _, expected, body = caller.request("GET", path)

    status, headers, empty = caller.request("HEAD", path)

    assert (200, b"", str(len(body))) == (status, empty, headers["content-length"])
    assert expected["content-type"] == headers["content-type"]


SMUGGLED = b"GET /api/2.0/mlflow/experiments/get-by-name?experiment_name=smuggled HTTP/1.1\r\nHost: {host}\r\n\r\n"
FRAMINGS = {
    "two lengths": ("Content-Length: 2\r\nContent-Length: 18", b"{}"),
    "one length twice": ("Content-Length: 2\r\nContent-Length: 2", b"{}"),
    "list of lengths": ("Content-Length: 2, 2", b"{}"),
    "length with chunked": ("Content-Length: 5\r\nTransfer-Encoding: chunked", b"0\r\n\r\n"),
    "chunked with length": ("Transfer-Encoding: chunked\r\nContent-Length: 5", b"0\r\n\r\n"),
    "unknown coding": ("Transfer-Encoding: foo", b"0\r\n\r\n"),
    "coding before chunked": ("Transfer-Encoding: gzip, chunked", b"0\r\n\r\n"),
    "chunked twice": ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", b"0\r\n\r\n"),
    "almost chunked": ("Transfer-Encoding: xchunked", b"0\r\n\r\n"),
    "negative length": ("Content-Length: -2", b"{}"),
    "signed length": ("Content-Length: +2", b"{}"),
    "hexadecimal length": ("Content-Length: 0x2", b"{}"),
    "endless length": ("Content-Length: 99999999999999999999999999", b"{}"),
    "space before colon": ("Content-Length : 2", b"{}"),
    "folded header": ("X: a\r\n b\r\nContent-Length: 2", b"{}"),
    "NUL in a header": ("X: a\x00b\r\nContent-Length: 2", b"{}"),
    "bare line feed": ("X: a\nContent-Length: 2", b"{}"),
    "bad chunk size": ("Transfer-Encoding: chunked", b"zz\r\n{}\r\n0\r\n\r\n"),
    "negative chunk size": ("Transfer-Encoding: chunked", b"-1\r\n{}\r\n0\r\n\r\n"),
    "chunk longer than said": ("Transfer-Encoding: chunked", b"1\r\n{}\r\n0\r\n\r\n"),
}


@pytest.mark.parametrize(("lines", "body"), FRAMINGS.values(), ids=list(FRAMINGS))
def test_framing(server: RunningServer, raw: Connection, lines: str, body: bytes) -> None:
    """Where two parsers could see different requests, there is no second request."""
    before = walk.stored(server)
    create = b'{"name": "smuggled"}'
    second = post_head(raw.host, CREATE, f"Content-Length: {len(create)}") + create

    raw.send(post_head(raw.host, CREATE, *lines.split("\r\n")) + body + second)

    answer = raw.answer()
    assert (400, "close") == (answer.status, answer.headers["connection"])
    assert "BAD_REQUEST" == answer.json["error_code"]
    assert raw.is_closed_within(5)
    assert before == walk.stored(server)


@pytest.mark.parametrize(
    "line", ["GARBAGE", "GET / HTTP/9.9", "GET  HTTP/1.1", "\x16\x03\x01\x02", "get / HTTP/1.1", "GET / FTP/1.1"]
)
def test_what_is_not_http(raw: Connection, line: str) -> None:
    """Wrong programs on our port get a short answer."""
    raw.send(f"{line}\r\nHost: {raw.host}\r\n\r\n".encode())

    assert 400 == raw.answer().status
    assert raw.is_closed_within(5)


def test_chunked_needs_the_present_version(raw: Connection) -> None:
    """HTTP/1.0 has no chunks; a proxy that speaks it would see another body than we do."""
    raw.send(f"POST {CREATE} HTTP/1.0\r\nHost: {raw.host}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".encode())

    assert 400 == raw.answer().status


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("X: " + "a" * 60_000, 200),
        ("X: " + "a" * 66_000, 431),
        ("X" * 66_000 + ": a", 431),
        ("\r\n".join(f"X{number}: {'a' * 700}" for number in range(95)), 431),
        ("\r\n".join(f"X{number}: a" for number in range(98)), 200),
        ("\r\n".join(f"X{number}: a" for number in range(100)), 431),
        ("\r\n".join("X: a" for _ in range(5_000)), 431),
    ],
)
def test_header_limits(raw: Connection, head: str, status: int) -> None:
    """Heads are kept in memory whole, so they end somewhere."""
    raw.send(f"GET /health HTTP/1.1\r\nHost: {raw.host}\r\n{head}\r\n\r\n".encode())

    assert status == raw.answer().status


def test_an_endless_head_is_refused_before_it_ends(raw: Connection) -> None:
    """The limit bites while the head grows."""
    raw.send(b"GET /" + b"a" * 40_000)
    time.sleep(0.2)
    raw.send(b"a" * 40_000)

    assert 431 == raw.answer().status
    assert raw.is_closed_within(5)


def test_pipelined_requests_are_answered_in_order(raw: Connection) -> None:
    """Old clients send the next request before they have the answer."""
    one = f"GET /version HTTP/1.1\r\nHost: {raw.host}\r\n\r\n".encode()
    other = f"GET /health HTTP/1.1\r\nHost: {raw.host}\r\n\r\n".encode()

    raw.send(one + other + b"BROKEN\r\n\r\n")

    assert b"3.17.2" == raw.answer().body
    assert b"OK" == raw.answer().body
    assert raw.is_closed_within(5)


def test_an_offer_to_switch_protocols_is_ignored(raw: Connection) -> None:
    """curl offers HTTP/2 this way and is content with an answer."""
    raw.send(f"GET /health HTTP/1.1\r\nHost: {raw.host}\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n".encode())

    assert (200, b"OK") == ((answer := raw.answer()).status, answer.body)


IMPATIENT = {"head_seconds": 0.6, "idle_seconds": 0.6, "body_window": 0.6, "linger_seconds": 0.6}


def test_slow_clients(configured: Callable[..., RunningServer], connect: Connect) -> None:
    """Who says nothing, dawdles over the head, drips a body or falls silent after an answer is let go."""
    server = configured(limits=IMPATIENT)
    search = post_head(f"127.0.0.1:{server.port}", SEARCH, "Content-Length: 18")
    beginnings = {
        "silent": b"",
        "half a head": b"GET /health HTTP/1.1\r\nHost: x",
        "blank lines": b"\r\n\r\n",
        "no body": search,
        "part of a body": search + b"{",
        "unfinished chunk": post_head(f"127.0.0.1:{server.port}", SEARCH, "Transfer-Encoding: chunked") + b"5\r\n{",
    }
    connections = {name: connect(server) for name in beginnings}
    for name, beginning in beginnings.items():
        connections[name].send(beginning)

    assert [] == [name for name, connection in connections.items() if not connection.is_closed_within(3)]
    with Connection(server.url) as idle:
        idle.send(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        assert 200 == idle.answer().status
        assert idle.is_closed_within(3)


@pytest.mark.parametrize("beginning", ["GET /health HTTP/1.1\r\nX: ", "POST {search}", "\r\n"])
def test_dripping_does_not_help(configured: Callable[..., RunningServer], beginning: str) -> None:
    """A byte now and then does not keep a connection open for ever."""
    server = configured(limits=IMPATIENT)
    search = post_head(f"127.0.0.1:{server.port}", SEARCH, "Content-Length: 1000").decode().removeprefix("POST ")
    start = time.monotonic()
    with Connection(server.url) as raw:
        raw.send(beginning.format(search=search).encode())
        with suppress(ConnectionError):
            while seconds_since(start) < 30:
                raw.send(b"\r\n" if beginning == "\r\n" else b"a")
                time.sleep(0.05)

    assert 0.5 < seconds_since(start) < 25


def test_a_steady_body_may_take_its_time(configured: Callable[..., RunningServer]) -> None:
    """Slow lines are not slow clients."""
    server = configured(limits={**IMPATIENT, "body_rate": 100})
    body = b'{"max_results": 1}' + b" " * 600
    with Connection(server.url) as raw:
        raw.send(post_head(raw.host, SEARCH, f"Content-Length: {len(body)}"))
        for start in range(0, len(body), 20):
            raw.send(body[start : start + 20])
            time.sleep(0.06)

        assert 200 == raw.answer().status


def test_slow_clients_hold_up_nobody(server: RunningServer, caller: Caller, connect: Connect) -> None:
    """Two hundred half requests cost others nothing."""
    head = post_head(f"127.0.0.1:{server.port}", CREATE, "Content-Length: 1000")
    for connection in [connect(server) for _ in range(200)]:
        connection.send(head + b"{")

    start = time.monotonic()
    for _ in range(50):
        assert 200 == caller.request("GET", SEARCH + "?max_results=1")[0]
    assert seconds_since(start) < 10  # a server that waits for the rest of the half requests takes longer


def test_a_client_that_goes_away_leaves_nothing_behind(server: RunningServer, caller: Caller) -> None:
    """Half a message is not a message."""
    before = walk.stored(server)
    with Connection(server.url) as raw:
        raw.send(post_head(raw.host, CREATE, "Content-Length: 100") + b'{"name": "half"')

    assert 200 == caller.request("GET", "/health")[0]
    assert before == walk.stored(server)
    assert "Traceback" not in server.output()


def connections(server: RunningServer) -> int:
    """How many connections the server holds open; what it closes is sent on by the kernel, so clients cannot tell."""
    assert server.process is not None
    held = psutil.Process(server.process.pid).net_connections("tcp")
    return sum(connection.status == psutil.CONN_ESTABLISHED for connection in held)


@pytest.mark.parametrize("stuck", [False, True], ids=["slow", "stuck"])
def test_readers_may_be_slow_but_not_stuck(configured: Callable[..., RunningServer], stuck: bool) -> None:
    """An answer that nobody takes must not be held for ever; one that is taken slowly must arrive whole."""
    server, size = configured(limits=IMPATIENT), 24 * 2**20
    path = "/api/2.0/mlflow-artifacts/artifacts/0/large.bin"
    with Caller(server.url) as caller:
        assert 200 == caller.request("PUT", path, b"x" * size)[0]

    received = 0
    with Connection(server.url) as raw:
        raw.send(f"GET {path} HTTP/1.1\r\nHost: {raw.host}\r\n\r\n".encode())
        received += len(raw.socket.recv(2**18))
        assert not stuck or wait_until(lambda: connections(server) == 0)
        with suppress(ConnectionError):
            while received < size and (data := raw.socket.recv(2**18)):
                received += len(data)
                time.sleep(0.02)

    assert (received >= size) == (not stuck)


class Hammer(threading.Thread):
    """A client that creates experiments on one connection until it is told that the connection closes."""

    def __init__(self, server: RunningServer, number: int) -> None:
        super().__init__()
        self.server, self.number = server, number
        self.stored: list[str] = []
        self.broken: list[str] = []

    def run(self) -> None:
        """Create experiments."""
        with Caller(self.server.url) as caller:
            for count in range(100_000):
                name = f"{self.number}/{count}"
                try:
                    status, headers, _ = caller.request("POST", CREATE, f'{{"name": "{name}"}}'.encode(), walk.JSON)
                except (ConnectionError, OSError) as error:
                    self.broken.append(f"{name}: {error!r}")
                    return
                if status == 200:
                    self.stored.append(name)
                if headers.get("connection") == "close":
                    return


@pytest.mark.parametrize("workers", [1, 2])
def test_sigterm_under_load(configured: Callable[..., RunningServer], workers: int) -> None:
    """A client with a request in flight gets its answer, and the process is gone soon after."""
    server = configured(workers=workers)
    clients = [Hammer(server, number) for number in range(8)]
    for client in clients:
        client.start()
    assert wait_until(lambda: all(client.stored for client in clients))

    start = time.monotonic()
    code = server.stop()

    assert (0, True) == (code, seconds_since(start) < 10), server.output()
    for client in clients:
        client.join(10)
    assert [] == [line for client in clients for line in client.broken]
    written = "\n".join(walk.stored(server))
    assert all(client.stored for client in clients)
    assert [] == [name for client in clients for name in client.stored if f"'{name}'" not in written]


def test_sigterm_does_not_wait_for_a_body_that_never_comes(configured: Callable[..., RunningServer]) -> None:
    """One stuck client must not keep the server from ending."""
    server = configured(limits={"shutdown_seconds": 1})
    with Connection(server.url) as raw:
        raw.send(post_head(raw.host, CREATE, "Content-Length: 100") + b"{")
        start = time.monotonic()

        assert 0 == server.stop()

    assert seconds_since(start) < 7  # eight, unless the server is told otherwise


def test_an_answer_comes_in_one_piece(connect: Connect, server: RunningServer) -> None:
    """Head and body of a small answer are one packet: one call of the system on both sides."""
    with connect(server) as connection:
        for _ in range(20):
            connection.send(b"GET /version HTTP/1.1\r\nHost: %b\r\n\r\n" % connection.host.encode())
            head, _, body = connection.socket.recv(65536).partition(b"\r\n\r\n")
            assert f"content-length: {len(body)}".encode() in head.lower()
            assert body
