"""Forked processes: the child sends nothing of the parent's, and loses nothing of its own."""

import multiprocessing
import os
from collections import Counter

import pytest

from runyard.client import RunyardClient
from runyard.client.connection import close_all
from runyard.client.journal import spool_folder


def points(client: RunyardClient, run_id: str, key: str) -> Counter[tuple[int, float]]:
    """How often each point is stored."""
    return Counter((p.step, p.value) for p in client.get_metric_history(run_id, key))


def log(client: RunyardClient, run_id: str, key: str) -> None:
    """A thousand points."""
    for step in range(1000):
        client.log_metric(run_id, key, step / 2, timestamp=1, step=step)


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_child_has_a_buffer_of_its_own(client: RunyardClient, run_id: str) -> None:
    """Parent and child log on after the fork; every point arrives once, whichever process logged it."""
    log(client, run_id, "before")
    child = os.fork()
    if child == 0:
        fine = False
        try:
            log(client, run_id, "child")
            names = [path.name for path in spool_folder().glob("*.spool")]
            close_all()
            fine = any(name.startswith(f"{os.getpid()}-") for name in names)
        finally:
            os._exit(0 if fine else 1)
    log(client, run_id, "parent")
    _, status = os.waitpid(child, 0)

    assert status == 0
    for key in ("before", "child", "parent"):
        assert points(client, run_id, key) == Counter({(step, step / 2): 1 for step in range(1000)})


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_worker_process_delivers_before_it_ends(method: str, client: RunyardClient, run_id: str) -> None:
    """Workers of multiprocessing end without atexit."""
    start = multiprocessing.get_context("fork") if method == "fork" else multiprocessing.get_context("spawn")
    worker = start.Process(target=_work, args=(client.tracking_uri, run_id))
    worker.start()
    worker.join()

    assert worker.exitcode == 0
    assert len(points(client, run_id, "worker")) == 1000
    assert not [path for path in spool_folder().glob("*.spool") if path.name.startswith(f"{worker.pid}-")]


def _work(uri: str, run_id: str) -> None:
    log(RunyardClient(uri), run_id, "worker")
