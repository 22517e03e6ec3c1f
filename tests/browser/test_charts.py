"""Charts: a spike among a million points, the same picture for everyone, and the mathematics behind it."""

import math
import random
from contextlib import closing
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page, expect

from runyard.db.transaction import Transaction
from runyard.gate.gate import Gate
from runyard.tracking.metrics import blocks
from runyard.tracking.runs.messages import LogBatch
from tests.browser.conftest import Tab
from tests.factories import NOW, a_point, a_run, an_experiment
from tests.support.server import RunningServer

pytestmark = pytest.mark.browser

POINTS, SPIKE = 1_000_000, 654_321
_MANY = f"""
    INSERT INTO metric_points (series_id, step, timestamp, value)
    WITH RECURSIVE steps(step) AS (SELECT 1 UNION ALL SELECT step + 1 FROM steps WHERE step < {POINTS - 2})
    SELECT :series, step, {NOW} + step * 137, CASE step WHEN {SPIKE} THEN 7.5 ELSE step % 97 / 100.0 END FROM steps
"""
_MATHEMATICS = """async ([values, xs, grid, lines, pairs, labels]) => {
  const script = document.querySelector('script[src$="shell.js"]').src;
  const math = await import(script.replace("shell", "curve-math"));
  const axes = await import(script.replace("shell", "chart-axes"));
  const textOf = ([, text]) => text;
  const given = Float64Array.from(values, (value) => value ?? NaN);
  const sorted = given.filter(Number.isFinite).sort();
  const plain = (numbers) => [...numbers].map((number) => (Number.isNaN(number) ? null : number));
  const spread = math.spread(lines, 30);
  return {
    ema: plain(math.ema(given, 20)),
    gaussian: plain(math.gaussian(given, 9)),
    median: plain(math.median(given, 7)),
    quantiles: [0, 0.1, 0.25, 0.5, 0.99, 1].map((share) => math.quantile(sorted, share)),
    least: plain(math.soFar(given, "min")),
    greatest: plain(math.soFar(given, "max")),
    between: plain(math.between(xs, given.slice(0, xs.length).map((value) => value || 0), grid)),
    mean: plain(spread.mean),
    sd: plain(spread.sd),
    min: plain(spread.min),
    max: plain(spread.max),
    usual: math.usual(given),
    labels: labels.map((limits) => axes.axisFor("value", false, limits).ticks(...limits, 300, () => 30).map(textOf)),
    leveled: Object.values(math.leveled(Float64Array.from(pairs), new Float64Array(pairs.length).fill(8))),
  };
}"""
_LABELS = (
    ([-2e-9, 1e-8], ["-2e-9", "0", "2e-9", "4e-9", "6e-9", "8e-9", "1e-8"]),
    ([0, 2e-4], ["0", "5e-5", "1e-4", "1.5e-4", "2e-4"]),
    ([0.5, 0.5 + 2e-13], ["0.50000000000000", "0.50000000000005", "0.50000000000010", "0.50000000000015"]),
    ([0, 1], ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
)
"""The limits of an axis, and what its ticks say."""
_PICTURE = "document.querySelector('line-chart canvas').toDataURL()"


@pytest.fixture(scope="module")
def run_ids(server: RunningServer) -> list[str]:
    """A run of a million points and one of three, in one experiment."""
    with closing(Gate.open(server.database_uri)) as gate:
        experiment_id = an_experiment(gate)
        found = [a_run(gate, experiment_id, run_name=name) for name in ("long", "short")]
        for run_id, step in zip(found, (POINTS - 1, 500_000), strict=True):
            ends = [a_point("loss", 0.5, NOW, 0), a_point("loss", 0.25, NOW + step * 137, step)]
            gate.perform(LogBatch(run_id=run_id, metrics=ends))

        def fill(tx: Transaction) -> int:
            series: int = tx.scalar(sa.text("SELECT min(id) FROM metric_series"))
            tx.execute(sa.text(_MANY), {"series": series})
            return series

        number = gate.administer(fill)
        while gate.administer(lambda tx: blocks.seal(tx, number, 400)):
            pass
    return found


def zoomed(page: Page, begin: str, end: str) -> None:
    """Type a range of x, and wait until its points are drawn."""
    page.get_by_text("More", exact=True).click()
    fields = page.get_by_role("group", name="Range of x")
    fields.get_by_label("from").fill(begin)
    with page.expect_response("**/ui/metrics?*start=*"):
        fields.get_by_label("to").fill(end)
        page.keyboard.press("Enter")
    page.keyboard.press("Escape")


def test_a_spike_is_read_and_shared(tab: Tab, browser: Browser, run_ids: list[str]) -> None:
    """One point in a million is seen, found by zooming, read to its last digit; the address shows others the same."""
    page = tab.open(f"/metric?key=loss&runs={','.join(run_ids)}&x=time")
    chart = page.locator("line-chart")
    expect(page.locator("line-chart[data-drawn]")).to_have_count(1)
    box = chart.locator(".u-over").bounding_box()
    assert box

    page.locator("chart-settings [name=x]").select_option("step")
    at = box["x"] + box["width"] * SPIKE / POINTS
    page.mouse.move(at - 60, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(at + 60, box["y"] + 40)
    with page.expect_response("**/ui/metrics?*start=*"):
        page.mouse.up()
    page.get_by_label("Logarithmic y").check()
    zoomed(page, str(SPIKE - 300), str(SPIKE + 300))
    page.locator("chart-settings [name=x]").select_option("relative")  # the zoom goes along
    page.get_by_role("button", name="Show short").click()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 30)
    expect(chart.locator(".tip")).to_contain_text(f"step {SPIKE}")
    expect(chart.locator(".tip b")).to_have_text("7.5")
    page.mouse.move(5, 5)
    expect(page.locator(".lit")).to_have_count(0)

    other = browser.new_context(viewport=page.viewport_size, color_scheme="light").new_page()
    with other.expect_response("**/ui/metrics?*start=*"):
        other.goto(page.url)
    expect(other.get_by_label("Logarithmic y")).to_be_checked()
    expect(other.get_by_role("button", name="Show short")).to_have_attribute("aria-pressed", "false")
    for _ in range(400):
        if page.evaluate(_PICTURE) == other.evaluate(_PICTURE):
            break
        other.wait_for_timeout(50)
    else:
        pytest.fail("the same address shows another picture")
    other.context.close()


def test_a_late_answer_changes_nothing(tab: Tab, run_ids: list[str]) -> None:
    """Who zooms twice sees the second range, whichever points come last; keys zoom as well, and show all again."""
    page = tab.open(f"/metric?key=loss&runs={run_ids[0]}")
    expect(page.locator("line-chart[data-drawn]")).to_have_count(1)
    held: list[Any] = []
    page.route("**/ui/metrics?*start=*", lambda route: held.append(route) if not held else route.continue_())

    page.locator("line-chart").focus()
    page.keyboard.press("+")
    page.wait_for_url("**zoom=*")
    page.wait_for_timeout(300)
    page.keyboard.press("+")
    page.wait_for_timeout(300)
    assert held
    held[0].continue_()
    expect(page.get_by_role("button", name="Reset zoom")).to_be_visible()
    assert "zoom=374999.625:624999.375" in page.url.replace("%3A", ":")
    page.keyboard.press("0")
    expect(page.get_by_role("button", name="Reset zoom")).to_be_hidden()


def test_the_mathematics_are_those_of_pandas_and_numpy(tab: Tab, server: RunningServer) -> None:
    """Smoothing, quantiles, best so far, lines between points, and the spread of several runs."""
    some = random.Random(3)
    values = [some.choice([math.nan, 1e3]) if some.random() < 0.05 else some.gauss(0, 1) for _ in range(300)]
    series, finite = pd.Series(values), np.array([value for value in values if not math.isnan(value)])
    xs = sorted(some.sample(range(1000), 40))
    grid = list(range(-5, 1010, 3))
    lines = [[some.gauss(seed, 1) for _ in range(30)] for seed in range(5)]
    pairs = [9.0 if place == 20 else 2.0 * (place % 2) for place in range(40)]  # least and greatest, and a spike

    table = pd.DataFrame(lines)

    tab.open("/docs")
    given = [None if math.isnan(value) else value for value in values]
    found = tab.page.evaluate(_MATHEMATICS, [given, xs, grid, lines, pairs, [limits for limits, _ in _LABELS]])
    assert [labels for _, labels in _LABELS] == found.pop("labels")

    expected = {
        **_smoothed(series, finite),
        "quantiles": np.quantile(finite, [0, 0.1, 0.25, 0.5, 0.99, 1]),
        "between": np.interp(grid, xs, np.nan_to_num(np.array(values[:40])), left=math.nan, right=math.nan),
        "mean": table.mean(),
        "sd": table.std(),
        "min": table.min(),
        "max": table.max(),
        "leveled": np.ones(40),
    }
    assert expected.keys() == found.keys()
    for name, wanted in expected.items():
        np.testing.assert_allclose(np.array(found[name], dtype=float), np.array(wanted, dtype=float), err_msg=name)


def _smoothed(series: "pd.Series[float]", finite: Any) -> dict[str, Any]:
    """What is made of one series, by pandas and numpy; NaN where it has none."""
    distance, there = np.subtract.outer(np.arange(len(series)), np.arange(len(series))), series.notna()
    weights = np.exp(-0.5 * (distance / 3) ** 2) * (np.abs(distance) <= 12) * there.to_numpy()
    low, high = np.quantile(finite, [0.25, 0.75])
    inside = finite[(finite >= low - 3 * (high - low)) & (finite <= high + 3 * (high - low))]
    return {
        "ema": series.ewm(span=20).mean().where(there),
        "gaussian": pd.Series(weights @ series.fillna(0) / weights.sum(axis=1)).where(there),
        "median": series.rolling(7, center=True, min_periods=1).median().where(there),
        "least": series.cummin().ffill(),
        "greatest": series.cummax().ffill(),
        "usual": [inside.min(), inside.max()],
    }
