"""Scripts, run by real MLflow clients against our server and by our own SDK, must see what real MLflow shows."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runyard.server.settings import PROXIED_ROOT
from tests.support.clients import real_client
from tests.support.postgres import Cluster
from tests.support.programs import forked_python
from tests.support.server import RunningServer

DATA = Path(__file__).parent.parent / "recorded"

SCRIPTS = ["tracking", "registry", "logged_models"]
"""Each with what it prints with the whole of mlflow 3.17.2: on a SQLite store, the registry on a server."""

scripts = pytest.mark.parametrize("script", SCRIPTS)


DIFFERENCES: dict[str, dict[str, Any]] = {
    "logged_models": {"one id": "accepted"},  # one text in the place of a list of ids is one id
}
"""What a script sees otherwise with our SDK, on purpose."""


def run_script(script: str, python: Path, module: str, uri: str, folder: Path) -> dict[str, Any]:
    """What a script saw, with this interpreter and module."""
    folder.mkdir(exist_ok=True)
    path = Path(__file__).parent / f"{script}_script.py"
    done = subprocess.run(
        [python, path, module, uri], cwd=folder, capture_output=True, text=True, timeout=110, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


OUR_LANGUAGE: dict[str, dict[str, Any]] = {
    "tracking": {"search params.depth IN ('1','2')": ["search-1", "search-2"]},
    "registry": {"models: name = 'a' OR name = 'b'": "accepted"},
    "logged_models": {"search name = tree OR name = other": ["other", "tree"], "search nonsense": []},
}
"""Filters that MLflow refuses and we answer, by the script that asks."""


def expected(script: str) -> dict[str, Any]:
    """What a script saw with mlflow itself, but for filters of our language."""
    original: dict[str, Any] = json.loads((DATA / f"{script}-script-mlflow-3.17.2.json").read_text())
    return original | OUR_LANGUAGE.get(script, {})


@pytest.mark.compat
@pytest.mark.parametrize(
    ("script", "name"),
    [*((script, "mlskinny3") for script in SCRIPTS), ("tracking", "mlflow2"), ("registry", "mlflow2")],
)
def test_real_clients_see_what_mlflow_shows(
    script: str, name: str, start_server: Callable[..., RunningServer], tmp_path: Path
) -> None:
    """Unmodified clients of both major versions, every method, over HTTP. Version 2 knows no logged models."""
    assert expected(script) == run_script(script, real_client(name), "mlflow", start_server().url, tmp_path / "client")


@pytest.mark.compat
@pytest.mark.parametrize("name", ["mlskinny3", "mlflow2"])
def test_scripts_call_every_method_of_the_registry(name: str, tmp_path: Path) -> None:
    """Whatever a client has about registered and logged models; prompts and tool servers are not ours."""
    ask = tmp_path / "ask.py"
    ask.write_text("import mlflow; print(*dir(mlflow.MlflowClient))", encoding="utf-8")
    done = subprocess.run([real_client(name), ask], capture_output=True, text=True, timeout=60, check=True)
    about = re.compile(r"(?!_)(?!.*(prompt|mcp|trace)).*(model|registered|output|stage|alias)")
    called = "".join((Path(__file__).parent / f"{script}_script.py").read_text() for script in SCRIPTS)

    assert [] == [name for name in done.stdout.split() if about.match(name) and f".{name}(" not in called]


@pytest.mark.compat
@scripts
def test_a_real_client_works_on_postgresql(
    script: str, start_server: Callable[..., RunningServer], postgres: Cluster, tmp_path: Path
) -> None:
    """The same with the server's store in PostgreSQL."""
    uri = postgres.store(PROXIED_ROOT)
    server = start_server(database_uri=uri)

    assert expected(script) == run_script(script, real_client(), "mlflow", server.url, tmp_path / "client")
    server.kill()
    postgres.give_back(uri)


@scripts
def test_our_sdk_sees_what_mlflow_shows_over_http(
    script: str, start_server: Callable[..., RunningServer], tmp_path: Path
) -> None:
    """The script unchanged, with `import runyard as mlflow` and a server."""
    known = expected(script) | DIFFERENCES.get(script, {})
    assert known == run_script(script, forked_python(), "runyard", start_server().url, tmp_path / "client")


@scripts
def test_our_sdk_sees_what_mlflow_shows_without_a_server(script: str, tmp_path: Path) -> None:
    """The script unchanged, with `import runyard as mlflow` on a database file."""
    store = f"sqlite:///{tmp_path / 'local.db'}"

    known = expected(script) | DIFFERENCES.get(script, {})
    assert known == run_script(script, forked_python(), "runyard", store, tmp_path / "client")
