"""The table of runs in a browser."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Tab
from tests.ui.stories import Story

pytestmark = pytest.mark.browser


def table(tab: Tab, story: Story) -> None:
    """Open the experiment's table."""
    tab.open(f"/experiments/{story.experiment_id}")
    expect(tab.page.locator("#runs-table tbody tr")).to_have_count(5)


def test_filtering_keeps_the_page_and_writes_the_address(tab: Tab, story: Story) -> None:
    """Only the table changes, and the address can be sent to a colleague."""
    table(tab, story)
    tab.page.evaluate("window.stays = true")

    tab.page.fill("#filter", "params.lr = '0.2'")
    tab.page.press("#filter", "Enter")

    expect(tab.page.locator("#runs-table tbody tr")).to_have_count(1)
    assert tab.page.evaluate("window.stays") is True
    assert "filter=params.lr" in tab.page.url
    tab.page.reload()
    expect(tab.page.locator("#runs-table tbody tr")).to_have_count(1)


def test_a_wrong_filter_is_explained_in_place(tab: Tab, story: Story) -> None:
    """The error stands under the box, and the text can be corrected."""
    table(tab, story)

    tab.page.fill("#filter", "metrics.loss <> 1")
    tab.page.press("#filter", "Enter")

    expect(tab.page.get_by_role("alert")).to_contain_text("^")
    expect(tab.page.locator("#filter")).to_have_value("metrics.loss <> 1")


def test_heads_sort_and_back_returns(tab: Tab, story: Story) -> None:
    """Every view is an entry of the browser's history."""
    table(tab, story)

    tab.page.get_by_role("link", name="loss", exact=True).click()
    expect(tab.page.locator("th[aria-sort=descending]")).to_have_text("loss")
    expect(tab.page.locator("#runs-table tbody tr").first).to_contain_text("run 0")
    tab.page.get_by_role("link", name="loss", exact=True).click()
    expect(tab.page.locator("th[aria-sort=ascending]")).to_have_text("loss")
    tab.page.go_back()

    expect(tab.page.locator("th[aria-sort=descending]")).to_have_text("loss")


def test_columns_are_chosen_in_the_panel(tab: Tab, story: Story) -> None:
    """An equal param is one tick away."""
    table(tab, story)

    tab.page.get_by_text("Columns", exact=True).click()
    tab.page.get_by_label("seed").check()
    tab.page.get_by_role("button", name="Apply").click()

    expect(tab.page.locator("#runs-table thead")).to_contain_text("seed")
    assert "col=params.seed" in tab.page.url


def test_chosen_runs_are_compared(tab: Tab, story: Story) -> None:
    """Two ticks and a button lead to the comparison, whose address names both."""
    table(tab, story)
    compare = tab.page.get_by_role("button", name="Compare")
    expect(compare).to_be_disabled()

    tab.page.get_by_label("run 0").check()
    tab.page.get_by_label("run 3").check()
    expect(tab.page.locator("output")).to_have_text("2 chosen")
    compare.click()

    tab.page.wait_for_url("**/compare?runs=*,*")
    expect(tab.page.get_by_role("heading", level=1)).to_have_text("Compare 2 runs")


def test_shift_chooses_a_range_and_the_head_all(tab: Tab, story: Story) -> None:
    """As in every list."""
    table(tab, story)
    boxes = tab.page.locator("input[name=runs]")

    boxes.nth(1).click()
    boxes.nth(3).click(modifiers=["Shift"])
    expect(tab.page.locator("output")).to_have_text("3 chosen")
    tab.page.locator("#all-runs").check()

    expect(tab.page.locator("output")).to_have_text("5 chosen")


def test_the_keyboard_does_it_all(tab: Tab, story: Story) -> None:
    """Filter, move, choose, compare without a mouse."""
    table(tab, story)

    tab.page.keyboard.press("/")
    expect(tab.page.locator("#filter")).to_be_focused()
    tab.page.keyboard.press("Escape")
    tab.page.keyboard.press("j")
    tab.page.keyboard.press("x")
    tab.page.keyboard.press("j")
    tab.page.keyboard.press("x")
    expect(tab.page.locator("output")).to_have_text("2 chosen")
    tab.page.keyboard.press("c")

    tab.page.wait_for_url("**/compare?runs=*")


def test_shortcuts_are_listed_and_can_be_switched_off(tab: Tab, story: Story) -> None:
    """Single keys disturb people who speak to their computer."""
    table(tab, story)

    tab.page.keyboard.press("?")
    expect(tab.page.get_by_role("dialog")).to_be_visible()
    tab.page.get_by_label("Switch single-key shortcuts off").check()
    tab.page.get_by_role("button", name="Close").click()
    tab.page.keyboard.press("/")

    expect(tab.page.locator("#filter")).not_to_be_focused()


def test_a_narrow_window_scrolls_the_table_not_the_page(tab: Tab, story: Story) -> None:
    """At 320 pixels, as at 400 % zoom, text must not run out of the page."""
    tab.page.set_viewport_size({"width": 320, "height": 640})
    wide = []
    for path in story.addresses():
        tab.open(path)
        if tab.page.evaluate("document.documentElement.scrollWidth") > 320:
            wide.append(path)

    assert [] == wide


def test_without_scripts_the_table_can_be_read_filtered_and_compared(tab: Tab, story: Story) -> None:
    """Scripts make it faster, not possible."""
    browser = tab.page.context.browser
    assert browser is not None
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{tab.address}/experiments/{story.experiment_id}")

    page.fill("#filter", "params.lr != '0.1'")
    page.press("#filter", "Enter")
    expect(page.locator("#runs-table tbody tr")).to_have_count(4)
    page.get_by_label("run 1").check()
    page.get_by_label("run 2").check()
    page.get_by_role("button", name="Compare").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Compare 2 runs")
    context.close()
