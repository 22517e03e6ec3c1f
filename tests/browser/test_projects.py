"""Runs of projects in a browser: their pages follow them."""

import urllib.request
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, expect

from runyard.gate.gate import Gate
from runyard.projects import tags
from runyard.tracking.runs.messages import UpdateRun
from tests.browser.conftest import Tab
from tests.factories import NOW, a_run, an_experiment
from tests.support.server import RunningServer

pytestmark = pytest.mark.browser

_FROM_END = "box => Math.round(Math.abs(box.scrollTop))"
_UNTIL_TOP = """async box => {
  while (box.scrollHeight + box.scrollTop - box.clientHeight > 1) await new Promise(requestAnimationFrame);
}"""
_TOP_LINE = """box => {
  const place = box.getBoundingClientRect();
  const range = document.caretRangeFromPoint(place.left + 20, place.top + 20);
  const text = range.startContainer.textContent;
  return text.slice(text.lastIndexOf("\\n", range.startOffset) + 1).split("\\n")[0];
}"""


class Watched:
    """A project run that goes on while its pages are looked at."""

    def __init__(self, gate: Gate, address: str) -> None:
        self.gate, self.address, self.printed = gate, address, ""
        self.experiment_id = an_experiment(gate)
        self.run_id = a_run(gate, self.experiment_id, tags={tags.SOURCE_TYPE: "PROJECT", tags.ENTRY_POINT: "main"})

    def prints(self, *lines: str) -> None:
        """Print lines: the file is sent again as a whole, as a run does it."""
        self.printed += "".join(f"{line}\n" for line in lines)
        path = f"{self.experiment_id}/{self.run_id}/artifacts/logs/output.log"
        address = f"{self.address}/api/2.0/mlflow-artifacts/artifacts/{path}"
        urllib.request.urlopen(urllib.request.Request(address, self.printed.encode(), method="PUT")).close()

    def ends(self) -> None:
        """End the run."""
        self.gate.perform(UpdateRun(run_id=self.run_id, status="FINISHED", end_time=NOW + 1000))


@pytest.fixture
def watched(server: RunningServer) -> Iterator[Watched]:
    """A run of the server's store."""
    gate = Gate.open(server.database_uri, artifact_root=str(server.folder / "runyard-artifacts"))
    yield Watched(gate, server.url)
    gate.close()


def box_of(tab: Tab, watched: Watched) -> Locator:
    """The box of the output page, with 200 lines in it."""
    watched.prints(*(f"line {number}" for number in range(200)))
    tab.open(f"/runs/{watched.run_id}/output")
    box = tab.page.locator("log-box pre")
    expect(box).to_contain_text("line 199")
    return box


def test_a_running_projects_page_follows_it(tab: Tab, watched: Watched) -> None:
    """Output, steps and the end of the run appear without a reload."""
    tab.open(f"/runs/{watched.run_id}")
    expect(tab.page.locator("log-box")).to_have_text("Nothing was printed yet.")
    tab.page.evaluate("window.stays = true")

    watched.prints("hello")
    expect(tab.page.locator("log-box")).to_contain_text("hello")
    below = {tags.PARENT: watched.run_id, tags.ROOT: watched.run_id, tags.ENTRY_POINT: "train"}
    a_run(watched.gate, watched.experiment_id, tags=below, run_name="first step")
    expect(tab.page.locator("#steps")).to_contain_text("first step")
    tab.page.get_by_role("link", name="first step").focus()
    a_run(watched.gate, watched.experiment_id, tags=below, run_name="second step")
    expect(tab.page.locator("#steps")).to_contain_text("second step")
    expect(tab.page.get_by_role("link", name="first step")).to_be_focused()
    watched.ends()
    expect(tab.page.locator("#run-state")).to_contain_text("Finished")
    watched.prints("bye")
    expect(tab.page.locator("log-box")).to_contain_text("bye")

    assert tab.page.evaluate("window.stays") is True
    expect(tab.page.locator("live-page")).to_have_count(0)


def test_the_output_page_stays_at_the_end_while_the_reader_is_there(tab: Tab, watched: Watched) -> None:
    """What is printed now is what one wants to see."""
    box = box_of(tab, watched)
    assert 0 == box.evaluate(_FROM_END)

    watched.prints(*(f"further {number}" for number in range(50)))

    expect(box).to_contain_text("further 49")
    assert 0 == box.evaluate(_FROM_END)


def test_a_reader_further_up_is_not_moved(tab: Tab, watched: Watched) -> None:
    """Lines that jump away while one reads them are the worst of logs; neither focus nor selection is lost."""
    box = box_of(tab, watched)
    box.focus()
    tab.page.keyboard.press("Home")
    box.evaluate(_UNTIL_TOP)
    box.evaluate("box => box.scrollTop += 200")
    before = box.evaluate(_TOP_LINE)

    watched.prints(*(f"further {number}" for number in range(50)))
    expect(box).to_contain_text("further 49")

    assert before == box.evaluate(_TOP_LINE)
    expect(box).to_be_focused()


def test_what_was_cut_off_meanwhile_stays_for_the_reader(tab: Tab, watched: Watched) -> None:
    """The server shows the end of a long output; what the browser has already is not taken away."""
    watched.prints(*(f"line {number} {'x' * 100}" for number in range(2500)))
    tab.open(f"/runs/{watched.run_id}/output")
    expect(tab.page.locator("#output-files")).to_contain_text("The last 256.0 KB")
    box = tab.page.locator("log-box pre")
    first = box.inner_text().split("\n")[0]

    watched.prints(*(f"further {number} {'x' * 100}" for number in range(500)))
    expect(box).to_contain_text("further 499 ")

    lines = box.inner_text().rstrip("\n").split("\n")
    assert first == lines[0]
    assert [line for number, line in enumerate(watched.printed.split("\n")[-len(lines) - 1 : -1])] == lines


def test_without_scripts_the_end_of_the_output_is_seen(tab: Tab, watched: Watched) -> None:
    """Reading needs no script, and the last lines come first."""
    box_of(tab, watched)
    browser = tab.page.context.browser
    assert browser is not None
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{tab.address}/runs/{watched.run_id}/output")

    expect(page.locator("log-box pre")).to_contain_text("line 199")
    context.close()


@pytest.mark.parametrize("path", ["", "/output"])
def test_a_narrow_window_scrolls_no_page_of_a_project(tab: Tab, watched: Watched, path: str) -> None:
    """At 320 pixels long lines, commands and deep trees stay inside of the page."""
    watched.prints("x" * 3000, "words " * 500)
    above = watched.run_id
    for number in range(7):
        below = {tags.PARENT: above, tags.ROOT: watched.run_id, tags.ENTRY_POINT: "train-a-model-with-a-long-name"}
        name = f"a-run-with-a-long-name-{number}"
        above = a_run(watched.gate, watched.experiment_id, tags=below, run_name=name)
    tab.page.set_viewport_size({"width": 320, "height": 640})

    tab.open(f"/runs/{watched.run_id}{path}")

    assert tab.page.evaluate("document.documentElement.scrollWidth") <= 320


def test_steps_are_walked_through_with_the_keyboard(tab: Tab, watched: Watched) -> None:
    """As rows of tables are."""
    for place, name in enumerate(("first step", "second step")):
        below = {tags.PARENT: watched.run_id, tags.ROOT: watched.run_id}
        a_run(watched.gate, watched.experiment_id, tags=below, run_name=name, start_time=NOW + place)
    tab.open(f"/runs/{watched.run_id}")

    tab.page.keyboard.press("j")
    tab.page.keyboard.press("j")
    expect(tab.page.get_by_role("link", name="second step")).to_be_focused()
    tab.page.keyboard.press("Enter")

    expect(tab.page.get_by_role("heading", level=1)).to_have_text("second step")
