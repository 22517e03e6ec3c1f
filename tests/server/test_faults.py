"""What clients see while the server's disk is full or its database is held by somebody else."""

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.server import route_walk as walk
from tests.server.conftest import ConfiguredServer
from tests.support.http import API, Caller
from tests.support.postgres import Cluster
from tests.support.server import RunningServer

SIZE = 6 * 2**20


class SmallDiskServer(ConfiguredServer):
    """A server whose database and artifacts lie on a file system of a few megabytes that only its process sees."""

    @property
    def disk(self) -> Path:
        """The file system, as seen from here."""
        assert self.process is not None
        return Path(f"/proc/{self.process.pid}/root{self.folder}/disk")

    def command(self) -> list[str]:
        """Mount, and become the server."""
        (self.folder / "disk").mkdir()
        steps = f'mount -t tmpfs -o size={SIZE} tmpfs disk && exec "$@"'
        return ["unshare", "--user", "--map-root-user", "--mount", "sh", "-ec", steps, "sh", *super().command()]


def _may_mount() -> bool:
    if shutil.which("unshare") is None or sys.platform != "linux":
        return False
    probe = ["unshare", "--user", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[SmallDiskServer]:
    """A running server with little room."""
    server = SmallDiskServer(tmp_path, "sqlite:///disk/runyard.db")
    server.settings = {"artifacts_destination": "disk/artifacts"}
    server.start()
    yield server
    server.kill()


def _fill(server: SmallDiskServer) -> Path:
    filler = server.disk / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (65536, 4096):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:  # that was the last of the room
                continue
    return filler


@pytest.mark.skipif(not _may_mount(), reason="needs a user namespace in which file systems can be mounted")
def test_disk_full(small_disk: SmallDiskServer) -> None:
    """Writes are refused and leave nothing, reads go on, and writes are taken again when there is room."""
    with Caller(small_disk.url, timeout=60) as caller:
        run_id = caller.new_run()
        artifact = "/api/2.0/mlflow-artifacts/artifacts/0/x.bin"
        filler = _fill(small_disk)
        params = [{"key": f"p{number}", "value": "v" * 60_000} for number in range(50)]
        batch = {"run_id": run_id, "params": params}

        refusals = [caller.post("runs/log-batch", batch) for _ in range(3)]
        upload, _, said = caller.request("PUT", artifact, b"y" * 2**20)
        read, answer = caller.get(f"runs/get?run_id={run_id}")
        filler.unlink()
        again, _ = caller.post("runs/log-batch", {"run_id": run_id, "params": params[:5]})
        stored, _, _ = caller.request("PUT", artifact, b"y" * 1000)

    assert {507} == {status for status, _ in refusals}, refusals
    assert [] == [word for word in walk.GIVEAWAYS if word in str(refusals).encode() + said]
    assert (507, 200, 200, 200) == (upload, read, again, stored), said
    assert "params" not in answer["run"]["data"]
    assert [] == list(small_disk.disk.rglob("*partial*"))


def test_locked(configured: Callable[..., RunningServer]) -> None:
    """While another program holds the database, writers are told to come back and readers are served."""
    server = configured(busy_timeout_ms=200)
    holder = sqlite3.connect(server.folder / "runyard.db", isolation_level=None)
    with Caller(server.url) as caller:
        run_id = caller.new_run()
        message: dict[str, Any] = {"run_id": run_id, "key": "k", "value": "v"}
        holder.execute("BEGIN IMMEDIATE")

        status, headers, body = caller.request(
            "POST", API + "runs/set-tag", str(message).replace("'", '"').encode(), walk.JSON
        )
        read, _ = caller.get(f"runs/get?run_id={run_id}")
        holder.execute("COMMIT")
        again, _ = caller.post("runs/set-tag", message)

    holder.close()
    assert (503, "1", 200, 200) == (status, headers["retry-after"], read, again)
    assert b"TEMPORARILY_UNAVAILABLE" in body
    assert [] == [word for word in walk.GIVEAWAYS if word in body]


@pytest.mark.postgres
def test_the_log_tells_of_an_outage_once(start_server: Callable[..., RunningServer], postgres: Cluster) -> None:
    """Who looks for the reason of a night's gap finds when it began and when it ended, not a line for every request."""
    uri = postgres.new_database()
    name = uri.rpartition("/")[2]
    server = start_server(database_uri=uri)
    with Caller(server.url) as caller:
        assert 200 == caller.get("experiments/get?experiment_id=0")[0]
        postgres.execute("postgres", f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        postgres.execute("postgres", f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        during = [caller.get("experiments/get?experiment_id=0")[0] for _ in range(3)]
        during.append(caller.post("experiments/create", {"name": "during"})[0])
        postgres.execute("postgres", f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
        after = caller.get("experiments/get?experiment_id=0")[0]
    server.stop()
    postgres.drop_database(uri)

    assert ([503] * 4, 200) == (during, after)
    warnings = [line for line in server.output().splitlines() if "WARNING runyard.server" in line]
    assert [True, True] == ["cannot be reached" in warnings[0], "is back" in warnings[1]]
    assert len(warnings) == 2
