"""Every example in the readme and the guides runs, in the order in which a reader meets them."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from tests.docs.pages import UNCHECKED, Example, examples, markdown_pages
from tests.support.environments import environment
from tests.support.server import RunningServer

_ADDRESS = "http://127.0.0.1:5000"
_PAGES = [path for path in markdown_pages() if examples(path)]


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """A server on the store of the working directory, as the pages tell a reader to start one."""
    server = RunningServer(tmp_path, f"sqlite:///{tmp_path / 'runyard.db'}").start()
    yield server.url
    server.kill()


@pytest.mark.slow
@pytest.mark.timeout(600)  # a page starts dozens of programs, one after the other
@pytest.mark.parametrize("page", _PAGES, ids=lambda path: path.stem)
def test_examples_of_a_page_run(page: Path, tmp_path: Path, address: str) -> None:
    """A reader copies them; each must do what the text around it says, after those before it."""
    for example in examples(page):
        if example.language not in UNCHECKED and example.reason_not_to_run is None:
            _run(example, tmp_path, address)


def _run(example: Example, folder: Path, address: str) -> None:
    code = example.code.replace(_ADDRESS, address)
    if example.language == "python":
        python = str(environment("mlskinny3")) if "with-mlflow" in example.notes else sys.executable
        command = [python, "-W", "error::DeprecationWarning:__main__", "-c", code]
    elif example.language == "bash":
        command = ["bash", "-euo", "pipefail", "-c", code]
    else:
        pytest.fail(f"{example.page}:{example.line}: do not know how to run {example.language!r}")
    done = subprocess.run(
        command, cwd=folder, env=_reader_environment(folder), capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, f"{example.page}:{example.line}\n{done.stdout}\n{done.stderr}"


def _reader_environment(folder: Path) -> dict[str, str]:
    """What a reader's shell has: no settings of ours yet, and `runyard` on the path."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RUNYARD_", "MLFLOW_"))}
    path = os.pathsep.join([str(Path(sys.executable).parent), kept.get("PATH", os.defpath)])
    return {**kept, "PATH": path, "HOME": str(folder)}


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
