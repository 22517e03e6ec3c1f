"""The tree of nested runs in a browser."""

import contextlib
import re

import pytest
from playwright.sync_api import expect

from runyard.core.tags import PARENT_TAG
from runyard.gate.gate import Gate
from tests.browser.conftest import Tab
from tests.factories import NOW, a_run, an_experiment
from tests.support.server import RunningServer

pytestmark = pytest.mark.browser


def test_a_tree_is_walked_by_keyboard_and_moves(tab: Tab, server: RunningServer) -> None:  # long: one journey
    """Right opens, Left closes and goes up; a new child appears; what is open and chosen is in the address."""
    with contextlib.closing(Gate.open(server.database_uri, artifact_root=str(server.folder / "a"))) as gate:
        experiment_id = an_experiment(gate, "tree")
        for place in range(2):
            sweep = a_run(gate, experiment_id, run_name="sweep", start_time=NOW - place)
            child = a_run(gate, experiment_id, {PARENT_TAG: sweep}, run_name="child", start_time=NOW)
            a_run(gate, experiment_id, {PARENT_TAG: child}, run_name="below", start_time=NOW)
        tab.open(f"/experiments/{experiment_id}?open=none&charts=table")
        rows = tab.page.locator("#runs-table tbody tr")
        expect(rows).to_have_count(2)
        assert ["1", "1"] == [row.get_attribute("aria-level") for row in rows.all()]

        second = rows.nth(1).locator("td > a").first  # two sweeps have one name: the focus stays in this row
        second.focus()
        tab.page.keyboard.press("ArrowRight")
        expect(rows).to_have_count(3)

        expect(second).to_be_focused()
        tab.page.keyboard.press("j")
        tab.page.keyboard.press("ArrowRight")
        expect(rows).to_have_count(4)
        expect(rows.nth(3)).to_have_attribute("aria-level", "3")
        tab.page.keyboard.press("j")
        tab.page.keyboard.press("x")
        expect(tab.page.locator("run-selection output")).to_have_text("1 chosen")
        rows.nth(3).locator("td > a").first.focus()
        tab.page.keyboard.press("ArrowLeft")
        expect(rows.nth(2).locator("td > a").first).to_be_focused()
        tab.page.keyboard.press("ArrowLeft")
        expect(rows).to_have_count(3)
        expect(tab.page.locator("run-selection output")).to_have_text("1 chosen, 1 not on this page")

        tab.page.evaluate("document.activeElement.blur()")
        a_run(gate, experiment_id, {PARENT_TAG: sweep}, run_name="late", start_time=NOW + 1)
        expect(rows.filter(has_text="late")).to_have_attribute("aria-level", "2", timeout=15_000)
        expect(rows.nth(1).locator(".turn")).to_have_text("2")
        tab.page.reload()
        expect(rows).to_have_count(4)
        expect(tab.page.locator("run-selection output")).to_have_text("1 chosen, 1 not on this page")

        tab.page.get_by_role("button", name="Clear").click()
        tab.page.get_by_role("link", name="Flat").click()
        expect(rows).to_have_count(7)
        tab.page.go_back()
        expect(rows).to_have_count(4)
        expect(tab.page).to_have_url(re.compile(f"open={sweep}"))
