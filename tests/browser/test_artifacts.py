"""Artifacts in a browser: looked into, downloaded, never run."""

import base64
import io
import json
import urllib.request
import zipfile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Page, expect

from runyard.client import RunyardClient
from tests.browser.axe import faults
from tests.browser.conftest import Tab
from tests.support.server import RunningServer
from tests.ui.stories import Story

pytestmark = pytest.mark.browser

_DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
_FILES = {
    "plots/dot.png": base64.b64decode(_DOT),
    "table.csv": b"epoch,loss\n1,0.5\n",
    "plots/drawn.svg": b"<svg xmlns='http://www.w3.org/2000/svg'><script>top.document.title = 'ran'</script></svg>",
    "report.html": b"<script>document.title = 'ran'</script><h1>report</h1>",
    "notes/deep/hello.txt": b"hello <b>world</b>",
}

NOTEBOOK = json.dumps(
    {
        "nbformat": 4,
        "cells": [
            {"cell_type": "markdown", "source": "# About"},
            {
                "cell_type": "code",
                "source": "1 + 1",
                "outputs": [
                    {
                        "output_type": "execute_result",
                        "data": {
                            "text/html": "<table><tr><th></th><th>h</th></tr><tr><th>0</th><td>cell</td></tr></table>"
                        },
                    }
                ],
            },
        ],
    }
).encode()
WIDTH = "([id, width]) => document.querySelector(`[data-run='${id}'] img`)?.naturalWidth === width"


def store(server: RunningServer, story: Story, run_id: str, name: str, content: bytes) -> None:
    """Send a file of a run through the server's proxy."""
    address = f"{server.url}/api/2.0/mlflow-artifacts/artifacts/{story.experiment_id}/{run_id}/artifacts/{name}"
    urllib.request.urlopen(urllib.request.Request(address, content, method="PUT")).close()


def faults_of(tab: Tab, path: str) -> list[str]:
    """What axe finds on a page, in a narrow, dark window and in a wide, light one."""
    found = list[str]()
    tab.open(path)
    for width, scheme in ((390, "dark"), (1366, "light")):
        tab.page.set_viewport_size({"width": width, "height": 800})
        tab.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
        found += faults(tab.page)
    return found


def filled(server: RunningServer, story: Story) -> dict[str, bytes]:
    """Images of the first two runs at steps 0, 5 and 10, and files of the first: a long log, a table, a notebook."""
    first, second = story.run_ids[:2]
    log = "".join(f"{number:07} epoch {number // 1000}\n" for number in range(1, 1_200_001)).encode()
    table = io.BytesIO()
    pq.write_table(pa.table({"n": range(1000), "score": [number % 997 for number in range(1000)]}), table)
    files = {"data/log.txt": log, "data/t.parquet": table.getvalue(), "data/n.ipynb": NOTEBOOK}
    for name, content in files.items():
        store(server, story, first, name, content)
    series = {first: (0, 5, 10), second: (0, 10)}
    client = RunyardClient(server.url)
    for run_id, steps in series.items():
        for step in steps:
            client.log_image(run_id, np.full((4, 4 + step), step, dtype="uint8"), key="mask", step=step)
    return files


@pytest.fixture
def run_path(server: RunningServer, story: Story) -> str:
    """The artifacts' page of a run that has some files, sent through the server's proxy."""
    run_id = story.run_ids[0]
    for name, content in _FILES.items():
        store(server, story, run_id, name, content)
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

    tab.page.wait_for_function("() => document.querySelector('.preview img').naturalWidth === 1")
    tab.page.get_by_role("link", name="Next picture").click()
    tab.page.wait_for_function("() => document.querySelector('.preview img').naturalWidth > 1")
    assert "ran" != tab.page.title()


def test_a_page_among_the_artifacts_is_shown_without_its_scripts(tab: Tab, run_path: str) -> None:
    """A report may hold anything; it must not act with my rights."""
    tab.open(f"{run_path}?path=report.html")

    expect(tab.page.frame_locator(".framed").locator("h1")).to_have_text("report")
    assert tab.page.title() != "ran"
    [refused] = tab.problems
    assert "Blocked script execution" in refused
    tab.problems.clear()
    tab.page.get_by_role("link", name="Text", exact=True).click()
    expect(tab.page.locator(".preview pre")).to_contain_text("<script>")


def test_files_are_downloaded_as_they_are(tab: Tab, run_path: str) -> None:
    """The button gives the file under its name; on a telephone too nothing stands over it, nor beside the page."""
    tab.page.set_viewport_size({"width": 390, "height": 800})
    tab.open(f"{run_path}?path=table.csv")
    assert 390 == tab.page.evaluate("document.documentElement.scrollWidth")

    with tab.page.expect_download() as download:
        tab.page.get_by_role("link", name="Download", exact=True).click()

    assert "table.csv" == download.value.suggested_filename
    assert _FILES["table.csv"] == download.value.path().read_bytes()


def read_the_log(page: Page) -> None:
    """Its end, a text that is found in it, and a line of it."""
    page.get_by_role("link", name="End", exact=True).click()
    expect(page.locator(".text code")).to_contain_text("1200000 epoch 1200")
    page.get_by_role("link", name="Beginning", exact=True).click()
    page.get_by_label("Find in the text").fill("99 epoch 1")
    page.get_by_label("Find in the text").press("Enter")
    expect(page.locator("#hit")).to_be_in_viewport()
    expect(page.locator(".numbers .here")).to_have_text("1099")
    page.get_by_role("link", name="Next hit").click()
    expect(page.locator(".numbers .here")).to_have_text("1199")
    page.get_by_role("link", name="Previous hit").click()
    expect(page.locator(".numbers .here")).to_have_text("1099")
    page.get_by_label("Line").fill("600000")
    page.get_by_role("button", name="Go").click()
    expect(page.locator(".numbers .here")).to_be_in_viewport()
    expect(page.locator(".text code")).to_contain_text("0600000 epoch 600")


def test_all_kinds_of_files_are_read_where_they_are(tab: Tab, server: RunningServer, story: Story) -> None:
    """Images of two runs at one step, a sorted table, the end of a long log, a notebook, a folder as one file."""
    first, second = story.run_ids[:2]
    files = filled(server, story)

    page = tab.open(f"/images?runs={first},{second}")
    slider = page.get_by_role("slider", name="Step")
    expect(slider).to_have_value("2")
    slider.press("ArrowLeft")
    shown = [page.locator(f"[data-run='{run_id}']") for run_id in (first, second)]
    expect(shown[0].locator("figcaption")).to_contain_text("step 5")
    expect(shown[1].locator("figcaption")).to_contain_text("step 0")
    for run_id, width in ((first, 9), (second, 4)):
        page.wait_for_function(WIDTH, arg=[run_id, width])
    page.wait_for_url("**step=5")
    page.reload()
    expect(slider).to_have_value("1")

    artifacts = f"/runs/{first}/artifacts"
    for path in ("data/t.parquet", "data/n.ipynb", "data"):
        assert [] == faults_of(tab, f"{artifacts}?path={path}"), path
    tab.open(f"{artifacts}?path=data/t.parquet")
    page.get_by_role("link", name="score").click()
    page.get_by_role("link", name="score").click()
    expect(page.locator(".data tbody tr").first).to_have_text("997996996")
    page.get_by_role("link", name="log.txt").click()
    read_the_log(page)
    page.get_by_role("link", name="n.ipynb").click()
    expect(page.locator(".notebook pre").first).to_have_text("1 + 1")
    expect(page.locator(".notebook td").last).to_have_text("cell")
    tab.open(f"{artifacts}?path=data")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download zip").click()

    with zipfile.ZipFile(download.value.path()) as packed:
        assert files == {name: packed.read(name) for name in packed.namelist()}
