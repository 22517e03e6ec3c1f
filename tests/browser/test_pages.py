"""The other pages in a browser."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from runyard.gate.gate import Gate
from runyard.tracking.runs.messages import LogBatch, UpdateRun
from tests.browser.conftest import Tab
from tests.factories import NOW, a_point, a_run, an_experiment
from tests.support.http import Caller
from tests.support.server import RunningServer
from tests.ui.stories import Story

pytestmark = pytest.mark.browser

_INKED = """canvas => {
  const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  const colours = new Set();
  for (let at = 0; at < pixels.length; at += 4) if (pixels[at + 3] > 200) colours.add(pixels.slice(at, at + 3).join());
  return colours.size;
}"""


def drawn(page: Page, count: int) -> Locator:
    """The charts of the page, once that many are drawn with more than an empty canvas."""
    charts = page.locator("line-chart[data-drawn]")
    expect(charts).to_have_count(count)
    for number in range(count):
        assert charts.nth(number).locator("canvas").evaluate(_INKED) > 2
    return charts


def test_a_runs_charts_are_drawn(tab: Tab, story: Story) -> None:
    """A metric's history is a line, not a number; what has no number says so."""
    tab.open(f"/runs/{story.run_ids[0]}")

    drawn(tab.page, 1)
    expect(tab.page.locator("line-chart .state:visible")).to_have_text("No numbers to draw")


def test_a_comparison_draws_one_chart_a_metric_and_a_legend(tab: Tab, story: Story) -> None:
    """All runs share a chart, told apart by colour and dashes."""
    tab.open(f"/compare?tab=metrics&runs={','.join(story.run_ids[:3])}")

    drawn(tab.page, 1)
    expect(tab.page.locator("line-chart")).to_have_count(2)
    expect(tab.page.locator("#legend .mark-button svg")).to_have_count(3)
    tab.page.get_by_role("link", name="Params").click()
    expect(tab.page.locator(".compare")).to_contain_text("seed")
    tab.page.keyboard.press("d")
    tab.page.wait_for_url("**differences=only*")
    tab.page.keyboard.press("d")
    tab.page.wait_for_url("**differences=all*")
    expect(tab.page.locator(".compare")).to_contain_text("seed")
    tab.page.keyboard.press("d")
    tab.page.wait_for_url("**differences=only*")
    expect(tab.page.locator(".compare")).not_to_contain_text("seed")


def test_tags_names_and_descriptions_are_edited(tab: Tab, story: Story) -> None:
    """What a person adds to a run is added on its page."""
    tab.open(f"/runs/{story.run_ids[4]}")

    tab.page.get_by_text("Set a tag").click()
    tab.page.get_by_role("textbox", name="Key", exact=True).fill("verdict")
    tab.page.locator("#tags .menu[open]").get_by_label("Value").fill("keep")
    tab.page.get_by_role("button", name="Save tag").click()
    expect(tab.page.locator("#tags")).to_contain_text("verdict")
    tab.page.keyboard.press("F2")
    tab.page.get_by_role("textbox", name="Name", exact=True).fill("champion")
    tab.page.get_by_label("Note").fill("The *best* so far.")
    tab.page.get_by_label("Remove tag verdict").click()
    tab.page.get_by_role("button", name="Save", exact=True).click()

    expect(tab.page.get_by_role("heading", level=1)).to_have_text("champion")
    expect(tab.page.locator("#description")).to_contain_text("The best so far.")
    expect(tab.page.locator("#tags")).not_to_contain_text("verdict")
    with tab.page.expect_response(lambda answer: answer.request.method == "POST"):  # it is lit before it is stored
        tab.page.get_by_role("button", name="Star").click()
        expect(tab.page.locator("[name=star]")).to_have_attribute("aria-pressed", "true")
    tab.page.reload()
    expect(tab.page.locator("[name=star]")).to_have_attribute("aria-pressed", "true")


def test_a_run_is_deleted_and_restored(tab: Tab, story: Story) -> None:
    """Nothing is lost by a wrong click."""
    tab.open(f"/runs/{story.run_ids[3]}")

    tab.page.get_by_text("Delete", exact=True).click()
    tab.page.get_by_role("button", name="Delete run").click()
    expect(tab.page.get_by_text("Deleted", exact=True)).to_be_visible()
    tab.page.get_by_role("button", name="Restore").click()

    expect(tab.page.get_by_role("status")).to_have_text("The run is back.")


def test_an_experiment_is_made_with_the_keyboard(tab: Tab, story: Story) -> None:
    """One key, a name, Enter."""
    tab.open("/")

    tab.page.keyboard.press("n")
    expect(tab.page.get_by_role("textbox", name="Name", exact=True)).to_be_focused()
    tab.page.keyboard.type("typed in")
    tab.page.keyboard.press("Enter")

    expect(tab.page.get_by_role("heading", level=1)).to_have_text("typed in")
    expect(tab.page.locator("pre")).to_contain_text(tab.address)


def test_the_theme_is_chosen_and_remembered(tab: Tab, story: Story) -> None:
    """The system's theme is the default, and the reader may differ."""
    tab.open("/")
    ground = "getComputedStyle(document.body.parentElement).backgroundColor"
    light = tab.page.evaluate(ground)

    tab.page.locator("#theme-button").click()
    tab.page.locator("#theme-button").click()
    tab.open(f"/runs/{story.run_ids[0]}")

    assert tab.page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert tab.page.evaluate(ground) != light


HASH_ROUTES = (
    ("/#/experiments/{experiment}/runs/{run}", r"/runs/{run}$"),
    ("/#/experiments/{experiment}/runs/{run}/artifacts/a%2Fb", r"/runs/{run}/artifacts$"),
    ("/#/experiments/{experiment}", r"/experiments/{experiment}$"),
    ("/#/experiments/{experiment}?searchFilter=", r"/experiments/{experiment}$"),
    ('/#/compare-runs?runs=["{run}","{other}"]&experiments=["{experiment}"]', r"/compare\?runs={run},{other}$"),
    ('/#/metric/loss?runs=["{run}"]&experiments=["{experiment}"]', r"/metric\?key=loss&runs={run}$"),
)


def test_hash_routes_that_clients_print_lead_to_the_right_page(tab: Tab, story: Story) -> None:
    """Old links in notebooks and chats keep working."""
    names = {"experiment": story.experiment_id, "run": story.run_ids[0], "other": story.run_ids[1]}
    for fragment, expected in HASH_ROUTES:
        tab.open(fragment.format(**names))

        expect(tab.page, fragment).to_have_url(re.compile(expected.format(**names)))
        expect(tab.page.get_by_role("heading", level=1), fragment).to_be_visible()


def test_a_running_runs_page_follows_it(tab: Tab, server: RunningServer) -> None:
    """Watching a training needs no reload: values, params, tags, new charts and the end appear, beside others too."""
    gate = Gate.open(server.database_uri)
    try:
        run_id = a_run(gate, an_experiment(gate))
        gate.perform(LogBatch(run_id=run_id, metrics=[a_point("loss", 0.5, NOW, 0), a_point("loss", 0.4, NOW, 1)]))
        tab.open(f"/runs/{run_id}")
        drawn(tab.page, 1)
        tab.page.evaluate("window.stays = true")

        gate.perform(LogBatch(run_id=run_id, metrics=[a_point("loss", 0.125, NOW, 2), a_point("new", 1.0, NOW, 2)]))
        expect(tab.page.locator("#metrics-card")).to_contain_text("0.125")
        expect(tab.page.locator("line-chart[data-drawn='3']")).to_have_count(1)
        expect(tab.page.locator("line-chart .one-value b")).to_have_text("1")
        with Caller(server.url) as caller:
            other = caller.new_run()
            metric, compared = tab.page.context.new_page(), tab.page.context.new_page()
            metric.goto(f"{server.url}/metric?key=loss&runs={run_id}")
            compared.goto(f"{server.url}/compare?runs={run_id},{other}")
            caller.call("runs/log-parameter", {"run_id": run_id, "key": "lr", "value": "0.0625"})
            caller.call("runs/set-tag", {"run_id": run_id, "key": "phase", "value": "warm up"})
            expect(tab.page.locator("#params")).to_contain_text("0.0625")
            expect(tab.page.locator("#tags")).to_contain_text("warm up")
            expect(compared.locator("#compared")).to_contain_text("0.0625")
            caller.call("runs/log-metric", {"run_id": run_id, "key": "loss", "value": 0.875, "timestamp": 3, "step": 9})
            expect(metric.locator("#extents")).to_contain_text("0.875")
            expect(metric.locator("line-chart[data-drawn='4']")).to_have_count(1)
        gate.perform(UpdateRun(run_id=run_id, status="FINISHED", end_time=NOW + 1000))
        expect(tab.page.locator("#run-state")).to_contain_text("Finished")
    finally:
        gate.close()
    assert tab.page.evaluate("window.stays") is True


def test_what_was_done_is_said_while_the_table_goes(tab: Tab, server: RunningServer) -> None:
    """Somebody else deletes all rows: the notice stays, with its undo and the focus."""
    with Caller(server.url) as caller:
        experiment_id = caller.new_experiment("shared")
        run_id = caller.new_run(experiment_id)
        page = tab.open(f"/experiments/{experiment_id}")
        page.locator("input[name=runs]").check()
        page.locator("run-selection").get_by_role("button", name="Delete").click()
        page.get_by_role("button", name="Undo").click()
        expect(page.locator(".notice")).to_be_focused()
        expect(page.locator(".notice")).to_contain_text("1 run was restored.")
        expect(page.locator("html[data-live=listens]")).to_have_count(1)

        caller.call("runs/delete", {"run_id": run_id})
        expect(page.locator("#runs-table")).to_have_count(0)
        expect(page.locator(".notice")).to_be_focused()
        expect(page.locator(".notice")).to_contain_text("1 run was restored.")
        caller.call("runs/restore", {"run_id": run_id})
        page.get_by_role("button", name="Show").click()
        expect(page.locator("#runs-table tbody tr")).to_have_count(1)
        page.locator(".notice").get_by_role("button", name="Undo").click()
        expect(page.locator(".notice")).to_contain_text("1 run was deleted.")


def test_a_table_of_runs_moves_while_one_looks(tab: Tab, server: RunningServer) -> None:
    """A run appears, gets a column, and ends; no row moves under the pointer. Where nobody tells, the page asks."""
    with Caller(server.url) as caller:
        experiment_id = caller.new_experiment("live")
        first = caller.new_run(experiment_id)
        page = tab.open(f"/experiments/{experiment_id}")
        rows = page.locator("#runs-table tbody tr")
        expect(page.locator("html[data-live=listens]")).to_have_count(1)
        page.evaluate("window.stays = true")

        caller.call("runs/create", {"experiment_id": experiment_id, "start_time": 2, "run_name": "newcomer"})
        expect(rows).to_have_count(2)
        expect(rows.first).to_contain_text("newcomer")
        expect(page.locator(".pager .range")).to_contain_text("2 runs")
        caller.call("runs/log-metric", {"run_id": first, "key": "loss", "value": 0.25, "timestamp": 1})
        expect(page.locator("#runs-table thead")).to_contain_text("loss")
        rows.nth(1).get_by_role("checkbox").check()
        caller.call("runs/log-metric", {"run_id": first, "key": "loss", "value": 0.75, "timestamp": 2, "step": 1})
        expect(rows.nth(1)).to_contain_text("0.75")
        caller.call("runs/create", {"experiment_id": experiment_id, "start_time": 3, "run_name": "latest"})
        page.get_by_role("button", name="A run is new here. Show").click()
        expect(rows.first).to_contain_text("latest")
        expect(rows.nth(2).get_by_role("checkbox")).to_be_checked()
        caller.call("runs/update", {"run_id": first, "status": "FINISHED", "end_time": 70_001})
        expect(rows.nth(2)).to_contain_text("Finished")
        assert page.evaluate("window.stays") is True

        asking = page.context.new_page()
        asking.route("**/events?*", lambda route: route.fulfill(status=503))
        asking.goto(page.url)
        expect(asking.locator("html[data-live=polls]")).to_have_count(1)
        caller.call("runs/update", {"run_id": first, "status": "FAILED"})
        expect(asking.locator("#runs-table tbody tr").nth(2)).to_contain_text("Failed", timeout=15_000)
        asking.close()


def test_a_row_is_pointed_at_as_a_whole(tab: Tab, story: Story) -> None:
    """The cells that stay in sight are part of it, and its pencil covers nothing of the name."""
    tab.open(f"/experiments/{story.experiment_id}?nest=flat&charts=table")
    tab.page.get_by_role("link", name="run 3", exact=True).hover()

    looks = "row => [...row.cells].map((cell) => getComputedStyle(cell).backgroundColor)"
    assert 1 == len(set(tab.page.locator("#runs-table tbody tr:hover").evaluate(looks)))
    room = "pencil => parseFloat(getComputedStyle(pencil.parentElement).paddingRight) - pencil.offsetWidth"
    assert tab.page.locator(".pencil").evaluate(room) >= 0
