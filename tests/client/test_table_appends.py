"""Rows that many append to one table at the same time: none is lost."""

import inspect
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from runyard.client import RunyardClient
from tests.support.programs import start_program
from tests.support.s3 import ObjectStore
from tests.support.server import RunningServer

pytestmark = pytest.mark.slow

THREADS, PROCESSES, EACH = 8, 4, 5


def append(client: RunyardClient, run_id: str, who: int, path: str = "rows.json") -> None:
    """Some rows, one a call; every other one is the same for all."""
    for number in range(EACH):
        client.log_table(run_id, {"who": [who if number % 2 else -1], "number": [number]}, path)


def rows(client: RunyardClient, run_id: str, path: str = "rows.json") -> Counter[tuple[int, int]]:
    """How often each row is stored."""
    frame = client.load_table("0", path, [run_id])
    return Counter(zip(frame["who"], frame["number"], strict=True))


def expected(writers: int) -> Counter[tuple[int, int]]:
    """What this number of writers append."""
    return Counter((who if number % 2 else -1, number) for who in range(writers) for number in range(EACH))


def in_threads(work: Callable[[int], None]) -> None:
    """Do it in threads that begin together; the first error is raised."""
    gate, errors = threading.Barrier(THREADS), list[BaseException]()

    def begin(who: int) -> None:
        gate.wait()
        try:
            work(who)
        except BaseException as error:  # noqa: BLE001  (raised below, in the test's own thread)
            errors.append(error)

    threads = [threading.Thread(target=begin, args=(who,)) for who in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


@pytest.mark.parametrize("path", ["rows.json", "rows.parquet"])
def test_threads_append_to_one_table(path: str, client: RunyardClient, run_id: str) -> None:
    """Evaluations run in thread pools, and each thread logs what it found."""
    in_threads(lambda who: append(client, run_id, who, path))

    assert expected(THREADS) == rows(client, run_id, path)


def test_threads_make_tables_of_their_own(client: RunyardClient, run_id: str) -> None:
    """Tables are found by a tag of the run that lists them all; each must be in it."""
    in_threads(lambda who: append(RunyardClient(client.tracking_uri), run_id, who, f"rows-{who}.json"))

    for who in range(THREADS):
        assert EACH == rows(client, run_id, f"rows-{who}.json").total()


WORKER = f"""
import sys
from runyard.client import RunyardClient
{inspect.getsource(append)}
EACH = {EACH}
uri, run_id, who, path = sys.argv[1:]
append(RunyardClient(uri), run_id, int(who), path)
"""


def in_processes(uri: str, run_id: str, path: str = "rows.json") -> None:
    """Append in processes that share nothing."""
    workers = [
        start_program(WORKER, uri, run_id, str(who), path.format(who), loaded=("pandas",)) for who in range(PROCESSES)
    ]
    assert [0] * PROCESSES == [worker.finish()[0] for worker in workers]


def test_processes_append_to_one_table(client: RunyardClient, run_id: str) -> None:
    """Data-parallel training logs from every worker."""
    in_processes(client.tracking_uri, run_id)

    assert expected(PROCESSES) == rows(client, run_id)


def test_processes_make_tables_of_their_own(server: RunningServer) -> None:
    """All are in the tag that lists them, through a server as well."""
    client = RunyardClient(server.url)
    run_id = client.create_run("0").info.run_id
    in_processes(server.url, run_id, "rows-{}.json")

    for who in range(PROCESSES):
        assert EACH == rows(client, run_id, f"rows-{who}.json").total()


@pytest.mark.parametrize("proxied", [True, False])
def test_processes_append_to_one_table_in_s3(
    proxied: bool,
    objects: ObjectStore,
    start_server: Callable[..., RunningServer],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Through a server that keeps its artifacts there, and past it."""
    for name, value in objects.environment().items():
        monkeypatch.setenv(name, value)
    place = f"s3://models/{uuid4().hex}"
    if proxied:
        uri = start_server("--artifacts-destination", place, **objects.environment()).url
        run_id = RunyardClient(uri).create_run("0").info.run_id
        experiment = "0"
    else:
        uri = f"sqlite:///{tmp_path / 'store.db'}"
        experiment = RunyardClient(uri).create_experiment("in S3", artifact_location=place)
        run_id = RunyardClient(uri).create_run(experiment).info.run_id
    in_processes(uri, run_id)

    frame = RunyardClient(uri).load_table(experiment, "rows.json", [run_id])
    assert expected(PROCESSES) == Counter(zip(frame["who"], frame["number"], strict=True))
