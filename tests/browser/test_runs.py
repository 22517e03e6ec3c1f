"""The table of runs in a browser."""

import re

import pytest
from playwright.sync_api import Locator, Route, expect

from runyard.gate.gate import Gate
from runyard.tracking.runs.messages import LogBatch
from tests.browser.conftest import Tab
from tests.factories import a_point, a_run, an_experiment
from tests.support.rows import add_runs
from tests.support.server import RunningServer
from tests.ui.stories import Story

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def many(server: RunningServer) -> str:
    """An experiment of 230 runs: three pages."""
    gate = Gate.open(server.database_uri, artifact_root=str(server.folder / "runyard-artifacts"))
    try:
        experiment_id = an_experiment(gate, "many")
        add_runs(gate, experiment_id, 230, metrics=1, params=1)
        return experiment_id
    finally:
        gate.close()


def table(tab: Tab, story: Story) -> None:
    """Open the experiment's table without charts, its nested runs as rows like others."""
    tab.open(f"/experiments/{story.experiment_id}?nest=flat&charts=table")
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
    """Every view is an entry of the browser's history; the first click shows the best, which is the least loss."""
    table(tab, story)

    tab.page.get_by_role("link", name="loss", exact=True).click()
    expect(tab.page.locator("th[aria-sort=ascending]")).to_have_text("loss")
    expect(tab.page.locator("#runs-table tbody tr").first).to_contain_text("run 4")
    tab.page.get_by_role("link", name="loss", exact=True).click()
    expect(tab.page.locator("th[aria-sort=descending]")).to_have_text("loss")
    tab.page.go_back()

    expect(tab.page.locator("th[aria-sort=ascending]")).to_have_text("loss")


def test_columns_are_chosen_in_the_panel(tab: Tab, story: Story) -> None:
    """An equal param is one tick away."""
    table(tab, story)

    tab.page.get_by_text("Columns", exact=True).click()
    tab.page.locator("column-panel").get_by_label("seed").check()
    tab.page.get_by_role("button", name="Apply").click()

    expect(tab.page.locator("#runs-table thead")).to_contain_text("seed")
    assert "col=params.seed" in tab.page.url


def test_chosen_runs_are_compared(tab: Tab, story: Story) -> None:
    """Two ticks and a button lead to the comparison, whose address names both."""
    table(tab, story)
    compare = tab.page.get_by_role("button", name="Compare")
    expect(compare).to_have_count(0)
    below = tab.page.locator("#runs-table").bounding_box()

    tab.page.get_by_label("run 0").check()
    expect(compare).to_be_disabled()
    assert below == tab.page.locator("#runs-table").bounding_box()  # the bar takes the place of the line that was there
    tab.page.get_by_label("run 3").check()
    expect(tab.page.locator("output")).to_have_text("2 chosen")
    compare.click()

    tab.page.wait_for_url("**/compare?runs=*,*")
    expect(tab.page.get_by_role("heading", level=1)).to_have_text("Compare 2 runs")


def test_what_is_chosen_outlives_sorting_paging_and_the_tab(tab: Tab, story: Story) -> None:
    """The choice is in the address; the box that chooses all stays, and so does the focus of the keyboard."""
    table(tab, story)
    tab.page.get_by_label("run 0").check()
    tab.page.get_by_label("run 3").check()

    head = tab.page.get_by_role("link", name="loss", exact=True)
    head.focus()
    tab.page.keyboard.press("Enter")
    expect(tab.page.locator("th[aria-sort=ascending]")).to_have_text("loss")
    expect(tab.page.locator("output")).to_have_text("2 chosen")
    expect(head).to_be_focused()
    tab.page.get_by_label("Choose all runs on this page").check()
    expect(tab.page.locator("output")).to_have_text("5 chosen")
    tab.page.get_by_label("run 1").uncheck()
    tab.page.fill("#filter", "params.lr = '0.2'")
    tab.page.press("#filter", "Enter")
    expect(tab.page.locator("output")).to_have_text("4 chosen, 4 not on this page")
    expect(tab.page.locator("#runs-table tbody a").first).to_be_focused()

    other = tab.page.context.new_page()
    other.goto(tab.page.url)
    expect(other.locator("output")).to_have_text("4 chosen, 4 not on this page")
    other.get_by_role("button", name="Compare").click()
    expect(other.get_by_role("heading", level=1)).to_have_text("Compare 4 runs")
    other.close()


def test_all_that_match_are_chosen_tagged_and_left_out_again(tab: Tab, many: str) -> None:
    """A choice of more runs than an address holds is kept by the server; a run can be dropped from it."""
    page = tab.open(f"/experiments/{many}")
    page.get_by_label("Choose all runs on this page").check()
    page.get_by_role("button", name="Choose all 230 that match").click()
    expect(page.locator("output")).to_have_text("230 chosen, 130 not on this page")
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Compare 230 runs")
    page.go_back()

    page.locator("input[name=runs]").nth(2).uncheck()
    page.get_by_role("link", name="Next").click()
    expect(page.locator("output")).to_have_text("229 chosen, 129 not on this page")
    page.get_by_text("Tag", exact=True).click()
    page.get_by_role("textbox", name="Key").fill("batch")
    page.get_by_role("textbox", name="Value").fill("one")
    page.keyboard.press("Enter")

    expect(page.locator(".notice")).to_contain_text("229 runs were tagged.")
    expect(page.locator(".pager .range").first).to_contain_text("101–200")
    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_role("button", name="Delete", exact=True)).to_have_count(0)
    expect(page.get_by_label("Choose all runs on this page")).to_be_focused()


def test_back_shows_the_rows_of_its_address_at_once(tab: Tab, many: str) -> None:
    """Rows of another page must not stand there while the answer is on its way: a key would choose the wrong run."""
    page = tab.open(f"/experiments/{many}")
    first = page.locator("input[name=runs]").first
    newest = first.get_attribute("value")
    page.get_by_role("link", name="Next").click()
    expect(first).not_to_have_value(str(newest))

    held: list[Route] = []
    page.route("**/experiments/*", lambda route: held.append(route))
    page.evaluate("addEventListener('popstate', () => { shown = document.querySelector('input[name=runs]').value; })")
    page.evaluate("history.back()")
    page.wait_for_function("() => window.shown")

    assert newest == page.evaluate("shown")
    for route in held:
        route.continue_()
    page.unroute("**/experiments/*")
    expect(first).to_have_value(str(newest))


def test_deleting_asks_nothing_and_is_undone_in_the_notice(tab: Tab, many: str) -> None:
    """The view stays, in the address too; the notice does not follow to another tab."""
    page = tab.open(f"/experiments/{many}?order=run_name%20ASC")
    for place in range(3):
        page.locator("input[name=runs]").nth(place).check()
    page.locator("run-selection").get_by_role("button", name="Delete").click()

    expect(page.locator(".notice")).to_contain_text("3 runs were deleted.")
    expect(page.locator(".pager .range").first).to_contain_text("of 227 runs")
    assert "order=run_name%20ASC" in page.url.replace("+", "%20")
    assert "done=" not in page.url
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".notice")).to_contain_text("3 runs were restored.")
    expect(page.locator(".pager .range").first).to_contain_text("of 230 runs")
    page.get_by_text("Views", exact=True).click()
    page.get_by_role("link", name="Deleted").click()
    expect(page.locator("main")).to_contain_text("The trash is empty.")
    expect(page.locator(".notice")).to_have_count(0)


def test_menus_open_inside_of_the_window(tab: Tab, story: Story) -> None:
    """On a telephone, and where text is twice as large."""
    tab.page.set_viewport_size({"width": 390, "height": 800})
    table(tab, story)
    tab.page.get_by_label("run 0").check()
    for width in (390, 640, 1280):
        tab.page.set_viewport_size({"width": width, "height": 800})
        for menu in ("Edit", "Columns", "Export", "Views", "Tag", "Rename", "Move"):
            tab.page.locator("summary", has_text=menu).last.click()
            box = tab.page.locator("details[open] > .sheet").bounding_box()

            assert box is not None, (menu, width)
            assert box["x"] >= 0, (menu, width)
            assert box["x"] + box["width"] <= width, (menu, width)
            tab.page.keyboard.press("Escape")


def test_shift_chooses_a_range_and_the_head_all(tab: Tab, story: Story) -> None:
    """As in every list."""
    table(tab, story)
    boxes = tab.page.locator("input[name=runs]")

    boxes.nth(1).click()
    boxes.nth(3).click(modifiers=["Shift"])
    expect(tab.page.locator("output")).to_have_text("3 chosen")
    tab.page.locator("[data-every]").check()

    expect(tab.page.locator("output")).to_have_text("5 chosen")


def test_a_run_is_edited_and_starred_in_its_row(tab: Tab, many: str) -> None:
    """By keyboard alone; the row keeps its place, the focus and what is chosen."""
    page = tab.open(f"/experiments/{many}?col=tags.verdict")
    row = page.locator("#runs-table tbody tr").nth(1)
    for key in ("j", "j", "x", "s", "e"):
        page.keyboard.press(key)
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(row.locator("a")).to_be_focused()

    page.keyboard.press("F2")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.type("the one to keep")
    page.get_by_label("Key of a new tag").fill("verdict")
    page.get_by_label("Value of a new tag").first.fill("keep")
    page.keyboard.press("Enter")

    expect(row.locator("a")).to_have_text("the one to keep")
    expect(row.locator("a")).to_be_focused()
    expect(row).to_contain_text("keep")
    expect(row.locator("input")).to_be_checked()
    expect(row.locator("[name=star]")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("e")
    page.get_by_role("textbox", name="Name").fill(" ")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("A run needs a name.")


def test_shortcuts_are_listed_and_can_be_switched_off(tab: Tab, story: Story) -> None:
    """Single keys disturb people who speak to their computer."""
    table(tab, story)

    tab.page.keyboard.press("?")
    expect(tab.page.get_by_role("dialog")).to_be_visible()
    tab.page.get_by_label("Switch single-key shortcuts off").check()
    tab.page.get_by_role("button", name="Close").click()
    tab.page.keyboard.press("/")

    expect(tab.page.locator("#filter")).not_to_be_focused()


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


def test_columns_are_arranged_by_keyboard_and_mouse(tab: Tab, story: Story) -> None:  # long: one journey
    """Several keys to sort by, moved, renamed, in sight, wider, of another best value: all of it in the address."""
    table(tab, story)
    page = tab.page
    heads = page.locator("#runs-table th[data-col*='.'] a")

    def choose(column: str, item: str) -> None:
        page.get_by_role("button", name=f"Column {column}", exact=True).focus()
        page.keyboard.press("Enter")
        page.get_by_role("button", name=item).press("Enter")

    page.get_by_role("button", name="Column lr", exact=True).dispatch_event("click")  # as the first touch does
    expect(page.locator("#column-menu")).to_be_visible()
    end = "element => element.getBoundingClientRect().bottom"
    head = page.locator("th[data-col='params.lr']").evaluate(end)
    assert 0 < page.locator("#column-menu").evaluate(end.replace("bottom", "top")) - head < 10  # right below it
    page.keyboard.press("Escape")
    page.get_by_role("link", name="lr", exact=True).click()
    expect(page.locator("th[aria-sort]")).to_have_text("lr")
    page.get_by_role("link", name="Took", exact=True).click(modifiers=["Shift"])
    expect(page.locator("thead a[data-place]")).to_have_text(["Took", "lr"])
    choose("lr", "← Move left")
    expect(heads).to_have_text(["loss", "lr", "nan"])
    expect(page.get_by_role("button", name="Column lr", exact=True)).to_be_focused()
    choose("loss", "Keep in sight")
    expect(page.locator("#runs-table")).to_have_attribute("data-pinned", "1")
    expect(page.locator("#runs-table tbody td:nth-child(7)").first).to_have_css("position", "sticky")
    choose("loss", "Wider")
    page.keyboard.press("Escape")
    expect(page.locator("th[data-col='metrics.loss']")).to_have_class(re.compile(r"n px\d+"))
    page.get_by_role("button", name="Column loss", exact=True).click()
    page.get_by_label("Shown as").fill("Error")
    page.keyboard.press("Enter")
    expect(heads.first).to_have_text("Error")
    page.get_by_role("button", name="Column Error", exact=True).click()
    page.get_by_label("Best value").select_option("most")
    expect(page.locator("th[data-best=most]")).to_have_count(1)
    error = page.locator("th[data-col='metrics.loss']")
    page.locator("th[data-col='params.lr']").drag_to(error, target_position={"x": 12, "y": 30})
    expect(heads).to_have_text(["lr", "Error", "nan"])

    choose("Run", "Wider")
    page.keyboard.press("Escape")
    names = page.locator("#runs-table th").nth(1)
    expect(names).to_have_class(re.compile(r"px\d+"))
    widened(names)
    widened(page.locator("th[data-col='metrics.nan']"))
    page.reload()
    expect(heads).to_have_text(["lr", "Error", "nan"])
    expect(page.locator("thead a[data-place]")).to_have_text(["Took", "lr"])
    page.go_back()
    expect(page.locator("th[data-col='metrics.nan']")).not_to_have_class(re.compile(r"px\d+"))
    page.reload()
    own = page.locator("#runs-table th[data-col]:not([data-col*='.']) > :first-child")
    choose("User", "← Move left")
    expect(own).to_have_text(["Status", "Started", "User", "Took"])
    choose("Took", "Hide")
    expect(own).to_have_text(["Status", "Started", "User"])


def widened(head: Locator) -> None:
    """Draw a head's right end a hundred pixels further: the address holds its width then."""
    box, mouse = head.bounding_box(), head.page.mouse
    before = re.search(r"px\d+", head.get_attribute("class") or "")
    assert box is not None
    mouse.move(box["x"] + box["width"] - 2, box["y"] + 30)
    mouse.down()
    mouse.move(box["x"] + box["width"] + 100, box["y"] + 30, steps=3)
    mouse.up()
    expect(head).to_have_class(re.compile(r"px\d+"))
    if before:
        expect(head).not_to_have_class(re.compile(rf"\b{before[0]}\b"))


def test_the_panel_finds_every_column(tab: Tab, server: RunningServer) -> None:
    """It offers three hundred of each kind; any other is found by a part of its name, and shown when it is chosen."""
    gate = Gate.open(server.database_uri, artifact_root=str(server.folder / "runyard-artifacts"))
    try:
        experiment_id = an_experiment(gate, "very wide")
        for first in (0, 1000):
            points = [a_point(f"wide/m{place:05}", place) for place in range(first, first + 1000)]
            gate.perform(LogBatch(run_id=a_run(gate, experiment_id), metrics=points))
    finally:
        gate.close()
    page = tab.open(f"/experiments/{experiment_id}")
    page.click("summary:has-text('Columns')")

    page.get_by_label("Find a column").fill("M0198")
    expect(page.locator(".shown li:visible")).to_have_count(0)
    found = page.locator(".further label")
    expect(found).to_have_count(10)
    page.get_by_label("metrics.wide/m01987").check()
    page.get_by_label("Find a column").fill(r"^metrics\.wide/m0[01]98[67]$")
    page.get_by_label("as a regular expression").check()
    expect(page.locator(".further label")).to_have_count(4)
    page.get_by_label("Find a column").fill("(m")
    expect(page.locator("column-panel [role=status]")).to_contain_text("Invalid regular expression")
    page.get_by_label("Find a column").fill("no such")
    expect(page.locator("column-panel [role=status]")).to_have_text("No column is named like this.")
    page.get_by_label("Find a column").fill(r"^metrics\.wide/m0[01]98[67]$")
    expect(page.locator(".further label")).to_have_count(4)
    page.get_by_role("button", name="Tick all found").click()
    page.get_by_label("as a regular expression").uncheck()
    page.get_by_label("Find a column").fill("m0000")
    expect(page.locator(".further small")).to_be_hidden()
    page.click("column-panel button:has-text('Apply')")

    expect(page.locator("#runs-table th")).to_contain_text(["wide/m01987", "wide/m00986"])
    expect(page.locator("#runs-table tbody")).to_contain_text("1987")
