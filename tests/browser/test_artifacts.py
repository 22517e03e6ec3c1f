"""Artifacts in a browser: looked into, downloaded, never run."""

import base64
import urllib.request

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Tab
from tests.support.server import RunningServer
from tests.ui.stories import Story

pytestmark = pytest.mark.browser

_DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
_FILES = {
    "plots/dot.png": base64.b64decode(_DOT),
    "table.csv": b"epoch,loss\n1,0.5\n",
    "report.html": b"<script>document.title = 'ran'</script><h1>report</h1>",
    "notes/deep/hello.txt": b"hello <b>world</b>",
}


@pytest.fixture
def run_path(server: RunningServer, story: Story) -> str:
    """The artifacts' page of a run that has some files, sent through the server's proxy."""
    run_id = story.run_ids[0]
    for name, content in _FILES.items():
        address = f"{server.url}/api/2.0/mlflow-artifacts/artifacts/{story.experiment_id}/{run_id}/artifacts/{name}"
        urllib.request.urlopen(urllib.request.Request(address, content, method="PUT")).close()
    return f"/runs/{run_id}/artifacts"


def test_the_tree_opens_and_files_are_looked_into(tab: Tab, run_path: str) -> None:
    """Folder by folder to a text, a table and a picture."""
    tab.open(run_path)

    tab.page.get_by_role("link", name="notes").click()
    tab.page.get_by_role("link", name="deep").click()
    tab.page.get_by_role("link", name="hello.txt").click()
    expect(tab.page.locator(".preview pre")).to_have_text("hello <b>world</b>")
    tab.page.get_by_role("link", name="table.csv").click()
    expect(tab.page.locator(".preview td").first).to_have_text("1")
    tab.open(f"{run_path}?path=plots/dot.png")

    tab.page.wait_for_function("document.querySelector('.preview img').naturalWidth === 1")


def test_a_page_among_the_artifacts_is_shown_as_text(tab: Tab, run_path: str) -> None:
    """A report may hold anything; it must not act with my rights."""
    tab.open(f"{run_path}?path=report.html")

    expect(tab.page.locator(".preview pre")).to_contain_text("<script>")
    assert tab.page.title() != "ran"


def test_files_are_downloaded_as_they_are(tab: Tab, run_path: str) -> None:
    """The button gives the file under its name; on a telephone too nothing stands over it, nor beside the page."""
    tab.page.set_viewport_size({"width": 390, "height": 800})
    tab.open(f"{run_path}?path=table.csv")
    assert 390 == tab.page.evaluate("document.documentElement.scrollWidth")

    with tab.page.expect_download() as download:
        tab.page.get_by_role("link", name="Download").click()

    assert "table.csv" == download.value.suggested_filename
    assert _FILES["table.csv"] == download.value.path().read_bytes()
