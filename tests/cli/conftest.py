"""What the tests of the command line share."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from runyard.cli.main import run


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed, as JSON."""
        return json.loads(self.out)


Runyard = Callable[..., Done]


@pytest.fixture
def runyard(capfd: pytest.CaptureFixture[str]) -> Runyard:
    """Runs the command line in the test's folder, where the local store is."""

    def call(*arguments: str) -> Done:
        capfd.readouterr()
        code = run(arguments)
        out, err = capfd.readouterr()
        return Done(code, out, err)

    return call
