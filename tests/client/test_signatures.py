"""Every method takes what MLflow's takes, in the same order and with the same defaults."""

import inspect
import json
from pathlib import Path

import pytest

from runyard.client import MlflowClient, RunyardClient
from runyard.exceptions import NotImplementedHere

DOCUMENTED = json.loads((Path(__file__).parent / "signatures.json").read_text())
"""Names, kinds and defaults of the parameters in mlflow 3.17.2."""


@pytest.mark.parametrize("name", DOCUMENTED)
def test_a_method_takes_the_documented_parameters(name: str) -> None:
    """What we take besides can only be given by name, and need not be."""
    parameters = list(inspect.signature(getattr(RunyardClient, name)).parameters.values())[1:]
    documented = len(DOCUMENTED[name])

    assert DOCUMENTED[name] == [
        [parameter.name, parameter.kind.name, None if parameter.default is parameter.empty else repr(parameter.default)]
        for parameter in parameters[:documented]
    ]
    assert all(p.kind is p.KEYWORD_ONLY and p.default is None for p in parameters[documented:])


def test_the_client_has_mlflows_name_too() -> None:
    """So that an import needs no change."""
    assert MlflowClient is RunyardClient


def test_workspaces_are_refused_clearly() -> None:
    """They are not offered."""
    with pytest.raises(NotImplementedHere, match="workspaces"):
        RunyardClient(workspace_store_uri="http://127.0.0.1:5000")
