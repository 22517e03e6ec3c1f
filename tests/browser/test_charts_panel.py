"""Charts beside the table: from fifteen runs to the mean of five seeds, and the same picture for others."""

import math
import random
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Browser, Page, expect

from runyard.gate.gate import Gate
from runyard.tracking.runs.entities import Param
from runyard.tracking.runs.messages import LogBatch, UpdateRun
from tests.browser.axe import faults
from tests.browser.conftest import Tab
from tests.factories import NOW, a_point, a_run, an_experiment
from tests.support.server import RunningServer

pytestmark = pytest.mark.browser

RATES, SEEDS, STEPS = ("0.001", "0.01", "0.1"), 5, 40


@dataclass(frozen=True)
class Seeds:
    """Five seeds of each of three learning rates, in an experiment; and the points of their loss."""

    gate: Gate
    experiment_id: str
    losses: pd.DataFrame


@pytest.fixture(scope="module")
def seeds(server: RunningServer) -> Iterator[Seeds]:
    """Runs that have ended, with losses that pandas knows too."""
    chance = random.Random(7)
    rows: list[tuple[str, str, int, float]] = []
    with closing(Gate.open(server.database_uri)) as gate:
        experiment_id = an_experiment(gate)
        for rate in RATES:
            for seed in range(SEEDS):
                name = f"lr={rate} seed={seed}"
                run_id = a_run(gate, experiment_id, run_name=name, start_time=NOW + len(rows))
                losses = [math.exp(-float(rate) * step) + chance.gauss(0, 0.02) for step in range(STEPS)]
                points = [a_point("val/loss", loss, NOW + 1000 * step, step) for step, loss in enumerate(losses)]
                points += [
                    a_point(key, loss, NOW, step)
                    for key in ("train/loss", "train/acc")
                    for step, loss in enumerate(losses)
                ]
                points += [a_point("final/acc", 1 - losses[-1])]
                params = [Param(key="lr", value=rate), Param(key="seed", value=str(seed))]
                gate.perform(LogBatch(run_id=run_id, metrics=points, params=params))
                gate.perform(UpdateRun(run_id=run_id, status="FINISHED", end_time=NOW + 60_000))
                rows += [(run_id, rate, step, loss) for step, loss in enumerate(losses)]
        yield Seeds(gate, experiment_id, pd.DataFrame(rows, columns=["run", "lr", "step", "loss"]))


def figures(page: Page) -> list[str]:
    """The metrics that have charts, in order."""
    found: list[str] = page.locator("figure").evaluate_all("all => all.map((figure) => figure.dataset.key)")
    return found


# long: one journey, as each step needs what the one before left on the page
def test_charts_follow_the_table_and_lead_others_to_the_same(tab: Tab, browser: Browser, seeds: Seeds) -> None:
    """Find a metric, keep it on top, choose two runs, then compare the means of five seeds, and send what one sees."""
    page = tab.open(f"/experiments/{seeds.experiment_id}")
    page.get_by_role("link", name="Split").click()
    said, loss = page.locator("charts-panel [role=status]"), page.locator("[data-key='val/loss'] line-chart")
    expect(said).to_have_text("15 runs")
    page.get_by_label("Find metrics by name").fill("^(val|fin)")
    page.get_by_label("regular expression").check()
    expect(page.locator("figure")).to_have_count(2)
    page.get_by_label("Pin val/loss").click()
    page.get_by_label("Find metrics by name").fill("")
    expect(page.locator("figure")).to_have_count(4)
    assert ["val/loss", "final/acc", "train/acc", "train/loss"] == figures(page)
    expect(loss).to_have_attribute("data-drawn", str(15 * STEPS))

    boxes = page.locator("#runs-table input[name=runs]")
    boxes.nth(0).check()
    boxes.nth(2).check()
    expect(said).to_have_text("2 chosen runs")
    expect(loss).to_have_attribute("data-drawn", str(2 * STEPS))
    expect(page.locator("[data-key='final/acc'] .bar-row")).to_have_count(2)
    page.locator("chart-legend li").nth(1).hover()
    expect(page.locator("#runs-table tr").nth(3)).to_have_class(re.compile("lit"))
    page.get_by_role("button", name="Clear").click()
    expect(said).to_have_text("15 runs")

    page.get_by_text("Group by", exact=True).click()
    page.get_by_role("checkbox", name="lr", exact=True).check()
    page.get_by_role("button", name="Apply").locator("visible=true").click()
    expect(said).to_have_text("Means of 3 groups")
    expect(loss).to_have_attribute("data-drawn", str(3 * STEPS))
    expect(page.locator("[data-key='final/acc'] .bar-row").first).to_contain_text("±")
    page.get_by_label("Pictures and data of val/loss").click()
    page.get_by_role("button", name="Show data").click()
    rows = page.locator(".chart-data tbody tr")
    expect(rows).to_have_count(3 * STEPS)
    _as_pandas_has_them(rows.all_inner_texts(), seeds.losses)
    page.evaluate("scrollTo(0, 0)")
    assert [] == faults(page)

    page.get_by_text("More", exact=True).click()
    page.locator("[name=band]").select_option("sem")
    page.keyboard.press("Escape")
    page.get_by_text("Views", exact=True).click()
    page.get_by_label("Save what is on screen as").fill("seeds")
    page.get_by_role("button", name="Save view").click()
    expect(page.locator(".views summary")).to_contain_text("seeds")
    expect(loss).to_have_attribute("data-drawn", str(3 * STEPS))
    assert {"charts=split", "charts_pin=val/loss", "band=sem"} <= set(
        page.url.partition("?")[2].replace("%2F", "/").split("&")
    )
    page.get_by_label("Pin train/acc").click()
    expect(page.locator(".views")).to_contain_text("changed")
    _same_elsewhere(page, browser)


def _as_pandas_has_them(rows: list[str], losses: pd.DataFrame) -> None:
    """Mean, number, deviation and error of each learning rate at each step, as the table of the chart says."""
    expected = losses.groupby(["lr", "step"])["loss"].agg(["mean", "count", "std", "sem", "min", "max"])
    for row in rows:
        name, step, *found = row.split("\t")
        wanted = expected.loc[name.removeprefix("lr "), int(step)]
        np.testing.assert_allclose([float(value) for value in found], np.asarray(wanted, float), rtol=1e-12)


def _same_elsewhere(page: Page, browser: Browser) -> None:
    """Open the address in a fresh browser: the chart is the same to the last pixel."""
    picture = "document.querySelector('[data-key=\"val/loss\"] canvas')?.toDataURL()"
    other = browser.new_context(viewport=page.viewport_size, color_scheme="light").new_page()
    other.goto(page.url)
    page.mouse.move(2, 2)
    expect(other.locator("charts-panel [role=status]")).to_have_text("Means of 3 groups")
    expect(other.locator("[name=band]")).to_have_value("sem")
    assert figures(page) == figures(other)
    for _ in range(400):
        if page.evaluate(picture) == other.evaluate(picture) is not None:
            break
        other.wait_for_timeout(50)
    else:
        pytest.fail("the same address shows another picture")
    other.context.close()


def test_charts_move_as_runs_are_written(tab: Tab, seeds: Seeds) -> None:
    """By the one connection that the page has: more points, another metric, another run."""
    experiment_id = an_experiment(seeds.gate)
    run_id = a_run(seeds.gate, experiment_id)
    seeds.gate.perform(LogBatch(run_id=run_id, metrics=[a_point("loss", 1.0, NOW, step) for step in range(3)]))
    page = tab.open(f"/experiments/{experiment_id}?charts=only")
    chart = page.locator("[data-key=loss] line-chart")
    expect(chart).to_have_attribute("data-drawn", "3")

    more = [a_point("loss", 0.5, NOW + 1000, step) for step in range(3, 10)]
    seeds.gate.perform(LogBatch(run_id=run_id, metrics=[*more, a_point("acc", 0.9)]))
    expect(chart).to_have_attribute("data-drawn", "10")
    expect(page.locator("[data-key=acc] .one-value")).to_contain_text("0.9")
    other = a_run(seeds.gate, experiment_id)
    seeds.gate.perform(LogBatch(run_id=other, metrics=[a_point("loss", 0.7, NOW, step) for step in range(2)]))
    expect(page.locator("charts-panel [role=status]")).to_have_text("2 runs")
    expect(chart).to_have_attribute("data-drawn", "12")


def test_charts_give_away_what_they_show(tab: Tab, seeds: Seeds) -> None:
    """Bars in order, and as a picture; the table of points follows the zoom; one end of a range may be left out."""
    experiment_id = an_experiment(seeds.gate)
    for name, score in (("good", 0.5), ("broken", math.nan), ("best", 0.9)):
        run_id = a_run(seeds.gate, experiment_id, run_name=name)
        points = [a_point("loss", 1 / (1 + step), NOW, step) for step in range(9)]
        seeds.gate.perform(LogBatch(run_id=run_id, metrics=[*points, a_point("score", score)]))
    page = tab.open(f"/experiments/{experiment_id}?charts=only")
    scores, losses = page.locator("[data-key=score]"), page.locator("[data-key=loss]")
    expect(scores.locator(".bar-row")).to_have_text(["best0.9", "good0.5", "brokenNaN"])
    expect(scores.locator(".chart-note")).to_be_hidden()
    page.get_by_label("Pictures and data of score").click()
    with page.expect_download() as download:
        scores.get_by_role("button", name="Picture (SVG)").click()
    picture = download.value.path().read_text()
    assert [">best<", ">good<", ">broken<"] == re.findall(">(?:best|good|broken)<", picture)

    page.get_by_label("Pictures and data of loss").click()
    losses.get_by_role("button", name="Show data").click()
    expect(losses.locator("caption")).to_have_text("loss: 27 points in sight")
    page.get_by_text("More", exact=True).click()
    page.get_by_role("group", name="Range of x").get_by_label("from").fill("5")
    page.keyboard.press("Enter")
    expect(losses.locator("caption")).to_have_text("loss: 12 points in sight")
    assert "zoom=5:8" in page.url.replace("%3A", ":")
