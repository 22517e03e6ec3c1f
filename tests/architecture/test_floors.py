"""Nothing reaches upwards, and the guide says what folders of a floor know of each other."""

import ast

import pytest

from tests.architecture import floors


def test_nothing_reaches_upwards_but_what_is_listed() -> None:
    """Whoever reads a folder needs to know those below it, and no other."""
    assert {(reach.file, reach.module) for reach in floors.upward()} == floors.ALLOWED | floors.LEFT


@pytest.mark.parametrize(
    "source",
    [
        "import runyard.cli.main",
        "from runyard import cli",
        "from runyard.cli.main import main",
        "def later():\n    from runyard.cli.main import main",
        "if TYPE_CHECKING:\n    from runyard.cli.main import main",
        "module = import_module('runyard.cli.main')",
        "HOMES = {'main': 'runyard.cli.main:main'}",
        "PROGRAM = 'import sys; from runyard.cli.main import main'",
        "command = [sys.executable, '-m', 'runyard.cli']",
    ],
)
def test_a_reach_is_found_in_every_form(source: str) -> None:
    """One that the check does not see is there to stay."""
    assert ["runyard.cli"] == [module.removesuffix(".main") for _, module in floors.named(ast.parse(source))]


@pytest.mark.parametrize(
    "source",
    ["import numpy", "from runyardish.cli import main", "'runyard.project.command'", "x = 'see runyard.cli.main'"],
)
def test_what_names_no_module_is_no_reach(source: str) -> None:
    """Names of tags and sentences may have words in common with folders."""
    assert [] == list(floors.named(ast.parse(source)))
