"""A store for each test of projects, and a folder for temporary files that must be empty in the end."""

import http.server
import tempfile
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import runyard
from runyard.client.local import ARTIFACT_FOLDER
from runyard.exceptions import ExecutionException, InvalidProject
from tests.projects.building import all_runs
from tests.support.fluent import forget_everything
from tests.support.sqlite import new_store

Refused = Callable[..., str]


@pytest.fixture
def mlflow(tmp_path: Path, clean_environment: None) -> Iterator[ModuleType]:
    """`import runyard as mlflow`, with nothing chosen but an empty database."""
    folder = tmp_path / "store"
    folder.mkdir()
    runyard.set_tracking_uri(new_store(folder / "runyard.db", folder / ARTIFACT_FOLDER))
    yield runyard
    forget_everything()


@pytest.fixture(autouse=True)
def temporary(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of temporary files. Nothing of ours is left in it."""
    folder = tmp_path_factory.mktemp("temporary")
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    kinds = ("project", "parameters", "output", "capture", "git")
    assert [] == [path.name for kind in kinds for path in folder.glob(f"runyard-{kind}-*")]


@pytest.fixture
def refused(mlflow: ModuleType) -> Refused:
    """Runs what must be refused before anything is made; gives the message."""

    def attempt(*arguments: Any, kind: type[ExecutionException] = InvalidProject, **more: Any) -> str:
        before = [run.info.run_id for run in all_runs()]
        with pytest.raises(kind) as problem:
            mlflow.projects.run(*arguments, **more)
        assert before == [run.info.run_id for run in all_runs()]
        assert ["Default"] == [one.name for one in mlflow.search_experiments()]
        return str(problem.value)

    return attempt


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    """The address of a server of the files in ``web``."""
    folder = tmp_path / "web"
    folder.mkdir()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  (the library's name)
        pass
