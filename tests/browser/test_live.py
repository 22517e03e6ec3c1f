"""Pages of runs move while one looks, quietly: no storm of requests, and nothing of the reader's place is lost."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, Request, expect

from runyard.client import RunyardClient
from runyard.core.tags import OUTPUT_TAG, PARENT_TAG
from runyard.entities import Dataset, DatasetInput
from tests.browser.conftest import Tab
from tests.support.server import RunningServer

pytestmark = pytest.mark.browser

_DRAWN = "all => all.map((chart) => chart.dataset.drawn)"


@dataclass
class Going:
    """Two runs that go on, and what the tab has asked the server for."""

    client: RunyardClient
    experiment_id: str
    run_id: str
    other: str
    asked: list[tuple[float, Request]]

    def counted(self, part: str) -> list[float]:
        """When addresses with this part were asked for by scripts, in seconds."""
        return [at for at, request in self.asked if part in request.url and request.resource_type == "fetch"]

    def connections(self) -> int:
        """How many connections for news were opened."""
        return sum(request.resource_type == "eventsource" for _, request in self.asked)


@pytest.fixture
def going(tab: Tab, server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Going]:
    """They are written through the server, as programs do it."""
    monkeypatch.setenv("RUNYARD_SYNC_LOGGING", "1")
    client, asked = RunyardClient(server.url), list[tuple[float, Request]]()
    experiment_id = client.create_experiment(f"live {time.monotonic()}")
    one, other = (client.create_run(experiment_id, run_name=name).info.run_id for name in ("first", "second"))

    def note(request: Request) -> None:
        asked.append((time.monotonic(), request))

    tab.page.on("request", note)
    yield Going(client, experiment_id, one, other, asked)
    tab.page.remove_listener("request", note)


def test_all_of_a_run_moves_while_one_looks(tab: Tab, going: Going) -> None:
    """Params, tags, metrics, charts, runs below, datasets, output and state appear, over one connection."""
    page, client, run_id = tab.open(f"/runs/{going.run_id}"), going.client, going.run_id
    expect(page.locator("html[data-live=listens]")).to_have_count(1)
    page.evaluate("window.stays = true; document.body.style.minHeight = '4000px'; window.scrollTo(0, 40)")
    page.get_by_role("link", name="Artifacts").focus()

    client.log_param(run_id, "lr", 0.25)
    expect(page.locator("#params")).to_contain_text("0.25")
    client.set_tag(run_id, "team", "vision")
    expect(page.locator("#tags")).to_contain_text("vision")
    client.log_metric(run_id, "loss", 0.5, step=1)
    expect(page.locator("#metrics-card")).to_contain_text("loss")
    expect(page.locator("line-chart[data-drawn='1']")).to_have_count(1)
    client.log_metric(run_id, "loss", 0.375, step=2)
    client.log_metric(run_id, "accuracy", 0.75, step=2)
    expect(page.locator("#metrics-card")).to_contain_text("0.375")
    expect(page.locator("line-chart[data-drawn='2']")).to_have_count(1)
    expect(page.locator("line-chart[data-drawn]")).to_have_count(2)
    client.create_run(going.experiment_id, run_name="below", tags={PARENT_TAG: run_id})
    expect(page.locator("#steps")).to_contain_text("below")
    client.log_inputs(run_id, [DatasetInput(Dataset("cifar", "d1", "local", "here"))])
    expect(page.locator("#datasets")).to_contain_text("cifar")
    client.log_metric(run_id, "system/cpu_utilization_percentage", 57.0)
    expect(page.get_by_role("link", name="System")).to_have_count(1)
    _print(page, client, run_id)
    client.set_tag(run_id, "mlflow.note.content", "It *works*.")
    expect(page.locator("#description em")).to_have_text("works")
    assert 40 == page.evaluate("scrollY")
    _preview_a_note(page)  # clicks bring what they are for into view
    page.get_by_role("link", name="Artifacts").focus()
    page.evaluate("window.scrollTo(0, 40)")
    client.log_param(run_id, "momentum", 0.5)
    expect(page.locator("#params")).to_contain_text("momentum")
    expect(page.get_by_role("link", name="Artifacts")).to_be_focused()
    assert 40 == page.evaluate("scrollY")

    client.set_terminated(run_id)
    expect(page.locator("#run-state")).to_contain_text("Finished")
    expect(page.locator("live-page, .live-switch")).to_have_count(0)
    assert page.evaluate("window.stays") is True
    assert 1 == going.connections()


def _print(page: Page, client: RunyardClient, run_id: str) -> None:
    client.set_tag(run_id, OUTPUT_TAG, "6")
    client.log_text(run_id, "hello\n", "logs/output.log")
    expect(page.locator("log-box")).to_contain_text("hello")
    client.log_text(run_id, "hello\nagain\n", "logs/output.log")
    expect(page.locator("log-box")).to_contain_text("again")


def _preview_a_note(page: Page) -> None:
    page.locator("#description").get_by_text("Edit", exact=True).click()
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("region", name="Preview").locator("em")).to_have_text("works")
    page.get_by_role("button", name="Write").click()
    page.get_by_label("Markdown").fill("It **moves** <script>alert(1)</script>")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("region", name="Preview").locator("strong")).to_have_text("moves")
    expect(page.get_by_role("region", name="Preview")).to_contain_text("<script>")
    page.keyboard.press("Escape")


def test_files_appear_while_one_looks(tab: Tab, going: Going) -> None:
    """In the tree and in the list of a folder; what is looked into stays, with what the reader has typed."""
    client, run_id = going.client, going.run_id
    page = tab.open(f"/runs/{run_id}/artifacts")
    expect(page.locator("html[data-live=listens]")).to_have_count(1)
    client.log_text(run_id, "one", "plots/a.txt")
    expect(page.locator("#file-tree")).to_contain_text("plots")

    tab.open(f"/runs/{run_id}/artifacts?path=plots&find=txt")
    expect(page.locator("html[data-live=listens]")).to_have_count(1)
    page.get_by_role("searchbox", name="Find files by name").fill("b")
    client.log_text(run_id, "two", "plots/b.txt")
    for part in ("#file-tree", "#folder-page"):
        expect(page.locator(part)).to_contain_text("b.txt")
    expect(page.locator("#folder-amount")).to_contain_text("2 files")
    expect(page.get_by_role("searchbox", name="Find files by name")).to_have_value("b")
    expect(page.get_by_role("searchbox", name="Find files by name")).to_be_focused()
    client.set_terminated(run_id)
    expect(page.locator("#run-state")).to_contain_text("Finished")


def test_a_page_that_moves_asks_seldom(tab: Tab, going: Going) -> None:
    """However much is logged: the page at most every two seconds, charts ever more seldom; and yet they move."""
    client, run_id = going.client, going.run_id
    keys = [f"m{number}" for number in range(3)]
    for key in keys:
        client.log_metric(run_id, key, 1.0)
    tab.page.set_viewport_size({"width": 1366, "height": 1600})
    page = tab.open(f"/runs/{run_id}")
    expect(page.locator("line-chart[data-drawn]")).to_have_count(3)
    going.asked.clear()
    began, step = time.monotonic(), 0
    while time.monotonic() - began < 9:
        step += 1
        for key in keys:
            client.log_metric(run_id, key, 1.0, step=step)
        page.wait_for_timeout(20)  # the events of the browser are heard meanwhile

    took = time.monotonic() - began
    pages, charts = going.counted(f"/runs/{run_id}"), going.counted("/ui/metrics")
    assert 3 <= len(pages) <= took / 2 + 2
    assert 3 <= len(charts) <= 3 * 3  # at once, after 2 and after 4 more seconds
    assert all(int(drawn) >= 4 for drawn in page.locator("line-chart").evaluate_all(_DRAWN))
    assert 0 == going.connections()  # the one of the beginning is still open


def test_one_can_stop_following(tab: Tab, going: Going) -> None:
    """What is paused stays so on the other pages of the tab, asks for nothing, and catches up when it goes on."""
    client, run_id = going.client, going.run_id
    client.log_metric(run_id, "loss", 0.5)
    page = tab.open(f"/runs/{run_id}")
    expect(page.locator("html[data-live=listens]")).to_have_count(1)
    page.get_by_role("button", name="Live").click()
    expect(page.locator("html[data-live=paused]")).to_have_count(1)
    client.log_param(run_id, "lr", 0.25)

    tab.open(f"/metric?key=loss&runs={run_id}")
    expect(page.get_by_role("button", name="Paused")).to_be_visible()
    page.go_back()
    going.asked.clear()
    expect(page.get_by_role("button", name="Paused")).to_be_visible()
    client.log_param(run_id, "depth", 7)
    page.wait_for_timeout(2500)  # the server tells of news once a second
    expect(page.locator("#params")).not_to_contain_text("depth")
    assert 0 == going.connections() + len(going.counted(f"/runs/{run_id}"))
    page.get_by_role("button", name="Paused").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#params")).to_contain_text("depth")
    expect(page.get_by_role("button", name="Live")).to_be_focused()


def test_one_can_stop_following_a_table(tab: Tab, going: Going) -> None:
    """Its rows and charts stand still, also in another view, until one goes on. A cell that is read keeps the focus."""
    client = going.client
    client.log_metric(going.run_id, "loss", 0.5, step=1)
    page = tab.open(f"/experiments/{going.experiment_id}?charts=split")
    expect(page.locator("html[data-live=listens]")).to_have_count(1)
    expect(page.locator("charts-panel figure")).to_have_count(1)
    client.create_run(going.experiment_id, run_name="beside charts")
    expect(page.locator("#runs-table")).to_contain_text("beside charts")
    page.locator("#runs-table tbody a").first.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#runs-table td:focus")).to_have_count(1)
    client.log_metric(going.run_id, "loss", 0.4375, step=2)
    expect(page.locator("#runs-table")).to_contain_text("0.4375")
    expect(page.locator("#runs-table td:focus")).to_have_count(1)
    page.get_by_role("button", name="Live").click()
    expect(page.locator("html[data-live=paused]")).to_have_count(1)
    page.get_by_role("link", name="Table", exact=True).click()
    expect(page.locator("charts-panel")).to_be_hidden()
    going.asked.clear()
    client.log_metric(going.run_id, "loss", 0.375, step=3)
    page.wait_for_timeout(2500)  # the server tells of news once a second
    expect(page.locator("#runs-table")).not_to_contain_text("0.375")
    assert 0 == going.connections() + len(going.counted(f"/experiments/{going.experiment_id}"))
    page.get_by_role("button", name="Paused").click()
    expect(page.locator("#runs-table")).to_contain_text("0.375")


def test_comparisons_and_metrics_move_too(tab: Tab, going: Going) -> None:
    """A param that is logged later, new points of either run, and the end of one."""
    client, ids = going.client, f"{going.run_id},{going.other}"
    for run_id in (going.run_id, going.other):
        client.log_metric(run_id, "loss", 0.5, step=1)
    compared, metric = tab.open(f"/compare?runs={ids}&differences=all"), tab.page.context.new_page()
    metric.goto(f"{tab.address}/metric?key=loss&runs={ids}")
    for page in (compared, metric):
        expect(page.locator("html[data-live=listens]")).to_have_count(1)

    client.log_param(going.run_id, "lr", 0.0625)
    client.log_metric(going.other, "loss", 0.3125, step=2)
    compared.bring_to_front()
    expect(compared.locator("#compared")).to_contain_text("0.3125")
    metric.bring_to_front()
    expect(metric.locator("#extents")).to_contain_text("0.3125")
    expect(metric.locator("#points")).to_contain_text("3 points")
    expect(metric.locator("line-chart[data-drawn='3']")).to_have_count(1)
