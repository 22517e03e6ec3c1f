"""The disk runs full: writes are refused with a reason, reads go on, and writes resume when there is room."""

import os
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.http import Caller
from tests.support.server import RunningServer

FILES = "/api/2.0/mlflow-artifacts/artifacts/"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 24 MB."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "runyard-test", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Leave not one byte free."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (65_536, 4096, 1):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                continue
    return filler


def big_batch(run_id: str, number: int) -> dict[str, object]:
    """A batch of two megabytes."""
    tags = [{"key": f"t{number}-{place}", "value": "x" * 20_000} for place in range(100)]
    return {"run_id": run_id, "tags": tags}


def test_a_full_disk_refuses_writes_and_nothing_else(
    start_server: Callable[..., RunningServer], small_disk: Path
) -> None:
    """507 or 503 as JSON, nothing half stored, and the same requests work once there is room."""
    server = start_server(folder=small_disk)
    with Caller(server.url) as caller:
        run_id = caller.new_run()
        caller.call("runs/log-metric", {"run_id": run_id, "key": "m", "value": 1, "timestamp": 1})
        assert caller.request("PUT", FILES + "kept.bin", b"old")[0] == 200
        filler = fill(small_disk)

        replies = [caller.post("runs/log-batch", big_batch(run_id, number)) for number in range(4)]
        status, headers, _ = caller.request("PUT", FILES + "kept.bin", b"n" * 3_000_000)

        refused = [answer for code, answer in replies if code in (503, 507)]
        assert refused
        assert {code for code, _ in replies} <= {200, 503, 507}
        assert all({"error_code", "message"} <= set(answer) for answer in refused)
        assert (507, "application/json") == (status, headers["content-type"])
        assert b"old" == caller.request("GET", FILES + "kept.bin")[2]
        assert 200 == caller.get(f"runs/get?run_id={run_id}")[0]
        listed = caller.request("GET", FILES.rstrip("/") + "?path=")[2]
        assert b"partial" not in listed

        filler.unlink()
        for number, (code, _) in enumerate(replies):
            stored = caller.get(f"runs/get?run_id={run_id}")[1]["run"]["data"]["tags"]
            count = sum(tag["key"].startswith(f"t{number}-") for tag in stored)
            assert count == (100 if code == 200 else 0)
        caller.call("runs/log-batch", big_batch(run_id, 0))
        assert caller.request("PUT", FILES + "kept.bin", b"new")[0] == 200
        assert b"new" == caller.request("GET", FILES + "kept.bin")[2]
    assert not [path for path in (small_disk / "runyard-artifacts").iterdir() if "partial" in path.name]
    with sqlite3.connect(small_disk / "runyard.db") as database:
        assert [("ok",)] == database.execute("PRAGMA integrity_check").fetchall()
