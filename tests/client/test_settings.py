"""Numbers in environment variables: what is none is said with the variable's name."""

import os

import pytest

from runyard import settings
from runyard.exceptions import InvalidParameter
from tests.client.scripted import ScriptedServer
from tests.support.programs import start_program

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
