"""The server is killed at random moments under load: what was acknowledged is there, and nothing is half there."""

import hashlib
import http.client
import random
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from tests.support.http import Caller
from tests.support.server import RunningServer

pytestmark = pytest.mark.slow

CLIENTS = 8
CUTS = 10
POINTS = 20


@dataclass
class Acknowledged:
    """What one client was told is stored."""

    run_id: str
    singles: list[int] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)


def write_until_cut(url: str, acknowledged: Acknowledged, first: int) -> None:
    """Log single points, batches with a param and a tag, and files, until the connection breaks."""
    number = first
    try:
        with Caller(url, timeout=10) as caller:
            while True:
                number += 1
                point = {"key": "single", "value": number, "timestamp": 1, "step": number}
                if caller.post("runs/log-metric", {"run_id": acknowledged.run_id, **point})[0] == 200:
                    acknowledged.singles.append(number)
                if caller.post("runs/log-batch", batch(acknowledged.run_id, number))[0] == 200:
                    acknowledged.batches.append(number)
                if number % 5 == 0:
                    put_file(caller, acknowledged, number)
    except (OSError, http.client.HTTPException):
        return


def batch(run_id: str, number: int) -> dict[str, object]:
    """Points that share a number with a param and a tag."""
    points = [{"key": "batch", "value": number, "timestamp": place, "step": number} for place in range(POINTS)]
    param, tag = {"key": f"p{number}", "value": "x"}, {"key": f"t{number}", "value": "y"}
    return {"run_id": run_id, "metrics": points, "params": [param], "tags": [tag]}


def put_file(caller: Caller, acknowledged: Acknowledged, number: int) -> None:
    """Upload a file whose content follows from its number."""
    content = random.Random(number).randbytes(200_000)
    name = f"{acknowledged.run_id}/f{number}.bin"
    path = f"/api/2.0/mlflow-artifacts/artifacts/cuts/{name}"
    if caller.request("PUT", path, content)[0] == 200:
        acknowledged.files[name] = hashlib.sha256(content).hexdigest()


@pytest.mark.timeout(300)
def test_ten_power_cuts_lose_nothing_acknowledged(start_server: Callable[..., RunningServer]) -> None:
    """No acknowledged write is lost, no batch is half there, no file is torn, and the server is back in 3 seconds."""
    server = start_server()
    with Caller(server.url) as caller:
        told = [Acknowledged(caller.new_run()) for _ in range(CLIENTS)]
    restarts = []
    for cut in range(CUTS):
        arguments = [(server.url, entry, cut * 100_000) for entry in told]
        clients = [threading.Thread(target=write_until_cut, args=given) for given in arguments]
        for client in clients:
            client.start()
        time.sleep(random.uniform(0.1, 0.7))
        server.kill()
        for client in clients:
            client.join()
        began = time.monotonic()
        server.start()
        restarts.append(time.monotonic() - began)

    assert sum(len(entry.batches) for entry in told) > CUTS
    for entry in told:
        check(server, entry)
    with sqlite3.connect(server.folder / "runyard.db") as database:
        assert [("ok",)] == database.execute("PRAGMA integrity_check").fetchall()
    assert (
        max(restarts) < 15
    )  # the log is replayed, not the whole store read; loose, for a machine that does other things


def check(server: RunningServer, acknowledged: Acknowledged) -> None:
    """Everything one client was told is there, and whole."""
    with Caller(server.url) as caller:
        steps = history(caller, acknowledged.run_id, "single")
        assert set(acknowledged.singles) <= set(steps)
        batched = history(caller, acknowledged.run_id, "batch")
        counts = {number: batched.count(number) for number in set(batched)}
        assert set(acknowledged.batches) <= set(counts)
        assert {POINTS} == set(counts.values())
        data = caller.get(f"runs/get?run_id={acknowledged.run_id}")[1]["run"]["data"]
        assert {f"p{number}" for number in counts} == {param["key"] for param in data["params"]}
        assert {f"t{number}" for number in counts} == {tag["key"] for tag in data["tags"]} - {"mlflow.runName"}
        for name, digest in acknowledged.files.items():
            status, _, content = caller.request("GET", f"/api/2.0/mlflow-artifacts/artifacts/cuts/{name}")
            assert (200, digest) == (status, hashlib.sha256(content).hexdigest())


def history(caller: Caller, run_id: str, key: str) -> list[int]:
    """The steps of a metric's points."""
    answer = caller.get(f"metrics/get-history?run_id={run_id}&metric_key={key}")[1]
    return [point["step"] for point in answer.get("metrics", [])]
