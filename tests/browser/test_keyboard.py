"""The job of the table of runs without a mouse: find, group, choose, tag, keep, delete, export, watch."""

from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from runyard.gate.gate import Gate
from tests.browser.conftest import Tab
from tests.factories import an_experiment
from tests.support.http import Caller
from tests.support.rows import add_runs
from tests.support.server import RunningServer
from tests.ui.sweeps import BEST, LAST_WEEKS, a_sweep

pytestmark = pytest.mark.browser

NO_MOUSE = """
for (const kind of ["pointerdown", "mousedown", "wheel", "touchstart"])
  addEventListener(kind, () => console.error(`a ${kind} event`), true);
"""
FOCUSED = """() => {
  const here = document.activeElement;
  if (!here || here === document.body || !here.checkVisibility()) return null;
  return (here.getAttribute("aria-label") ?? here.labels?.[0]?.textContent ?? here.textContent).trim() || here.title;
}"""
MOST_TABS = 60


@pytest.fixture(scope="module")
def experiment_id(server: RunningServer) -> str:
    """An experiment with a sweep on the first of its two pages."""
    gate = Gate.open(server.database_uri, artifact_root=str(server.folder / "runyard-artifacts"))
    try:
        made = an_experiment(gate, "sweep")
        add_runs(gate, made, 130, metrics=1)
        a_sweep(gate, made, an_experiment(gate, "archive"))
        return made
    finally:
        gate.close()


@dataclass
class Keyboard:
    """Keys on a page, and what has the focus."""

    page: Page

    def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        """Write a text where the focus is."""
        self.page.keyboard.type(text)

    def focused(self) -> str | None:
        """What the control that has the focus is called; None when nothing that can be seen has it."""
        name: str | None = self.page.evaluate(FOCUSED)
        return name

    def reach(self, name: str, key: str = "Tab") -> None:
        """Go through the controls until the focus is on the one whose name begins so."""
        passed = [self.focused()]
        while not (passed[-1] or "").startswith(name) and len(passed) < MOST_TABS:
            self.press(key)
            passed.append(self.focused())
        if (passed[-1] or "").startswith(name):
            return
        pytest.fail(f"{name!r} is not reached with {key}: {passed}")

    def back_to(self, name: str) -> None:
        """The same backwards."""
        self.reach(name, "Shift+Tab")

    def opens(self, name: str) -> None:
        """Go back to a menu and open it: its first field has the focus then."""
        self.back_to(name)
        self.press("Enter")
        self.page.wait_for_function("() => document.activeElement.closest('details[open] .sheet')")

    def keeps(self, name: str) -> None:
        """Wait until the focus is on what is called so."""
        self.page.wait_for_function(
            f"name => {{ const f = {FOCUSED}; return (f() ?? '').startsWith(name); }}", arg=name
        )


@pytest.fixture
def keys(tab: Tab, experiment_id: str) -> Keyboard:
    """The keyboard, on the table of the experiment."""
    tab.page.add_init_script(NO_MOUSE)
    tab.open(f"/experiments/{experiment_id}?charts=table")
    expect(tab.page.locator("html[data-live=listens]")).to_have_count(1)
    return Keyboard(tab.page)


def filtered(keys: Keyboard, text: str) -> None:
    """Replace the filter; the first row has the focus then."""
    keys.press("/", "Delete")
    keys.type(text)
    keys.press("Enter")
    expect(keys.page.locator("[data-rows] tbody a").first).to_be_focused()


def test_the_best_runs_are_found_and_grouped(keys: Keyboard) -> None:  # long: one journey
    """Filter with completion, order, equal columns, groups and a cell's menu: the focus is never lost."""
    rows = keys.page.locator("#runs-table tbody tr")
    keys.press("/")
    keys.type("metrics.v")
    expect(keys.page.get_by_role("option")).to_have_count(1)
    keys.press("ArrowDown", "Enter")
    keys.type("> 0.9")
    keys.press("Enter")
    expect(rows).to_have_count(8)
    expect(rows.first.locator("a")).to_be_focused()
    keys.back_to("val/acc")
    keys.press("Enter")
    expect(keys.page.locator("th[aria-sort=descending]")).to_contain_text("val/acc")
    keys.keeps("val/acc")
    keys.press("j")
    keys.keeps(BEST)

    keys.opens("Columns")
    keys.back_to("Show 3 equal params")
    keys.press("Enter")
    expect(keys.page.locator("#runs-table thead")).to_contain_text("optimizer")
    keys.keeps("Columns")
    keys.opens("Columns")
    keys.back_to("Hide equal params")
    keys.press("Enter")
    expect(keys.page.locator("#runs-table thead")).not_to_contain_text("optimizer")
    keys.keeps("Columns")

    filtered(keys, "tags.team = 'vision'")
    keys.opens("Group by")
    keys.reach("lr")
    keys.press("Space")
    keys.press("Enter")
    groups = keys.page.locator("#groups-table tbody tr")
    expect(groups).to_have_count(3)
    keys.keeps("Group by")
    keys.press("j", "ArrowRight")
    expect(keys.page.locator("#groups-table tbody tr.in")).to_have_count(9)
    assert keys.focused()
    keys.back_to("Do not group by")
    keys.press("Enter")
    expect(rows).to_have_count(24)
    assert keys.focused()

    keys.press("j", "ArrowRight")
    keys.keeps("Finished")
    keys.press("Enter")
    expect(keys.page.get_by_role("menu")).to_be_visible()
    keys.press("Escape")
    keys.keeps("Finished")
    keys.press("Enter")
    expect(keys.page.get_by_role("menu")).to_be_visible()
    keys.press("Enter")
    expect(keys.page.locator("#filter")).to_have_value("tags.team = 'vision' AND status = 'FINISHED'")
    expect(rows.first.locator("a")).to_be_focused()
    keys.press("x", "j", "x", "c")
    keys.page.wait_for_url("**/compare?runs=*,*")


def test_runs_are_chosen_tagged_kept_deleted_and_exported(keys: Keyboard) -> None:  # long: one journey
    """From two pages; a notice has the focus after what was done to them, so that its undo is one key away."""
    rows = keys.page.locator("#runs-table tbody tr")
    keys.press("j", "x", "j", "x", "j", "x")
    keys.reach("Next", "Shift+Tab")
    keys.press("Enter")
    expect(keys.page.locator(".pager .range").first).to_contain_text("101–")
    assert keys.focused()
    keys.press("j", "x", "j", "x")
    expect(keys.page.locator("output")).to_contain_text("5 chosen, 3 not on this page")
    keys.opens("Tag")
    keys.keeps("Key")
    keys.type("picked")
    keys.press("Tab")
    keys.type("yes")
    keys.press("Enter")
    keys.keeps("5 runs were tagged.")

    filtered(keys, "tags.picked = 'yes'")
    expect(rows).to_have_count(5)
    keys.opens("Views")
    keys.keeps("Save what is on screen as")
    keys.type("picked ones")
    keys.press("Enter")
    expect(keys.page.locator(".views summary")).to_contain_text("picked ones")
    expect(keys.page.locator("run-selection output")).to_have_text("5 chosen")
    assert keys.focused()

    keys.press("j")
    keys.back_to("Delete")
    keys.press("Enter")
    keys.keeps("5 runs were deleted.")
    keys.reach("Undo")
    keys.press("Enter")
    keys.keeps("5 runs were restored.")
    keys.back_to("Export")
    keys.press("Enter")
    keys.reach("CSV")
    with keys.page.expect_download() as download:
        keys.press("Enter")
    assert 6 == len(download.value.path().read_text().splitlines())


def test_a_new_run_is_shown_and_last_weeks_run_found(keys: Keyboard, server: RunningServer, experiment_id: str) -> None:
    """What came while one was in the table waits for a key; what is asked for stands on top of the search."""
    keys.press("j")
    with Caller(server.url) as caller:
        body = {"experiment_id": experiment_id, "start_time": 4_000_000_000_000, "run_name": "just begun"}
        run_id = caller.call("runs/create", body)["run"]["info"]["run_id"]
        keys.page.get_by_role("button", name="A run is new here. Show").wait_for()
        keys.back_to("A run is new here.")
        keys.press("Enter")
        keys.keeps("just begun")
        caller.call("runs/update", {"run_id": run_id, "status": "FINISHED", "end_time": 4_000_000_000_001})
        expect(keys.page.locator("#runs-table tbody tr").first).to_contain_text("Finished")
        keys.keeps("just begun")

    keys.press("Control+k")
    keys.keeps("Search everything")
    keys.press("Escape")
    keys.keeps("just begun")
    keys.press("Control+k")
    keys.type("before the holi")
    expect(keys.page.locator("#search-box li a.chosen")).to_have_text(LAST_WEEKS)
    keys.press("Enter")
    expect(keys.page.get_by_role("heading", level=1)).to_contain_text(LAST_WEEKS)
