"""The filter box of the table of runs: completions and recent filters, by keyboard and pointer."""

import re

import pytest
from playwright.sync_api import Locator, expect

from runyard.gate.gate import Gate
from runyard.tracking.runs.messages import LogBatch
from tests.browser.conftest import Tab
from tests.factories import a_point, a_run, an_experiment
from tests.support.server import RunningServer
from tests.ui.stories import Story

pytestmark = pytest.mark.browser


def box(tab: Tab, story: Story) -> Locator:
    """The box of an experiment's page."""
    tab.open(f"/experiments/{story.experiment_id}?nest=flat&charts=table")
    expect(tab.page.locator("#runs-table tbody tr")).to_have_count(5)
    tab.page.locator("#filter").focus()  # what completes is loaded now
    return tab.page.get_by_role("combobox", name="Filter runs")


def options(tab: Tab) -> Locator:
    """What the box offers."""
    return tab.page.get_by_role("option")


def test_a_filter_is_written_with_completions(tab: Tab, story: Story) -> None:
    """Key, comparator and value by arrows and Enter; the last Enter filters, and the focus goes to the table."""
    filter_box = box(tab, story)
    filter_box.press_sequentially("params.l")
    expect(options(tab)).to_have_text(["params.lrparam"])
    filter_box.press("ArrowDown")
    expect(options(tab).first).to_have_attribute("aria-selected", "true")
    filter_box.press("Enter")
    expect(filter_box).to_have_value("params.lr ")
    expect(options(tab).first).to_have_text("=comparator")
    filter_box.press("ArrowDown")
    filter_box.press("Tab")
    expect(filter_box).to_have_value("params.lr = ")
    expect(options(tab)).not_to_have_count(0)
    options(tab).filter(has_text="'0.2'").click()
    expect(filter_box).to_have_value("params.lr = '0.2' ")
    filter_box.press("Enter")
    expect(tab.page.locator("#runs-table tbody tr")).to_have_count(1)
    expect(tab.page.locator("#runs-table tbody a").first).to_be_focused()


def test_keys_of_the_shown_runs_are_offered_first(tab: Tab, story: Story, server: RunningServer) -> None:
    """Others follow; a part of a key finds it where none begins like this."""
    gate = Gate.open(server.database_uri, artifact_root=str(server.folder / "runyard-artifacts"))
    try:
        other = a_run(gate, an_experiment(gate, "of other keys"))
        gate.perform(LogBatch(run_id=other, metrics=[a_point("los angeles", 1.0), a_point("loa", 1.0)]))
    finally:
        gate.close()
    filter_box = box(tab, story)

    filter_box.press_sequentially("metrics.lo")
    expect(options(tab)).to_have_text(["metrics.lossmetric", "metrics.loametric", "metrics.`los angeles`metric"])
    filter_box.fill("metrics.OSS")
    expect(options(tab)).to_have_text(["metrics.lossmetric"])


def test_escape_closes_the_list_and_keeps_the_text(tab: Tab, story: Story) -> None:
    """The list is an offer: what is typed stays, and is sent as it is."""
    filter_box = box(tab, story)
    filter_box.press_sequentially("sta")
    expect(options(tab)).to_have_count(3)
    expect(filter_box).to_have_attribute("aria-expanded", "true")
    filter_box.press("Escape")
    expect(options(tab)).to_have_count(0)
    expect(filter_box).to_have_attribute("aria-expanded", "false")
    expect(filter_box).to_have_value("sta")


def test_recent_filters_are_offered_in_an_empty_box(tab: Tab, story: Story) -> None:
    """The last one first; they are kept by the browser. One that was wrong is not."""
    for text in ("metrics.loss < 100", "run 1", "metrics.loss <"):
        filter_box = box(tab, story)
        filter_box.fill(text)
        filter_box.press("Enter")
        expect(tab.page).to_have_url(re.compile("filter="))
        expect(tab.page.locator("#filter")).to_have_value(text)
    filter_box = box(tab, story)
    filter_box.press("ArrowDown")
    expect(options(tab)).to_have_text(["run 1recent", "metrics.loss < 100recent"])
    filter_box.press("ArrowDown")
    filter_box.press("Enter")
    expect(filter_box).to_have_value("run 1")


def test_the_table_stays_under_a_wrong_filter(tab: Tab, story: Story) -> None:
    """With all runs, while the error points at the place."""
    filter_box = box(tab, story)
    filter_box.fill("status = 'failed'")
    filter_box.press("Enter")
    expect(tab.page.get_by_role("alert")).to_contain_text("RUNNING, SCHEDULED, FINISHED, FAILED, KILLED")
    expect(tab.page.locator("#runs-table tbody tr")).to_have_count(5)


def test_a_cell_becomes_a_condition(tab: Tab, story: Story) -> None:
    """By pointer, then by keyboard behind the first condition; a number in full, though its cell shows some digits."""
    tab.open(f"/experiments/{story.experiment_id}?order=metrics.loss%20ASC&nest=flat&charts=table")
    rows, menu = tab.page.locator("#runs-table tbody tr"), tab.page.get_by_role("menu")
    expect(rows).to_have_count(5)
    heads = [text.strip() for text in tab.page.locator("#runs-table thead th").all_inner_texts()]
    loss, lr = (next(place for place, text in enumerate(heads) if text.startswith(key)) for key in ("loss", "lr"))
    rows.nth(1).locator("td").nth(loss).click()
    menu.get_by_role("menuitem", name="This or less").click()
    expect(rows).to_have_count(2)
    expect(rows.first.locator("a").first).to_be_focused()
    for _ in range(lr - 1):
        tab.page.keyboard.press("ArrowRight")
    tab.page.keyboard.press("Enter")
    expect(menu.get_by_role("menuitem").first).to_be_focused()
    tab.page.keyboard.press("ArrowDown")
    tab.page.keyboard.press("Enter")
    expect(rows).to_have_count(1)
    expect(tab.page.locator("#filter")).to_have_value(re.compile(r"^metrics.loss <= 0\.\d+ AND params.lr != '0\.\d'$"))


def test_anything_is_found_from_any_page(tab: Tab, story: Story) -> None:
    """Ctrl-K, some letters, the arrows and Enter lead there; Escape leads back."""
    tab.open("/models")
    tab.page.keyboard.press("Control+k")
    tab.page.keyboard.type("words")  # before the script of the box is there
    box = tab.page.get_by_role("searchbox", name="Search everything")
    expect(box).to_have_value("words")
    box.fill("")
    expect(tab.page.locator("#search-box h2").first).to_have_text("Newest experiments")
    box.fill("words")
    box.press("Escape")  # which in other boxes only takes the words away
    expect(box).to_have_count(0)
    tab.page.locator("#search-link").click()
    box.fill("run 3")
    expect(tab.page.locator("#search-box li a.chosen")).to_have_text("run 3")
    box.press("Enter")
    expect(tab.page.get_by_role("heading", level=1)).to_contain_text("run 3")
