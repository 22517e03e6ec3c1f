"""Every example in the readme and the guides runs, in the order in which a reader meets them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from tests.docs.pages import examples, is_of_a_family, markdown_pages
from tests.docs.running import run_page
from tests.support.server import RunningServer

_PAGES = [path for path in markdown_pages() if examples(path)]


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """A server on the store of the working directory, as the pages tell a reader to start one."""
    server = RunningServer(tmp_path, f"sqlite:///{tmp_path / 'runyard.db'}").start()
    yield server.url
    server.kill()


@pytest.mark.slow
@pytest.mark.timeout(600)  # a page starts dozens of programs, one after the other
@pytest.mark.parametrize("page", [page for page in _PAGES if not is_of_a_family(page)], ids=lambda path: path.stem)
def test_examples_of_a_page_run(page: Path, tmp_path: Path, address: str) -> None:
    """A reader copies them; each must do what the text around it says, after those before it."""
    run_page(page, tmp_path, address)


def test_an_example_that_is_not_run_says_why() -> None:
    """Leaving an example out must be a choice that a reviewer sees."""
    silent = [
        f"{example.page}:{example.line}"
        for page in _PAGES
        for example in examples(page)
        if example.reason_not_to_run == "" or not example.language
    ]

    assert silent == []


def test_links_between_pages_lead_somewhere() -> None:
    """A reader who follows a link must find a page, in the repository and on the server."""
    broken = []
    for page in markdown_pages():
        for target in _relative_links(page.read_text(encoding="utf-8")):
            if not (page.parent / target.partition("#")[0]).exists():
                broken.append(f"{page.name} → {target}")

    assert broken == []


def _relative_links(text: str) -> Iterator[str]:

    for token in MarkdownIt().parse(text):
        for child in token.children or ():
            link = child.attrs.get("href") or child.attrs.get("src")
            if isinstance(link, str) and "://" not in link and not link.startswith(("#", "/", "mailto:")):
                yield link
