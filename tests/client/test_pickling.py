"""Clients, runs and errors go to other processes: Spark, Ray, Dask and joblib pickle what their tasks use."""

import inspect
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import cloudpickle
import joblib
import pytest

from runyard import exceptions
from runyard.client import RunyardClient, errors
from runyard.core import http
from runyard.core.entity import Entity
from runyard.core.paged_list import PagedList
from runyard.exceptions import RestException, RunyardException
from tests.support.programs import start_program

UNPICKLED = (
    "import pickle, sys\n"
    "client, run_id = pickle.loads(bytes.fromhex(sys.argv[1]))\n"
    "client.log_metric(run_id, 'there', 1.0)\n"
    "client.log_param(run_id, 'lr', 0.1)\n"
    "print(client.get_run(run_id).info.run_id)\n"
)


@pytest.mark.parametrize("pickler", [pickle, cloudpickle], ids=["pickle", "cloudpickle"])
def test_a_client_works_in_another_process(
    client: RunyardClient, pickler: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was used before, and the other process has another working directory."""
    run_id = client.create_run("0").info.run_id
    client.log_metric(run_id, "here", 1.0)

    code, there, _ = start_program(UNPICKLED, pickler.dumps((client, run_id)).hex(), folder=tmp_path).finish()

    assert (code, there.strip()) == (0, run_id)
    assert client.get_run(run_id).data.metrics == {"here": 1.0, "there": 1.0}
    assert client.get_run(run_id).data.params == {"lr": "0.1"}


@pytest.mark.parametrize("uri", ["http://127.0.0.1:1", "sqlite:///here.db", "./here"])
def test_a_client_that_was_never_used_is_pickled_too(uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is opened for it, and a relative address means the same place wherever it is unpickled."""
    pickled = pickle.dumps(RunyardClient(uri))
    expected = RunyardClient(uri).connection.transport.uri
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")

    copy = pickle.loads(pickled)

    assert copy.connection.transport.uri == expected
    assert copy.registry is copy.connection
    assert not (tmp_path / "here.db").exists()


def test_functions_that_use_a_client_run_in_joblibs_workers(client: RunyardClient, run_id: str) -> None:
    """A closure over a client, in processes of their own."""

    def log(number: int) -> None:
        client.log_metric(run_id, f"m{number}", number, synchronous=True)

    joblib.Parallel(n_jobs=2, backend="loky")(joblib.delayed(log)(number) for number in range(4))

    assert client.get_run(run_id).data.metrics == {f"m{number}": float(number) for number in range(4)}


def test_an_open_run_is_logged_to_from_another_process(client: RunyardClient, fluent: ModuleType) -> None:
    """Also while its system metrics are measured, which stays with this process."""
    with fluent.start_run(log_system_metrics=True) as run:
        copy = pickle.loads(pickle.dumps(run))
        copy.client.log_metric(copy.info.run_id, "there", 2.0)

        assert copy.monitor is None
        assert run.monitor is not None
    assert client.get_run(run.info.run_id).data.metrics["there"] == 2.0


def test_what_is_read_is_pickled_whole(client: RunyardClient, run_id: str) -> None:
    """Runs and pages of them are results that tasks return."""
    client.log_param(run_id, "lr", 0.1)
    page = client.search_runs(["0"], max_results=1)

    copy = pickle.loads(pickle.dumps(page))

    assert isinstance(copy, PagedList)
    assert copy.token == page.token
    assert [dict(run.info) for run in copy] == [dict(run.info) for run in page]
    assert [run.data.params for run in copy] == [{"lr": "0.1"}]
    assert isinstance(copy[0], Entity)


def _errors() -> Iterator[Callable[[], RunyardException]]:
    """One error of each class that can be raised."""
    special: dict[type, tuple[Any, ...]] = {exceptions.MissingPackage: ("numpy", "ml", "This")}
    for module in (exceptions, errors, http):
        for kind in vars(module).values():
            if inspect.isclass(kind) and issubclass(kind, RunyardException) and kind.__module__ == module.__name__:
                given: tuple[Any, ...] = special.get(kind, ("what was wrong",))
                if issubclass(kind, RestException):
                    given = ({"error_code": "BAD_REQUEST", "message": "no", "more": 1},)
                yield pytest.param(lambda kind=kind, given=given: kind(*given), id=kind.__name__)  # type: ignore[misc]


@pytest.mark.parametrize("make", list(_errors()))
def test_errors_come_back_as_they_were(make: Callable[[], RunyardException]) -> None:
    """A worker's error must not break the pool that carries it."""
    error = make()
    error.http_status = 418

    copy = pickle.loads(pickle.dumps(error))

    assert (type(copy), str(copy), vars(copy)) == (type(error), str(error), vars(error))
