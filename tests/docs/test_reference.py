"""The reference pages say what the code does."""

import re
from pathlib import Path

import pytest

from tests.architecture.limits import ROOT
from tests.docs import reference


@pytest.mark.parametrize("path", sorted(reference.pages()), ids=lambda path: path.name)
def test_reference_page_is_what_the_code_says(path: Path) -> None:
    """A reader must find every option, setting and operation, with the defaults that are in force."""
    assert reference.pages()[path] == path.read_text(encoding="utf-8"), "The page is stale. Write it with: make docs"


def test_the_readme_leads_to_every_guide() -> None:
    """What only the list at /docs names is not found by who reads the repository."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")

    assert [] == [path.name for path in (ROOT / "web/docs/guides").glob("*.md") if f"guides/{path.name})" not in text]


@pytest.mark.parametrize("path", sorted((ROOT / "web/docs/guides").glob("*.md")), ids=lambda path: path.name)
def test_a_guide_says_nothing_twice(path: Path) -> None:
    """Two versions of one paragraph, as a merge leaves them, differ in what they say; which one is true?"""
    text = re.sub(r"```.*?```|^\|.*?$", " ", path.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    words = text.split()
    runs = [" ".join(words[place : place + 9]) for place in range(len(words) - 8)]

    assert [] == sorted({run for run in runs if runs.count(run) > 1})
