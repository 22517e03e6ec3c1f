"""The pages about flavors and engines: their examples run where the libraries are."""

from pathlib import Path

import pytest

from tests.docs.pages import ROOT
from tests.docs.running import run_page
from tests.flavors.examples import paths
from tests.support import families

_FAMILY = families.FAMILIES.get(families.current(), families.Family((), ()))
_DOCS = ROOT / "web" / "docs"
_PAGES = [page for name in _FAMILY.folders if (page := _DOCS / "flavors" / f"{name}.md").exists()]
_PAGES += [_DOCS / "guides" / f"{name}.md" for name in _FAMILY.pages]


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("page", _PAGES, ids=lambda page: page.stem)
def test_examples_of_a_page_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader copies them, one after the other."""
    for name, value in paths().items():
        monkeypatch.setenv(name, value)
    run_page(page, tmp_path)
