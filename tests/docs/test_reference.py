"""The reference pages say what the code does."""

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
