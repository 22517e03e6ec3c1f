"""The guides for those who change the code speak of the code of today."""

import re
from pathlib import Path

import pytest

from tests.architecture.limits import ROOT

SOURCE = ROOT / "src" / "runyard"
ARCHITECTURE = ROOT / "web" / "docs" / "concepts" / "architecture.md"
CONTRIBUTING = ROOT / ".github" / "CONTRIBUTING.md"


def test_architecture_names_every_folder_and_no_other() -> None:
    """A newcomer finds out there what a folder is for."""
    folders = {folder.name for folder in SOURCE.iterdir() if any(folder.glob("*.py"))}
    rows = re.findall(r"^\| (.+?) \|", ARCHITECTURE.read_text(encoding="utf-8"), re.MULTILINE)

    assert folders == {name for row in rows for name in re.findall(r"`(\w+)/`", row)}


@pytest.mark.parametrize("page", [ARCHITECTURE, CONTRIBUTING], ids=lambda page: page.stem)
def test_files_that_a_guide_names_are_there(page: Path) -> None:
    """A reader opens them one after the other."""
    text = page.read_text(encoding="utf-8")
    named = re.findall(r"`((?:\w[\w.]*/)+[\w.]*)`", text)

    assert named
    assert [name for name in named if not any((root / name).exists() for root in (ROOT, SOURCE))] == []
