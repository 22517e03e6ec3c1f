"""The reference pages say what the code does."""

from pathlib import Path

import pytest

from tests.docs import reference


@pytest.mark.parametrize("path", sorted(reference.pages()), ids=lambda path: path.name)
def test_reference_page_is_what_the_code_says(path: Path) -> None:
    """A reader must find every option, setting and operation, with the defaults that are in force."""
    assert reference.pages()[path] == path.read_text(encoding="utf-8"), "The page is stale. Write it with: make docs"
