"""Comparing runs: a baseline, only what differs, the changed line of code, pictures, and what others see."""

from contextlib import closing
from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import Browser, expect

from runyard.core.tags import COMMIT_TAG, IMAGES_TAG
from runyard.gate.gate import Gate
from runyard.tracking.origins.messages import NoteOrigin
from runyard.tracking.runs.entities import Param
from runyard.tracking.runs.messages import LogBatch, LogParam
from tests.browser.conftest import Tab
from tests.factories import NOW, a_point, a_run, an_experiment
from tests.support.server import RunningServer
from tests.ui.pages.test_compare_tabs import PATCH
from tests.ui.stories import keep

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def run_ids(server: RunningServer) -> list[str]:
    """Three runs of one commit that differ in a rate, in a line of code and in their pictures."""
    with closing(Gate.open(server.database_uri, artifact_root=str(server.folder / "runyard-artifacts"))) as gate:
        experiment_id, made = an_experiment(gate), []
        for place, rate in enumerate(("0.2", "0.3", "0.3")):
            tags = {COMMIT_TAG: "3f2c9d81a4", IMAGES_TAG: "True"}
            run_id = a_run(gate, experiment_id, tags, run_name=f"try {place}")
            params = [Param(key="rate", value=rate), Param(key="depth", value="3")]
            gate.perform(LogBatch(run_id=run_id, params=params, metrics=[a_point("loss", 0.5 - place / 8)]))
            gate.perform(NoteOrigin(run_id=run_id, patch=PATCH.format(rate)))
            for step in (1, 5):
                name = f"images/seen+step+{step}+timestamp+{NOW}+{'abcd'[place]}000.png"
                picture = BytesIO()
                Image.new("RGB", (8, 8), (step * 40, place * 80, 0)).save(picture, "PNG")
                keep(gate, run_id, name, picture.getvalue())
            made.append(run_id)
        return made


def test_a_comparison_is_read(tab: Tab, run_ids: list[str]) -> None:
    """Any run can be the baseline, what is equal is hidden and shown again, and runs are columns or rows."""
    page = tab.open(f"/compare?runs={','.join(run_ids)}")
    table = page.locator(".compare")
    expect(table.locator("small.better")).to_have_text(["\N{MINUS SIGN}0.1250", "\N{MINUS SIGN}0.2500"])

    page.get_by_label("Baseline").select_option("try 1")
    page.wait_for_url("**baseline=*")
    expect(table.locator("small.worse")).to_have_text(["+0.1250"])
    expect(table).to_contain_text("depth")
    page.keyboard.press("d")
    page.wait_for_url("**differences=only*")
    expect(table).not_to_contain_text("depth")
    page.keyboard.press("d")
    page.wait_for_url("**differences=all*")
    expect(table).to_contain_text("depth")
    page.get_by_role("link", name="as rows").click()
    expect(table.locator("tbody tr")).to_have_count(3)
    expect(page.get_by_label("Baseline")).to_have_value(run_ids[1])


def test_the_changed_line_of_code_is_found_and_shared(tab: Tab, browser: Browser, run_ids: list[str]) -> None:
    """The address leads a colleague's fresh browser to the same lines."""
    page = tab.open(f"/compare?runs={','.join(run_ids)}&baseline={run_ids[1]}")
    page.get_by_role("navigation", name="Parts of the comparison").get_by_role("link", name="Code").click()
    page.wait_for_url("**tab=code*")
    expect(page.locator(".diff .old")).to_have_text(["rate = 0.3"])
    expect(page.locator(".diff .new")).to_have_text(["rate = 0.2"])
    page.locator("[name=with]").select_option("try 2")
    expect(page.locator("#code-difference")).to_contain_text("Both had the same uncommitted changes.")
    page.go_back()
    expect(page.locator(".diff .new")).to_have_text(["rate = 0.2"])

    other = browser.new_context(color_scheme="light").new_page()
    other.goto(page.url)
    expect(other.get_by_label("Baseline")).to_have_value(run_ids[1])
    expect(other.locator("main")).to_have_text(page.locator("main").inner_text(), use_inner_text=True)
    other.context.close()


def test_pictures_slide_together_and_two_runs_are_explained_live(
    tab: Tab, server: RunningServer, run_ids: list[str]
) -> None:
    """One slider for the pictures of all runs; its step stays with another baseline. A param logged late appears."""
    page = tab.open(f"/compare?runs={','.join(run_ids)}&tab=artifacts")
    first = page.locator("image-series img").first
    expect(page.locator("image-series img")).to_have_count(3)
    before = first.get_attribute("src")
    page.get_by_label("Step", exact=True).press("Home")
    expect(page.locator("image-series output")).to_have_text("1 (1 of 2)")
    expect(first).not_to_have_attribute("src", before or "")
    page.get_by_label("Baseline").select_option("try 1")
    page.wait_for_url("**baseline=*")
    expect(page.locator("image-series output")).to_have_text("1 (1 of 2)")

    page.get_by_role("link", name="Why they differ").click()
    page.locator("#two-form").get_by_role("button").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Compare 2 runs")
    expect(page.locator(".compare")).not_to_contain_text("depth")
    with closing(Gate.open(server.database_uri)) as gate:
        gate.perform(LogParam(run_id=run_ids[1], key="late", value="0.0625"))
    expect(page.locator("#compared")).to_contain_text("0.0625")
