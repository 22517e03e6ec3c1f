"""Numbers in environment variables: what is none is said with the variable's name."""

import os
from pathlib import Path

import pytest

from runyard import settings
from runyard.exceptions import InvalidParameter
from tests.client.scripted import ScriptedServer
from tests.support.programs import start_command, start_program

NUMBERS = [
    setting
    for setting in settings.ALL
    if isinstance(setting.default, int | float) and type(setting.default) is not bool
]


@pytest.mark.parametrize("setting", NUMBERS, ids=lambda setting: setting.name)
@pytest.mark.parametrize("value", ["-1", "nan", "inf", "1e99", "abc", ""])
def test_nonsense_numbers_name_their_variable(
    setting: settings.Setting, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not the library in whose depths they fail."""
    monkeypatch.setenv(setting.names[-1], value)

    with pytest.raises(InvalidParameter, match=f"{setting.names[-1]} is .*, which is not valid: use a .*number"):
        setting.get()


def test_a_timeout_of_nothing_is_refused_where_it_is_used(scripted: ScriptedServer) -> None:
    """MLflow's clients show an error of urllib3's."""
    program = "import sys, runyard as m; m.set_tracking_uri(sys.argv[1]); m.search_experiments()"
    environment = {**os.environ, "MLFLOW_HTTP_REQUEST_TIMEOUT": "0"}
    _, _, errors = start_program(program, scripted.url, environment=environment).finish()

    assert "InvalidParameter: " in errors
    assert "MLFLOW_HTTP_REQUEST_TIMEOUT is '0'" in errors


def test_values_come_from_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As secrets of containers do; a variable that is set itself wins, and MLflow's name has no such file."""
    secret = tmp_path / "secret"
    secret.write_text("p@ss word\n", encoding="utf-8")
    monkeypatch.setenv("RUNYARD_TRACKING_PASSWORD_FILE", str(secret))
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "theirs")
    assert "p@ss word" == settings.TRACKING_PASSWORD.get()
    monkeypatch.setenv("RUNYARD_TRACKING_PASSWORD", "itself")
    assert "itself" == settings.TRACKING_PASSWORD.get()

    monkeypatch.setenv("RUNYARD_TRACKING_TOKEN_FILE", str(tmp_path / "absent"))
    with pytest.raises(InvalidParameter, match=r"RUNYARD_TRACKING_TOKEN_FILE names the file .*absent.* No such file"):
        settings.TRACKING_TOKEN.get()


def test_commands_read_files_too(tmp_path: Path) -> None:
    """Also those whose options are read from the environment by the library of the command line."""
    address = tmp_path / "address"
    address.write_text(f"sqlite:///{tmp_path / 'runyard.db'}\n", encoding="utf-8")
    environment = {**os.environ, "RUNYARD_BACKEND_STORE_URI_FILE": str(address)}
    _, _, errors = start_command("db", "upgrade", environment=environment).finish()

    assert f"There is no database at {tmp_path / 'runyard.db'}" in errors
