"""Long series: charts and pages of history are read from blocks, and are those of all points."""

import math
import random
import time
from collections.abc import Sequence
from typing import Any

import pytest
import sqlalchemy as sa

from runyard.db.transaction import Transaction
from runyard.gate.gate import Gate
from runyard.tracking.metrics import blocks, history, sampling
from runyard.tracking.metrics.blocks import BLOCK
from runyard.tracking.metrics.levels import SPAN, WIDE, Columns, Levels
from runyard.tracking.metrics.messages import GetMetricCurves, GetMetricHistory, LogMetric
from runyard.tracking.metrics.series import on_wire
from runyard.tracking.metrics.tables import metric_blocks, metric_points, metric_series
from runyard.tracking.runs.messages import LogBatch
from tests.factories import a_point, a_run

pytestmark = pytest.mark.slow

Triple = tuple[int, int, float]
"""Step, timestamp and value."""


def log(gate: Gate, run_id: str, points: Sequence[Triple]) -> None:
    """Log points of one metric, in pieces that make no block by themselves."""
    for first in range(0, len(points), 500):
        part = points[first : first + 500]
        gate.perform(LogBatch(run_id=run_id, metrics=[a_point(value=v, timestamp=t, step=s) for s, t, v in part]))


def log_as_before(gate: Gate, points: Sequence[Triple]) -> None:
    """Write points of the only series as a server of the version before does, which knows no blocks."""
    ignored = (
        "INSERT INTO metric_points (series_id, step, timestamp, value) VALUES (:i, :s, :t, :v) ON CONFLICT DO NOTHING"
    )
    nan = "NaN" if gate.engines.dialect == "sqlite" else math.nan
    with gate.engines.writing.begin() as connection:
        [number] = connection.execute(sa.select(metric_series.c.id)).scalars()
        rows = [{"i": number, "s": s, "t": t, "v": nan if math.isnan(v) else v} for s, t, v in points]
        connection.execute(sa.text(ignored), rows)


def seal_all(gate: Gate) -> None:
    """Seal whatever can be sealed of the only series."""
    with gate.engines.reading.begin() as connection:
        [number] = connection.execute(sa.select(metric_series.c.id)).scalars()
    while gate.administer(lambda tx: blocks.seal(tx, number)):
        pass


def wait_for_chores(gate: Gate) -> None:
    """Wait until the writer has done what reads left to it."""
    while gate._chores._waiting:
        time.sleep(0.01)


def key_of(point: Triple) -> tuple[int, int, bool, float]:
    """Its place in clustered order; NaN is the greatest value."""
    step, timestamp, value = point
    return step, timestamp, math.isnan(value), 0.0 if math.isnan(value) else value


def ends_of_blocks(gate: Gate) -> list[tuple[Triple, int, int, int]]:
    """The last point of each block of the only series, the number of its points and the range of their timestamps."""
    columns = metric_blocks.c
    with gate.engines.reading.begin() as connection:
        found = connection.execute(
            sa.select(
                columns.step, columns.timestamp, columns.value, columns.points,
                columns.least_time, columns.greatest_time,
            )
        )  # fmt: skip
        rows = [((step, timestamp, float(value)), *rest) for step, timestamp, value, *rest in found]
    return sorted(rows, key=lambda row: key_of(row[0]))


def naive_curve(
    sealed: list[tuple[Triple, int]], points: list[Triple], most: int, start: int | None, end: int
) -> list[Triple]:
    """The curve that is promised, made of all points: stretches of equal length that begin where spans begin.

    Parameters
    ----------
    sealed: The last point of each block, and the number of its points.
    """
    stretches = (most - 2) // 2
    rows = [point for point in points if (start is None or start <= point[0]) and point[0] <= end]
    if len(rows) <= max(most, 2 * SPAN * stretches):
        stored = [(s, t, "NaN" if math.isnan(v) else v) for s, t, v in rows]
        return [(s, t, math.nan if v == "NaN" else v) for s, t, v in sampling.extremes(stored, most)]
    within = [count for one, count in sealed if (start is None or start <= one[0]) and one[0] <= end]
    surely = sum(within) - (0 if start is None else 2 * BLOCK)
    width = WIDE if surely >= 2 * WIDE * stretches else SPAN
    borders = [key_of(one) for one, _ in sealed if one[0] <= end]
    parts: list[list[Triple]] = [[]]
    for point in rows:
        while borders and key_of(point) > borders[0]:
            borders.pop(0)
            parts.append([])
        parts[-1].append(point)
    spans = [part[first : first + width] for part in parts for first in range(0, len(part), width)]
    shared: list[list[Triple]] = [[] for _ in range(stretches)]
    place = 0
    for span in spans:
        stretch = next(s for s in reversed(range(stretches)) if s * len(rows) // stretches <= place)
        shared[stretch] += span
        place += len(span)
    kept = {rows[0], rows[-1]}
    for part in shared:
        numbers = [point for point in part if not math.isnan(point[2])]
        if numbers:
            kept |= {min(numbers, key=lambda point: point[2]), max(numbers, key=lambda point: point[2])}
        elif part:
            kept.add(part[0])
    return sorted(kept, key=key_of)


def curve_of(gate: Gate, run_id: str, most: int, start: int | None = None, end: int | None = None) -> tuple[int, Any]:
    """The number of points, and those that are shown."""
    message = GetMetricCurves(run_ids=[run_id], metric_key="loss", max_points=most, start_step=start, end_step=end)
    [curve] = gate.perform(message)["curves"]
    return curve["points"], list(zip(curve["steps"], curve["timestamps"], curve["values"], strict=True))


def spelled(points: Sequence[Triple]) -> list[tuple[int, int, Any]]:
    """Points as the wire spells their values."""
    names = {math.inf: "Infinity", -math.inf: "-Infinity"}
    return [(s, t, "NaN" if math.isnan(v) else names.get(v, v)) for s, t, v in points]


def triples(columns: Columns) -> list[tuple[int, int, Any]]:
    """Points as they were read, as the wire spells their values."""
    return [(s, t, on_wire(v)) for s, t, v in zip(*columns, strict=True)]


def pages_of(gate: Gate, run_id: str, size: int | None) -> list[tuple[int, int, Any]]:
    """Step, timestamp and value of the whole history, in pages."""
    found: list[tuple[int, int, Any]] = []
    token = None
    while True:
        page = gate.perform(GetMetricHistory(run_id=run_id, metric_key="loss", max_results=size, page_token=token))
        found += [(point["step"], point["timestamp"], point["value"]) for point in page["metrics"]]
        token = page.get("next_page_token")
        if token is None:
            return found


def any_value(dice: random.Random) -> float:
    """Any number, now and then none."""
    return dice.choice(
        [dice.random() * 100 - 50, float(dice.randrange(3)), dice.choice([math.nan, math.inf, -math.inf])]
    )


def shape(name: str, dice: random.Random, first: int, count: int) -> list[Triple]:
    """Points as trainings log them."""
    places = range(first, first + count)
    if name == "even":
        return [(place, 1000 + place // 3, dice.random()) for place in places]
    if name == "without steps":
        return [(0, 1000 + place // 700, any_value(dice)) for place in places]
    if name == "resumed":  # steps are repeated, at later times
        return [(place % 2500 * 10 - 4000, 1000 + place, any_value(dice)) for place in places]
    if name == "of two clocks":
        return [(place, 5000 + place - dice.choice([0, 0, 0, 0, 0, 300]), any_value(dice)) for place in places]
    if name == "all at once":
        return [(7, 1000, float(dice.randrange(9000))) for _ in places]
    return [(dice.randrange(-(2**62), 2**62), dice.randrange(2**40), any_value(dice)) for _ in places]


SHAPES = ["even", "without steps", "resumed", "of two clocks", "all at once", "random"]


@pytest.mark.parametrize("name", SHAPES)
def test_charts_and_pages_are_those_of_all_points(gate: Gate, name: str) -> None:
    """Late points, repeated ones, and those of a server of the version before change what is shown at once."""
    dice = random.Random(name)
    run_id = a_run(gate)
    stored: set[Any] = set()
    for stage in range(3):
        new = shape(name, dice, stage * 2600, 2600)
        late = [(step, when, any_value(dice)) for step, when, _ in dice.sample(new, 15)]
        log(gate, run_id, [*new, *late[:5], *dice.sample(new, 5)])
        log_as_before(gate, [*late[5:], new[3]])
        stored |= set(spelled([*new, *late]))
        if stage == 1:
            seal_all(gate)
        points = sorted(((s, t, float(v)) for s, t, v in stored), key=key_of)
        assert_blocks_hold(points, ends_of_blocks(gate))

        by_time = sorted(points, key=lambda point: (point[1], point[0], key_of(point)[2:]))
        for size in (None, 2000, 997):
            assert spelled(by_time) == pages_of(gate, run_id, size)
        places = [points[0][0], points[len(points) // 3][0], points[-1][0], dice.choice(points)[0]]
        for most, start, end in [(4, None, None), (60, None, None), (5, places[1], None), (9, *sorted(places[1:3]))]:
            low, high = -(2**63) if start is None else start, 2**63 if end is None else end
            inside = sum(low <= point[0] <= high for point in points)
            expected = naive_curve([one[:2] for one in ends_of_blocks(gate)], points, most, start, high)

            assert (inside, spelled(expected)) == curve_of(gate, run_id, most, start, end)
            wait_for_chores(gate)


@pytest.mark.parametrize("name", ["of two clocks", "resumed", "without steps"])
def test_a_page_begins_behind_any_point(gate: Gate, name: str) -> None:
    """Also where late points stand before it in a block, and behind a point that the series has not."""
    dice = random.Random(name)
    log(gate, a_run(gate), shape(name, dice, 0, 4000))
    seal_all(gate)

    def check(tx: Transaction) -> None:
        [number] = tx.execute(sa.select(metric_series.c.id)).scalars()
        points = triples(history.skipping(tx, number, None, 0))
        for step, when, value in dice.sample(points, 60):
            place = points.index((step, when, value))
            first = history.page(tx, number, 100, (when, step, float(value) if value != "NaN" else value))
            assert points[place + 1 : place + 101] == triples(first)
            later = [point for point in points[place + 1 :] if (point[1], point[0]) > (when, step + 1)]
            between = history.page(tx, number, 40, (when, step + 1, math.nan))
            assert later[:40] == triples(between)

    gate.inspect(check)


def assert_blocks_hold(points: list[Triple], ends: list[tuple[Triple, int, int, int]]) -> None:
    """Blocks tell the truth about the points between their ends, void ones too."""
    done = 0
    for end, count, least, greatest in ends:
        part = points[done : done + count]
        assert key_of(part[-1]) <= key_of(end)
        assert done + count == len(points) or key_of(points[done + count]) > key_of(end)
        assert (least, greatest) == (min(when for _, when, _ in part), max(when for _, when, _ in part))
        done += count


def test_blocks_are_made_while_points_are_logged(gate: Gate) -> None:
    """The first look at a chart is as cheap as the second one; singly logged points count, too."""
    run_id = a_run(gate)
    log(gate, run_id, [(step, step, 0.5) for step in range(BLOCK - 3)])
    for step in range(BLOCK - 3, 2 * BLOCK):
        gate.perform(LogMetric(run_id=run_id, key="loss", value=0.5, timestamp=step, step=step))

    assert [((BLOCK - 1, BLOCK - 1, 0.5), BLOCK, 0, BLOCK - 1)] == ends_of_blocks(gate)[:1]
    assert 2 == len(ends_of_blocks(gate))


def test_a_read_has_a_long_series_sealed(gate: Gate) -> None:
    """Stores of the version before have no blocks, nor does it make any; what a late point voids is made again."""
    run_id = a_run(gate)
    log(gate, run_id, [(0, 0, 0.5)])
    log_as_before(gate, [(step, step, float(step % 7)) for step in range(20_000)])
    assert [] == ends_of_blocks(gate)
    before = curve_of(gate, run_id, 100)
    wait_for_chores(gate)
    assert [BLOCK] * 19 + [BLOCK // 2] == [points for _, points, _, _ in ends_of_blocks(gate)]
    after = curve_of(gate, run_id, 100)
    assert before == after

    log_as_before(gate, [(5000, 5000, 99.0)])
    assert (5000, 5000, 99.0) in curve_of(gate, run_id, 100)[1]
    wait_for_chores(gate)
    with gate.engines.reading.begin() as connection:
        assert not connection.execute(sa.select(metric_blocks.c.step).where(metric_blocks.c.levels.is_(None))).all()
    assert (5000, 5000, 99.0) in curve_of(gate, run_id, 100)[1]


def test_wide_levels_follow_levels_that_a_server_of_before_writes(gate: Gate) -> None:
    """It knows only levels: charts of very many points never show what the wide ones held before."""
    run_id = a_run(gate)
    log(gate, run_id, [(step, step, float(step % 7)) for step in range(4 * BLOCK)])
    assert curve_of(gate, run_id, 4)[1][-2][2] == 6.0
    with gate.engines.writing.begin() as connection:
        connection.execute(sa.update(metric_blocks).values(wide_levels=sa.null()))  # as it leaves them
    before = curve_of(gate, run_id, 4)
    wait_for_chores(gate)
    assert before == curve_of(gate, run_id, 4)
    assert 4 == wide_ones(gate)

    peak = Levels()
    peak.add_points([(step, step, 50.0 if step == 7 else 0.0) for step in range(BLOCK)])
    with gate.engines.writing.begin() as connection:  # as it seals a block again
        first = metric_blocks.c.step == BLOCK - 1
        connection.execute(sa.update(metric_blocks).where(first).values(levels=peak.encoded()))
    assert 3 == wide_ones(gate)

    assert (7, 7, 50.0) in curve_of(gate, run_id, 4)[1]
    wait_for_chores(gate)
    assert 4 == wide_ones(gate)
    assert (7, 7, 50.0) in curve_of(gate, run_id, 4)[1]


def wide_ones(gate: Gate) -> int:
    """How many blocks have wide levels."""
    with gate.engines.reading.begin() as connection:
        return int(connection.execute(sa.select(sa.func.count(metric_blocks.c.wide_levels))).scalar_one())


def test_a_block_that_grows_is_split(gate: Gate) -> None:
    """Points that come out of order do not make reading dearer with each one."""
    run_id = a_run(gate)
    log(gate, run_id, [(step, step, 0.5) for step in range(3 * BLOCK)])
    log(gate, run_id, [(BLOCK, BLOCK, 2.5), *((step, step, 1.5) for step in range(BLOCK, 2 * BLOCK - 1))])
    seal_all(gate)

    assert [BLOCK] * 4 == [count for _, count, _, _ in ends_of_blocks(gate)]


def test_blocks_leave_with_their_run(gate: Gate) -> None:
    """Removal for good leaves nothing behind."""
    run_id = a_run(gate)
    log(gate, run_id, [(step, step, 0.5) for step in range(BLOCK)])
    assert ends_of_blocks(gate)
    with gate.engines.writing.begin() as connection:
        connection.execute(sa.delete(metric_series))
        for table in (metric_points, metric_blocks):
            assert 0 == connection.execute(sa.select(sa.func.count()).select_from(table)).scalar()


@pytest.mark.parametrize("cluster", ["sqlite"], indirect=True)
def test_pages_and_blocks_are_sought_in_indexes(gate: Gate) -> None:
    """A page late in a long series costs what the first one does: no statement walks over all points."""
    statements = [
        blocks._points_between, blocks._last_point, blocks._last_end, blocks._end_before, blocks._levels_within,
        blocks._wide_within, blocks._sealed_points, blocks._levels_of,
        history._begun_later, history._ends_within_times, history._later_points_between.prepared,
        history._earlier_between, history._overtaken,
    ]  # fmt: skip
    with gate.engines.reading.begin() as connection:
        tx = Transaction(connection, gate.settings)
        for statement in statements:
            sql, _ = statement._sql(tx)
            cursor = connection.connection.cursor()
            cursor.execute("EXPLAIN QUERY PLAN " + sql, [1] * sql.count("?"))
            plan = "; ".join(row[3] for row in cursor.fetchall())
            assert "SCAN metric" not in plan
            if statement in (blocks._wide_within, blocks._sealed_points):
                assert "COVERING INDEX ix_metric_blocks_wide" in plan, "it would read the levels"
            assert "(series_id=? AND" in plan or ("(series_id=?)" in plan and "LIMIT" in sql), plan


@pytest.mark.parametrize("cluster", ["sqlite"], indirect=True)
def test_a_page_reads_what_it_shows(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where time follows the step, not the other points of the blocks that the page is in."""
    run_id = a_run(gate)
    log(gate, run_id, shape("even", random.Random(1), 0, 5000))
    seal_all(gate)
    read: list[int] = []
    between = history._later_points_between

    class Counting:
        """The same statement."""

        def columns(self, *values: Any) -> list[list[Any]]:
            columns = between.columns(*values)
            read.append(len(columns[0]))
            return columns

    monkeypatch.setattr(history, "_later_points_between", Counting())
    assert 5000 == len(pages_of(gate, run_id, 700))

    assert 5000 + 7 >= sum(read)
