"""Plots over all matching runs, beside the table, in a browser."""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from runyard.gate.gate import Gate
from runyard.tracking.runs.entities import Param
from runyard.tracking.runs.messages import LogBatch
from tests.browser.axe import faults
from tests.browser.conftest import MAX_WAIT, Tab
from tests.factories import NOW, a_point, a_run, an_experiment
from tests.support.server import RunningServer

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

RUNS = 130


@dataclass(frozen=True)
class Sweep:
    """Runs of which it is known what matters: ``lr`` decides the loss, ``optimizer`` helps, ``width`` does nothing."""

    experiment_id: str
    rates: dict[str, float]

    def below(self, rate: float) -> int:
        """How many runs have at most this rate."""
        return sum(each <= rate for each in self.rates.values())


def a_sweep(server: RunningServer, runs: int) -> Sweep:
    """Log runs, a third of them without a width."""
    gate, chance, rates = Gate.open(server.database_uri), random.Random(5), {}
    experiment_id = an_experiment(gate)
    for place in range(runs):
        rate, optimizer = round(chance.uniform(0.01, 1), 4), chance.choice(("adam", "sgd"))
        run_id = a_run(gate, experiment_id, run_name=f"run {place}", start_time=NOW + place)
        rates[run_id] = rate
        loss = 3 * rate + (0.5 if optimizer == "sgd" else 0) + chance.gauss(0, 0.05)
        params = {"lr": str(rate), "optimizer": optimizer} | ({"width": str(chance.randrange(9))} if place % 3 else {})
        entries = [Param(key=key, value=value) for key, value in params.items()]
        points = [a_point("loss", loss), a_point("seconds", 10 * chance.random())]
        gate.perform(LogBatch(run_id=run_id, metrics=points, params=entries))
    gate.close()
    return Sweep(experiment_id, rates)


@pytest.fixture(scope="module")
def sweep(server: RunningServer) -> Sweep:
    """More runs than a page of the table has."""
    return a_sweep(server, RUNS)


@pytest.fixture
def other(browser: Browser) -> Iterator[Page]:
    """A fresh browser that is dark and narrow, of somebody else."""
    context = browser.new_context(viewport={"width": 390, "height": 900}, color_scheme="dark", reduced_motion="reduce")
    context.set_default_timeout(MAX_WAIT)
    yield context.new_page()
    context.close()


def brush_lower_half(page: Page, room: Locator) -> None:
    """Draw a range on the first axis, from its middle to its lower end."""
    room.scroll_into_view_if_needed()
    box = room.bounding_box()
    assert box
    x, top, bottom = box["x"] + 46, box["y"] + 34, box["y"] + 340 - 22
    page.mouse.move(x, (top + bottom) / 2)
    page.mouse.down()
    page.mouse.move(x, bottom - 40, steps=3)
    page.mouse.move(x, bottom - 1, steps=3)
    page.mouse.up()


def type_ranges(plot: Locator) -> None:
    """Type a number, tick a text and the runs without a value, and filter by them: all by keys."""
    plot.locator(".ranges summary").press("Enter")
    fields = plot.locator(".range-fields")
    fields.get_by_role("group", name="lr").get_by_label("to", exact=True).fill("0.2")
    fields.get_by_role("group", name="optimizer").get_by_label("adam").press("Space")
    fields.get_by_role("group", name="width").get_by_label("none").press("Space")
    fields.get_by_role("button", name="Filter the table").press("Enter")


def test_brushed_ranges_filter_the_table_and_a_link_shows_the_same(tab: Tab, sweep: Sweep, other: Page) -> None:
    """By pointer and by keys, over all runs and not only those of the page, with the way back."""
    page = tab.open(f"/experiments/{sweep.experiment_id}?charts=split")
    page.get_by_role("button", name="Parallel coordinates").click()
    plot = page.locator(".plot-parallel")
    summary = plot.locator(".plot-summary")
    expect(summary).to_contain_text(re.compile(rf"{RUNS} runs over lr, .*At the lower ends: 44 runs without width"))
    expect(page.locator("#plots-sample")).to_have_text(f"All {RUNS} matching runs.")

    brush_lower_half(page, plot.locator(".plot-room"))

    expect(page.locator("#filter")).to_have_value(re.compile(r"params\.lr <= 0\.[45]"))
    half = sweep.below(float(page.locator("#filter").input_value().rpartition(" ")[2]))
    assert 40 < half < 90
    expect(page.locator(".over").first).to_contain_text(f"of {half} runs")
    expect(summary).to_contain_text(f"{RUNS} runs over lr")
    expect(summary).to_contain_text(f"{half} runs within the ranges")

    type_ranges(plot)
    typed = "params.lr <= 0.2 AND params.optimizer = 'adam' AND params.width IS NULL"
    expect(page.locator("#filter")).to_have_value(re.compile(r"params\.width IS NULL"))
    assert set(typed.split(" AND ")) == set(page.locator("#filter").input_value().split(" AND "))
    expect(plot.locator(".ranges summary")).to_have_text("Ranges (3)")
    expect(plot.get_by_role("button", name="Filter the table")).to_be_focused()
    few = int(re.findall(r"(\d+) runs? within", summary.text_content() or "")[0])
    expect(page.locator("#runs-table tbody tr")).to_have_count(few)

    other.goto(page.url)
    expect(other.locator(".plot-summary")).to_have_text(summary.text_content() or "")
    expect(other.locator("#filter")).to_have_value(page.locator("#filter").input_value())
    assert [] == faults(other)

    page.go_back()
    expect(page.locator("#filter")).to_have_value(re.compile(r"^params\.lr <= 0\.[45]\d*$"))
    expect(summary).to_contain_text(f"{half} runs within the ranges")


def filter_by_groups(page: Page) -> None:
    """A bar by keys, through its row among the values, and a bin by the pointer; and the ways back."""
    bars, bins, box = page.locator(".plot-bar"), page.locator(".plot-hist"), page.locator("#filter")
    bars.locator("figcaption summary").press("Enter")
    bars.get_by_role("button", name="Show data").press("Enter")
    first = bars.locator("tbody button").first
    first.press("Enter")
    expect(box).to_have_value(re.compile(r"^params\.lr >= [\d.]+ AND params\.lr <= [\d.]+$"))
    expect(first).to_be_focused()
    expect(first).to_have_attribute("aria-pressed", "true")
    expect(bars.locator(".plot-summary")).to_contain_text(f"8 groups of {RUNS} runs")
    expect(bins.locator(".plot-summary")).to_contain_text(re.compile(r"over 1[67] runs"))
    first.press("Enter")
    expect(box).to_have_value("")

    expect(bins.locator(".plot-summary")).to_contain_text(f"over {RUNS} runs")
    room = bins.locator(".plot-room")
    room.scroll_into_view_if_needed()
    around = room.bounding_box()
    assert around
    room.click(position={"x": 84 + 0.06 * (around["width"] - 102), "y": 300 - 46 - 3})
    expect(box).to_have_value(re.compile(r"^metrics\.loss >= [\d.]+ AND metrics\.loss <= [\d.]+$"))
    bins.get_by_role("button", name=re.compile("^loss: ")).click()
    expect(box).to_have_value("")


def test_what_matters_is_named_and_every_kind_of_plot_is_drawn(tab: Tab, sweep: Sweep) -> None:
    """The importance is right about three params, and pictures have words."""
    page = tab.open(f"/experiments/{sweep.experiment_id}?charts=only")
    page.get_by_role("button", name="What matters").click()
    found = page.locator(".plot-matters")
    expect(found.locator("tbody th")).to_have_text(["lr", "optimizer", "width"], timeout=3 * MAX_WAIT)  # trees grow
    expect(found.locator(".plot-summary")).to_contain_text(f"{RUNS} runs, by an ensemble of trees")
    expect(found.locator("tbody tr").first).to_contain_text("higher lr, higher loss")
    expect(found).to_contain_text("not what causes it")

    found.get_by_role("button", name="lr", exact=True).click()
    for kind in ("Pareto front", "Contour", "Box plot", "Bars", "Histogram"):
        page.get_by_role("button", name=kind, exact=True).click()
    summaries = page.locator(".plot-summary")
    for text in (
        f"loss over lr of {RUNS} runs",
        rf"Of {RUNS} runs with both, \d+ runs? of which none is better in low loss and low seconds",
        "loss over lr and ",
        f"loss by lr: 8 groups of {RUNS} runs",
        f"Mean loss by lr: 8 groups of {RUNS} runs",
        f"How loss is distributed over {RUNS} runs",
    ):
        expect(summaries.filter(has_text=re.compile(f"^{text}"))).to_have_count(1)
    assert [] == faults(page)
    filter_by_groups(page)


def test_a_plot_can_be_taken_along_and_changed(tab: Tab, server: RunningServer) -> None:
    """Its values as a table and a file, its picture, its settings in the address; and runs that come are in it."""
    kept = "plots=scatter;x=params.lr;y=metrics.loss&plots=hist;x=metrics.loss"
    sweep = a_sweep(server, 12)
    page = tab.open(f"/experiments/{sweep.experiment_id}?charts=only&{kept}")
    scatter = page.locator(".plot-scatter")
    expect(scatter.locator(".plot-summary")).to_contain_text("loss over lr of 12 runs")
    scatter.locator("summary").click()
    scatter.get_by_role("button", name="Show data").click()
    expect(scatter.locator("tbody tr")).to_have_count(12)
    for name, end in (("Values (CSV)", "csv"), ("Picture (SVG)", "svg"), ("Picture (PNG)", "png")):
        scatter.locator("summary").click()
        with page.expect_download() as download:
            scatter.get_by_role("button", name=name).click()
        content = download.value.path().read_bytes()
        begins = {"csv": b"run_id,Run,lr,loss\r\n", "svg": b"<svg ", "png": b"\x89PNG"}[end]
        assert download.value.suggested_filename.endswith(f".{end}")
        assert content.startswith(begins)
        assert end != "csv" or 13 == content.count(b"\n")

    scatter.get_by_label("Size").focus()
    scatter.get_by_label("Size").select_option("seconds")
    expect(scatter).to_contain_text("Size: seconds")
    assert "s=metrics.seconds" in page.evaluate("decodeURIComponent(location.search)")
    page.locator(".plot-hist .close").click()
    expect(page.locator(".plot-hist")).to_have_count(0)
    assert "hist" not in page.url

    page.locator("#filter").focus()
    page.mouse.move(5, 5)
    page.evaluate(
        """id => fetch("/api/2.0/mlflow/runs/create", {
            method: "POST",
            headers: {"Content-Type": "application/json"},
            body: JSON.stringify({experiment_id: id, run_name: "a late one", start_time: Date.now()}),
        })""",
        sweep.experiment_id,
    )
    expect(page.locator("#plots-sample")).to_have_text("All 13 matching runs.")
