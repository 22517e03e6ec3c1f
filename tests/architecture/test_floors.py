"""Nothing reaches upwards, and the guide says what folders of a floor know of each other."""

import ast
import re

import pytest

from tests.architecture import floors


def test_nothing_reaches_upwards_but_what_is_listed() -> None:
    """To read a folder, one needs to know those below it, and no other."""
    assert {(reach.file, reach.module) for reach in floors.upward()} == floors.ALLOWED


def test_guide_has_the_floors_of_the_contract() -> None:
    """A developer who looks for a folder, or for a place for one, reads the guide."""
    assert floors.floors() == [list(rows) for rows in _tables()]


def test_guide_says_what_folders_of_a_floor_know_of_each_other() -> None:
    """An import that is not listed there is a surprise when one of them moves."""
    known: dict[str, set[str]] = {folder: set() for floor in floors.floors() for folder in floor}
    for reach in floors.reaches():
        if not floors.is_upward(reach) and any({reach.folder, reach.known} <= set(floor) for floor in floors.floors()):
            known[reach.folder].add(reach.known)

    assert known == {folder: known for rows in _tables() for folder, known in rows.items()}


def _tables() -> list[dict[str, set[str]]]:
    """For each floor of the guide, its folders, each with those that it knows there."""
    guide = (floors.ROOT / "web/docs/concepts/architecture.md").read_text(encoding="utf-8")
    tables = guide.partition("## Seven floors")[2].partition("\n## ")[0].split("\n### ")[1:]
    rows = [[line.split("|") for line in table.splitlines() if line.startswith("| `")] for table in tables]
    return [{_names(row[1])[0]: set(_names(row[3])) for row in table} for table in rows]


def _names(cell: str) -> list[str]:
    return [name.removesuffix("/").removesuffix(".py") for name in re.findall("`(.+?)`", cell)]


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
def test_what_names_no_module_is_not_a_reach(source: str) -> None:
    """Names of tags and sentences may have words in common with folders."""
    assert [] == list(floors.named(ast.parse(source)))
