"""Every function takes what MLflow's takes, in the same order and with the same defaults."""

import inspect
import json
from pathlib import Path
from typing import Any

import pytest

import runyard

DOCUMENTED = json.loads((Path(__file__).parent / "signatures.json").read_text())
"""Names, kinds and defaults of the parameters in mlflow 3.17.2."""

OURS = {"start_run": [["log_output", "KEYWORD_ONLY", "None"]]}
"""What our functions take besides, by name only."""


def shown(function: Any) -> list[list[str | None]]:
    """A function's parameters as the table has them."""
    return [
        [name, parameter.kind.name, None if parameter.default is parameter.empty else repr(parameter.default)]
        for name, parameter in inspect.signature(function).parameters.items()
    ]


@pytest.mark.parametrize("path", DOCUMENTED)
def test_a_function_takes_the_documented_parameters(path: str) -> None:
    """By position and by name, calls written for MLflow fit."""
    function: Any = runyard
    for name in path.split("."):
        function = getattr(function, name)

    assert DOCUMENTED[path] + OURS.get(path, []) == shown(function)
