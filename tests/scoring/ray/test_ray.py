"""Folders are predicted for with Ray, on two cores of this machine and on a cluster."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from runyard.exceptions import RunyardException
from runyard.scoring.folder import predict_folder
from tests.scoring.folders import a_model, an_input, predicts_a_folder, survives_a_worker

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


@pytest.fixture(autouse=True)
def without_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ray's own choice depends on whether a token was ever made on this machine, and lasts as long as the process."""
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[str]:
    """The head of a cluster with two cores, as its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "ray.scripts.scripts"]
    start = [
        "start",
        "--head",
        f"--port={port}",
        "--num-cpus=2",
        "--include-dashboard=false",
        "--node-ip-address=127.0.0.1",
    ]
    environment = {**os.environ, "RAY_USAGE_STATS_ENABLED": "0"}
    head = subprocess.Popen([*command, *start, "--block"], env=environment, stdout=subprocess.DEVNULL)
    try:
        _wait_for(port, head)
        yield f"127.0.0.1:{port}"
    finally:
        head.terminate()
        head.wait(60)


def _wait_for(port: int, head: "subprocess.Popen[bytes]") -> None:
    """Until the head of the cluster listens."""
    until = time.monotonic() + 90
    while True:
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
            return
        assert head.poll() is None, "the head of the cluster has ended"
        assert time.monotonic() < until, "the head of the cluster does not listen"
        time.sleep(0.1)


def test_two_cores_of_this_machine(store: Path) -> None:
    """Without an address, Ray is started and ended."""
    predicts_a_folder(store, engine="ray", workers=2)


def test_a_cluster(store: Path, cluster: str) -> None:
    """The model is sent there."""
    predicts_a_folder(store, engine="ray", address=cluster)


def test_a_worker_that_dies_is_the_failure_of_its_file(store: Path) -> None:
    """Others take its place, and the rest of the files are done."""
    survives_a_worker(store, engine="ray", workers=2)


def test_a_cluster_that_is_not_there_is_said(store: Path) -> None:
    """With its address."""
    an_input(store / "in")
    model = a_model(store)
    with pytest.raises(RunyardException, match=r"no Ray cluster at '127\.0\.0\.1:9'"):
        predict_folder(model, "in", "out", "ray", address="127.0.0.1:9")
