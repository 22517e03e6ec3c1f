"""One marked secret goes in through every door for an address, and comes out of none."""

import json
import logging
import os
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

import runyard
from runyard.cli.main import run
from runyard.client import RunyardClient
from runyard.client.connection import close_all
from runyard.client.journal import spool_folder
from runyard.client.local import ARTIFACT_FOLDER
from runyard.core.credentials import without_credentials, without_secrets
from runyard.core.store_address import is_server
from runyard.data.meta_dataset import MetaDataset
from runyard.db.engine import open_engines
from runyard.db.migrate import upgrade
from runyard.exceptions import RunyardException
from tests.support.http import Caller
from tests.support.postgres import free_port
from tests.support.programs import start_program
from tests.support.server import RunningServer
from tests.support.sqlite import new_store

MARK = "s3cr3t"
PASSWORDS = [MARK, f"a#{MARK}/b?c@d[e", f"{MARK}/b@c", f"a@{MARK}", f"a%23{MARK}"]
CLOSED = f"127.0.0.1:{free_port()}"

ADDRESSES = {
    "server": "http://ann:{}@" + CLOSED,
    "secure server": "HTTPS://ann:{}@" + CLOSED + "/prefix",
    "database": "postgresql://ann:{}@" + CLOSED + "/runs",
    "database with a password field": "postgresql://" + CLOSED + "/runs?user=ann&password=" + MARK + "{0:.0}",
    "other database": "mysql+pymysql://ann:{}@" + CLOSED + "/runs",
    "misspelt scheme": "htp://ann:{}@" + CLOSED,
    "broken scheme": "http:/ann:{}@" + CLOSED,
    "no scheme": "ann:{}@" + CLOSED,
    "page": "http://ann:{}@" + CLOSED + "/#/experiments/1",
    "control character": "http://ann:{}\n@" + CLOSED,
    "artifacts": "s3://ann:{}@bucket/x",
    "artifacts of a server": "http://ann:{}@" + CLOSED + "/api/2.0/mlflow-artifacts/artifacts/x",
    "file server": "ftp://ann:{}@" + CLOSED + "/x",
    "repository": "https://ann:{}@" + CLOSED + "/x.git",
    "folder of a repository": "https://ann:{}@" + CLOSED + "/x.git#sub",
}
CASES = [(name, password) for name in ADDRESSES for password in PASSWORDS]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is waited for: what is told is looked at, not when."""
    monkeypatch.setenv("RUNYARD_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setenv("RUNYARD_OFFLINE_AFTER", "0.1")
    monkeypatch.setenv("GIT_TERMINAL_PROMPT", "0")


def _spoken(act: Callable[[], object]) -> str:
    """What an error says, with its causes, as a traceback shows them."""
    try:
        act()
    except RunyardException as error:
        return "".join(traceback.format_exception(error)) + repr(error)
    return ""


def _log_to(uri: str) -> None:
    client = RunyardClient(uri)
    if is_server(uri):
        client.connection.log_point("a" * 32, "loss", 1.0, 1, 1)
    client.create_run("0")


@pytest.mark.parametrize(("name", "password"), CASES)
def test_no_error_log_or_journal_of_the_sdk_shows_a_secret(
    name: str, password: str, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Messages end in tickets, logs on shared machines."""
    caplog.set_level(logging.DEBUG, logger="runyard")
    uri = ADDRESSES[name].format(password)
    local = RunyardClient(new_store(tmp_path / "x.db", tmp_path / ARTIFACT_FOLDER))
    run_id = local.create_run("0").info.run_id
    local.create_registered_model("m")
    doors: list[Callable[[], object]] = [
        lambda: _log_to(uri),
        lambda: RunyardClient(local.tracking_uri, uri).search_registered_models(),
        lambda: runyard.artifacts.download_artifacts(uri, tracking_uri=local.tracking_uri),
        lambda: runyard.artifacts.list_artifacts(uri, tracking_uri=local.tracking_uri),
        lambda: local.create_experiment("e", artifact_location=uri),
        lambda: local.create_model_version("m", uri, run_id),
        lambda: MetaDataset(runyard.data.sources.resolved(uri)).to_json(),
        lambda: open_engines(uri).dispose(),
        lambda: upgrade(uri),
    ]
    told = [_spoken(door) for door in doors]
    close_all()
    stored = [file.read_text(errors="replace") for file in spool_folder().glob("*") if file.is_file()]
    kept = [json.dumps([dict(one) for one in local.search_experiments()], default=str)]
    versions = [json.dumps([dict(one) for one in local.search_model_versions()], default=str)]
    close_all()
    printed = capfd.readouterr()

    assert MARK not in " ".join([*told, *stored, *kept, *versions, caplog.text, printed.out, printed.err])
    assert any(told)


@pytest.mark.parametrize(("name", "password"), [case for case in CASES if case[1] != MARK])
def test_no_command_shows_a_secret(
    name: str, password: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By option and by variable; doctor's output is pasted into public reports."""
    uri = ADDRESSES[name].format(password)
    commands: list[tuple[str, ...]] = [
        ("db", "upgrade", uri),
        ("gc", "--backend-store-uri", uri, "--yes"),
        ("server", "--port", "0", "--backend-store-uri", uri if "ann" in uri else "mysql://x"),
        ("server", "--port", "0", "--artifacts-destination", uri if name != "no scheme" else "http://x"),
        ("experiments", "create", "-n", "x", "--artifact-location", uri),
        ("artifacts", "download", "--artifact-uri", uri),
        ("run", uri, "--env-manager", "local"),
    ]
    for arguments in commands:
        run(arguments)
    for variable in ("MLFLOW_TRACKING_URI", "RUNYARD_REGISTRY_URI", "MLFLOW_BACKEND_STORE_URI"):
        monkeypatch.setenv(variable, uri)
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", password)
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", password)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", password)
    monkeypatch.setenv("MLFLOW_S3_ENDPOINT_URL", f"http://ann:{password}@{CLOSED}")
    monkeypatch.setenv("http_proxy", f"http://ann:{password}@{CLOSED}")
    for command in ("doctor", "doctor --output json", "experiments search", "db upgrade"):
        run(command.split())
    close_all()
    printed = capfd.readouterr()

    assert MARK not in printed.out + printed.err
    assert "Error: " in printed.err


@pytest.mark.parametrize("password", PASSWORDS)
def test_a_run_that_is_logged_with_a_password_shows_it_nowhere(password: str, server: RunningServer) -> None:
    """Tags, output, the server's log, its answers and its pages."""
    program = (
        "import runyard as m; m.set_tracking_uri(__import__('os').environ['ADDRESS']); run = m.start_run()\n"
        "m.log_metric('a', 1); m.log_text('x', 'a.txt')\n"
        "m.log_input(m.data.from_pandas(__import__('pandas').DataFrame({'a': [1]}), source='s3://b/x'))\n"
        "print(m.get_tracking_uri() and m.get_artifact_uri(), m.active_run().client.connection.transport.address)\n"
        "m.end_run()"
    )
    environment = {
        **{name: text for name, text in os.environ.items() if not name.startswith(("MLFLOW_", "RUNYARD_HTTP"))},
        "ADDRESS": server.url.replace("http://", f"http://ann:{password}@"),
        "MLFLOW_TRACKING_TOKEN": MARK,
    }
    code, out, errors = start_program(program, environment=environment, loaded=("pandas",)).finish()
    assert code == 0, errors
    with Caller(server.url) as caller:
        found = caller.call("runs/search", {"experiment_ids": ["0"]})
        run_id = found["runs"][0]["info"]["run_id"]
        pages = [caller.request("GET", path)[1] for path in ("/", "/experiments/0", f"/experiments/0/runs/{run_id}")]

    assert "Run " in out
    assert MARK not in " ".join([out, errors, json.dumps(found), server.output(), *map(str, pages)])


def test_what_is_not_a_secret_stays() -> None:
    """An address is of no use when too much of it is hidden."""
    for same in (
        "http://host:5000/a@b",
        "s3://bucket/what@here",
        "https://host/pkg@1.2/x.csv?page=2",
        "ssh://git@" + CLOSED + "/x.git",
        "sqlite:////data/a@b.db",
        "models:/name@champion",
        "abfss://account.example/x",
    ):
        assert without_credentials(same) == same
    assert without_credentials("https://host/x?sig=abc&page=2") == "https://host/x?sig=***&page=2"
    mixed = "see 'https://u:p{}host/x' and ssh://git{}h/y".format(*"@@")
    assert without_secrets(mixed) == "see 'https://host/x' and ssh://git@h/y"
