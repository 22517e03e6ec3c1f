"""The job that the table of runs is for, in Chromium, among 100,000 runs."""

import csv
import re
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import Tab
from tests.browser.scale.conftest import Store
from tests.support.http import Caller
from tests.support.server import RunningServer
from tests.ui.sweeps import BEST, LAST_WEEKS

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

TAGGED, DELETED = 5, 20


def rows(page: Page) -> Locator:
    """The rows of the table."""
    return page.locator("#runs-table tbody tr")


def filtered(page: Page, keys: str) -> None:
    """Write a filter behind what stands there, taking what is offered first at each ``→``, and send it."""
    page.keyboard.press("/")
    page.keyboard.press("End")
    for typed in re.split("(→)", keys):
        if typed == "→":
            expect(page.get_by_role("option").first).to_be_visible()
            page.keyboard.press("ArrowDown")
            page.keyboard.press("Enter")
        elif typed:
            page.keyboard.type(typed)
    page.keyboard.press("Enter")
    expect(rows(page).locator("a").first).to_be_focused()


def names(page: Page) -> list[str]:
    """The names of the runs that are shown."""
    return [text.strip() for text in page.locator("#runs-table tbody td:nth-child(2) > a").all_inner_texts()]


@pytest.fixture
def table(tab: Tab, store: Store) -> Page:
    """The table of the experiment with the many runs."""
    page = tab.open(f"/experiments/{store.experiment_id}")
    expect(page.locator(".pager .range").first).to_contain_text("1–100 of")
    return page


def test_the_best_run_is_found_by_filter_and_order(table: Page) -> None:
    """On the first try, with completion; what is equal in all rows is shown on request and hidden again."""
    filtered(table, "metrics.v→> 0.9")
    expect(rows(table)).to_have_count(8)
    table.locator("thead").get_by_role("link", name="val/acc", exact=True).click()
    expect(table.locator("th[aria-sort=descending]")).to_contain_text("val/acc")
    assert BEST == names(table)[0]
    expect(rows(table).first).to_contain_text("0.97")

    table.get_by_text("Columns", exact=True).click()
    table.get_by_role("link", name=re.compile("^Show . equal params")).click()
    expect(table.locator("#runs-table thead")).to_contain_text("optimizer")
    table.get_by_text("Columns", exact=True).click()
    table.get_by_role("link", name="Hide equal params").click()
    expect(table.locator("#runs-table thead")).not_to_contain_text("optimizer")
    assert BEST == names(table)[0]


def test_seeds_are_grouped(table: Page) -> None:
    """By the learning rate: mean and deviation of eight seeds each, the best group first; a group opens in place."""
    filtered(table, "tags.team = →")
    expect(rows(table)).to_have_count(24)
    table.get_by_text("Group by", exact=True).click()
    table.locator("group-panel").get_by_label("lr", exact=True).check()
    table.locator("group-panel").get_by_role("button", name="Apply").click()
    groups = table.locator("#groups-table tbody tr")
    expect(groups).to_have_count(3)
    table.locator("#groups-table").get_by_role("link", name="val/acc", exact=True).click()
    expect(table.locator("#groups-table th[aria-sort=descending]")).to_contain_text("val/acc")
    expect(groups.first).to_contain_text(re.compile(r"0\.01.*8.*0\.929.*±"))
    groups.first.locator("a").first.click()
    expect(table.locator("#groups-table tbody tr.in a", has_text="seed=3")).to_have_count(1)
    table.get_by_role("link", name="These runs as a table").click()
    expect(rows(table)).to_have_count(8)


def test_runs_of_two_pages_are_tagged_and_kept_as_a_view(browser: Browser, table: Page) -> None:  # long: one journey
    """Five are chosen and tagged; a link to a view of them shows the same to somebody else."""
    filtered(table, "tags.t0 = 'team-3→")
    pager = table.locator(".pager .range").first
    expect(pager).to_contain_text("1–100 of")
    for place in (0, 3, 7):
        rows(table).nth(place).get_by_role("checkbox").check()
    table.get_by_role("link", name="Next").first.click()
    expect(pager).to_contain_text("101–200")
    for place in (1, 2):
        rows(table).nth(place).get_by_role("checkbox").check()
    expect(table.locator("output")).to_contain_text("5 chosen, 3 not on this page")
    table.get_by_text("Tag", exact=True).click()
    table.get_by_role("textbox", name="Key").fill("picked")
    table.get_by_role("textbox", name="Value").fill("yes")
    table.keyboard.press("Enter")
    expect(table.locator(".notice")).to_contain_text("5 runs were tagged.")
    expect(pager).to_contain_text("101–200")

    filtered(table, " AND tags.pic→= →")
    expect(rows(table)).to_have_count(TAGGED)
    table.get_by_role("link", name="Started", exact=True).click()
    expect(table.locator("th[aria-sort]")).to_contain_text("Started")
    table.get_by_text("Views", exact=True).click()
    table.get_by_label("Save what is on screen as").fill("picked ones")
    table.keyboard.press("Enter")
    expect(table.locator(".views summary")).to_contain_text("picked ones")

    shown, heads = names(table), table.locator("#runs-table thead th").all_inner_texts()
    context = browser.new_context(viewport={"width": 1366, "height": 800})
    other = context.new_page()
    other.goto(table.url)
    expect(rows(other)).to_have_count(TAGGED)
    assert (shown, heads) == (names(other), other.locator("#runs-table thead th").all_inner_texts())
    expect(other.locator(".views summary")).to_contain_text("picked ones")
    context.close()


def test_a_file_of_a_view_is_what_the_api_says(tab: Tab, server: RunningServer, store: Store, tmp_path: Path) -> None:
    """All rows of all pages, with the columns of the view, in its order."""
    text = "params.p0 = 'v3' AND metrics.m0 > 0.9"
    columns = "col=metrics.m0&col=params.p10"
    page = tab.open(f"/experiments/{store.experiment_id}?filter={quote(text)}&order=metrics.m0%20DESC&{columns}")
    page.get_by_text("Export", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    download.value.save_as(tmp_path / "runs.csv")
    with (tmp_path / "runs.csv").open(newline="") as lines:
        exported = [(row["run_id"], float(row["metrics.m0"]), row["params.p10"]) for row in csv.DictReader(lines)]

    with Caller(server.url) as caller:
        asked = {"experiment_ids": [store.experiment_id], "filter": text, "order_by": ["metrics.m0 DESC"]}
        found = caller.call("runs/search", {**asked, "max_results": 50_000})["runs"]
    assert len(found) > 500
    assert exported == [
        (run["info"]["run_id"], value_of(run["data"]["metrics"], "m0"), value_of(run["data"]["params"], "p10"))
        for run in found
    ]


def value_of(entries: list[dict[str, Any]], key: str) -> Any:
    """The value under a key."""
    return next(entry["value"] for entry in entries if entry["key"] == key)


def test_twenty_runs_are_deleted_and_come_back(table: Page) -> None:
    """In the view, with its filter and order, and with no question: an undo stands there."""
    filtered(table, "params.p0 = 'v3→AND metrics.m0 > 0.995")
    pager = table.locator(".pager .range").first
    expect(pager).not_to_contain_text("1–100 of")
    before = pager.inner_text()
    for place in range(DELETED):
        rows(table).nth(place).get_by_role("checkbox").check()
    expect(table.locator("output")).to_contain_text("20 chosen")
    table.locator("run-selection").get_by_role("button", name="Delete").click()
    expect(table.locator(".notice")).to_contain_text("20 runs were deleted.")
    expect(pager).not_to_have_text(before)
    table.get_by_role("button", name="Undo").click()
    expect(table.locator(".notice")).to_contain_text("20 runs were restored.")
    expect(pager).to_have_text(before)


@pytest.mark.parametrize("path", ["/", "/models", "/docs/guides/search"])
def test_last_weeks_run_is_found_from_any_page(tab: Tab, store: Store, path: str) -> None:
    """Ctrl-K, a part of its name, Enter."""
    page = tab.open(path)
    page.keyboard.press("Control+k")
    page.get_by_role("searchbox", name="Search everything").fill("before the holi")
    expect(page.locator("#search-box li a.chosen")).to_have_text(LAST_WEEKS)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text(LAST_WEEKS)
    assert store.sweep.last_weeks in page.url


def test_a_live_run_appears_moves_and_ends(table: Page, server: RunningServer, store: Store) -> None:
    """While one looks, without loading the page again."""
    expect(table.locator("html[data-live=listens]")).to_have_count(1)
    table.evaluate("window.stays = true")
    with Caller(server.url) as caller:
        now = int(time.time() * 1000)
        body = {"experiment_id": store.experiment_id, "start_time": now, "run_name": "just begun"}
        run_id = caller.call("runs/create", body)["run"]["info"]["run_id"]
        expect(rows(table).first).to_contain_text("just begun")
        expect(rows(table).first).to_contain_text("Running")
        for step, value in enumerate((0.25, 0.5)):
            point = {"run_id": run_id, "key": "m0", "value": value, "timestamp": now, "step": step}
            caller.call("runs/log-metric", point)
            expect(rows(table).first).to_contain_text(str(value))
        caller.call("runs/update", {"run_id": run_id, "status": "FINISHED", "end_time": now + 5000})
        expect(rows(table).first).to_contain_text("Finished")
    assert table.evaluate("window.stays") is True
