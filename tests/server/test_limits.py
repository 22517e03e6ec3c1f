"""Limits hold before anything is parsed, and a refused request costs the server nothing but its refusal."""

import gzip
import json
import select
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.server import route_walk as walk
from tests.support.http import Caller
from tests.support.raw import Connection, post_head, seconds_since
from tests.support.server import RunningServer

Connect = Callable[[RunningServer], Connection]

MB = 2**20
CREATE = "/api/2.0/mlflow/experiments/create"
SEARCH = "/api/2.0/mlflow/experiments/search"
MESSAGE = b'{"max_results": 1}'
DAMAGED = {
    "plain": MESSAGE,
    "cut": gzip.compress(MESSAGE)[:-9],
    "empty": b"",
    "with more behind": gzip.compress(MESSAGE) + b"more",
}


def memory(server: RunningServer) -> int:
    """Resident megabytes of the server's process."""
    assert server.process is not None
    lines = Path(f"/proc/{server.process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmRSS"))


def test_declared_body_limit(raw: Connection) -> None:
    """The length alone is enough to refuse; not one byte of the body is awaited."""
    raw.send(post_head(raw.host, CREATE, f"Content-Length: {33 * MB}"))

    answer = raw.answer()

    assert (413, "BAD_REQUEST") == (answer.status, answer.json["error_code"])


def test_chunked_body_limit(server: RunningServer, raw: Connection) -> None:
    """Without a declared length the limit bites when it is passed, not when the body ends."""
    before, grown_from = walk.stored(server), memory(server)
    raw.send(post_head(raw.host, CREATE, "Transfer-Encoding: chunked"))
    chunk = b"100000\r\n" + b" " * MB + b"\r\n"
    for _ in range(33):
        raw.send(chunk)

    assert 413 == raw.answer().status

    assert before == walk.stored(server)
    assert memory(server) - grown_from < 100


@pytest.mark.parametrize(
    ("path", "kind", "status"),
    [
        (CREATE, "application/json", 413),
        ("/api/2.0/mlflow/runs/log-batch", "application/json", 413),
        ("/api/2.0/runyard/registered-models/promote", "application/json", 413),
        ("/api/2.0/mlflow/no-such-path", "application/json", 404),
        ("/ajax-api/2.0/mlflow/upload-artifact?run_id={run}&path=a.bin", "application/octet-stream", 413),
        ("/ui/runs/{run}/delete", "application/x-www-form-urlencoded", 413),
        ("/health", "text/plain", 405),
    ],
)
def test_an_endless_body_is_cut_off(
    server: RunningServer, connect: Connect, caller: Caller, path: str, kind: str, status: int
) -> None:
    """An endless body harms only its sender: the answer comes at the limit, and then nothing more is read."""
    connection = connect(server)
    head = post_head(connection.host, path.format(run=caller.new_run()), "Transfer-Encoding: chunked")
    connection.send(head.replace(b"application/json", kind.encode()))

    assert connection.send_megabytes(192) < 96  # 36 are read at most; as many may wait in the kernel, unread
    assert status == connection.answer().status


@pytest.mark.parametrize(
    ("path", "kind", "megabytes"),
    [
        ("/ajax-api/2.0/mlflow/upload-artifact?run_id={run}&path=a.bin", "application/octet-stream", 11),
        ("/ui/runs/{run}/delete", "application/x-www-form-urlencoded", 2),
    ],
)
def test_declared_limits_of_other_routes(caller: Caller, raw: Connection, path: str, kind: str, megabytes: int) -> None:
    """Every route that has a limit of its own refuses by the declared length alone."""
    head = post_head(raw.host, path.format(run=caller.new_run()), f"Content-Length: {megabytes * MB}")
    raw.send(head.replace(b"application/json", kind.encode()))

    assert 413 == raw.answer().status


def test_body_limit(caller: Caller) -> None:
    """A body of just under 32 MB is read, one byte over is not."""
    padding = b" " * (32 * MB - len(MESSAGE))

    assert 200 == caller.request("POST", SEARCH, MESSAGE + padding, walk.JSON)[0]
    assert 413 == caller.request("POST", SEARCH, MESSAGE + padding + b" ", walk.JSON)[0]


def test_a_connection_lives_on_after_a_refused_body_was_sent(caller: Caller) -> None:
    """The rest of what was refused is read and thrown away, so the client sees why."""
    assert 413 == caller.request("POST", CREATE, b" " * (34 * MB), walk.JSON)[0]
    assert 200 == caller.request("POST", SEARCH, MESSAGE, walk.JSON)[0]


@pytest.mark.parametrize("name", ["gzip", "deflate"])
def test_gzip_bomb(server: RunningServer, caller: Caller, name: str) -> None:
    """A small body that unpacks to 256 MB is given up at the limit."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31 if name == "gzip" else 15)
    bomb = b"".join(packer.compress(b" " * MB) for _ in range(256)) + packer.flush()
    grown_from = memory(server)

    status, headers, body = caller.request("POST", CREATE, bomb, {**walk.JSON, "Content-Encoding": name})

    assert 413 == status
    walk.answer_of(status, headers, body)
    assert memory(server) - grown_from < 100


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("gzip", gzip.compress(MESSAGE)),
        ("GZIP", gzip.compress(MESSAGE)),
        ("deflate", zlib.compress(MESSAGE)),
        ("deflate", zlib.compress(MESSAGE, wbits=-15)),
        ("identity", MESSAGE),
        ("gzip", gzip.compress(MESSAGE + b" " * 5_000_000)),
    ],
    ids=["gzip", "upper case", "deflate", "bare deflate", "identity", "large"],
)
def test_packed_bodies_are_unpacked(caller: Caller, name: str, body: bytes) -> None:
    """Clients on slow lines pack what they send."""
    assert 200 == caller.request("POST", SEARCH, body, {**walk.JSON, "Content-Encoding": name})[0]


@pytest.mark.parametrize("name", ["br", "zstd", "compress", "gzip, gzip", "x", ""])
def test_other_encodings(caller: Caller, name: str) -> None:
    """What we cannot unpack we do not guess at."""
    status, headers, body = caller.request("POST", SEARCH, MESSAGE, {**walk.JSON, "Content-Encoding": name})

    assert 415 == status
    walk.answer_of(status, headers, body)


@pytest.mark.parametrize("body", DAMAGED.values(), ids=list(DAMAGED))
def test_damaged_packing(caller: Caller, body: bytes) -> None:
    """A body that is not what it says is refused, not half of it taken."""
    status, headers, answer = caller.request("POST", SEARCH, body, {**walk.JSON, "Content-Encoding": "gzip"})

    assert 400 == status
    walk.answer_of(status, headers, answer)


def test_full_queue_of_reads(configured: Callable[..., RunningServer]) -> None:
    """A client that is told when to come back does; one that waits in an endless queue gives up."""
    server = configured(limits={"waiting_reads": 0})

    with Caller(server.url) as caller:
        status, headers, body = caller.request("POST", SEARCH, MESSAGE, walk.JSON)

    assert (503, "1", "TEMPORARILY_UNAVAILABLE") == (status, headers["retry-after"], json.loads(body)["error_code"])


def test_unfinished_bodies_share_a_budget(configured: Callable[..., RunningServer], connect: Connect) -> None:
    """Many clients with half a large body each must not fill the memory."""
    server = configured(limits={"waiting_bodies": 3 * MB})
    connections = [connect(server) for _ in range(4)]
    for connection in connections:
        connection.send(post_head(connection.host, SEARCH, f"Content-Length: {2 * MB}") + MESSAGE)
        connection.send(b" " * (MB - len(MESSAGE)))

    refused, _, _ = select.select([connection.socket for connection in connections], [], [], 30)
    assert refused
    for connection in connections:
        connection.send(b" " * MB)
    statuses = [connection.answer().status for connection in connections]

    assert {200, 503} == set(statuses)


def test_too_many_connections(configured: Callable[..., RunningServer], connect: Connect) -> None:
    """One more than the limit is told so at once, and those that were there go on."""
    server = configured(limits={"connections": 3})
    held = [connect(server) for _ in range(3)]
    for connection in held:
        connection.send(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        assert 200 == connection.answer().status

    answer = connect(server).answer()

    assert (503, "1") == (answer.status, answer.headers["retry-after"])
    held[0].send(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
    assert 200 == held[0].answer().status


def test_a_large_message_does_not_hold_up_the_others(server: RunningServer, caller: Caller) -> None:
    """While one client's 20 MB are taken apart, others are answered."""
    entries = [{"key": f"k{i}", "value": "v" * 100} for i in range(150_000)]
    body = json.dumps({"run_id": "x", "params": entries}).encode()
    with Connection(server.url) as other:
        other.send(post_head(other.host, "/api/2.0/mlflow/runs/log-batch", f"Content-Length: {len(body)}") + body)
        start = time.monotonic()
        slowest = 0.0
        while seconds_since(start) < 1.5:
            began = time.monotonic()
            assert 200 == caller.request("GET", "/health")[0]
            slowest = max(slowest, seconds_since(began))
        assert 400 == other.answer().status

    assert slowest < 1
