"""The table of runs as a tree: nested runs below the parents that are open."""

import html
import re
from typing import Any

import pytest

from runyard.core.tags import PARENT_TAG
from runyard.gate.gate import Gate
from runyard.tracking.runs import nested_values
from runyard.tracking.runs.messages import LogBatch
from runyard.ui.parts import run_tree
from tests.factories import NOW, a_point, a_run, an_experiment
from tests.ui.asking import Answer, Reader


def rows(page: Answer) -> list[tuple[str, int, str | None]]:
    """The names of the runs with their levels, and whether they are open; None where nothing is nested in them."""
    row = r'<tr(?: data-run="\w+")? aria-level=(\d+)(?: aria-expanded=(\w+))?>'
    found = re.findall(row + r'<td>.*?<a href="/runs/[^"]*"[^>]*>([^<]*)</a>', page.text)
    return [(name, int(level), opened or None) for level, opened, name in found]


def link(page: Answer, text: str) -> str:
    """The address of a link by its text or label."""
    match = re.search(rf'<a [^>]*href="([^"]*)"[^>]*aria-label="{text}"|<a href="([^"]*)"[^>]*>{text}</a>', page.text)
    assert match, text
    return html.unescape(match[1] or match[2])


@pytest.fixture
def sweep(gate: Gate) -> str:
    """An experiment with a sweep of three runs, the second of which has one of its own, and a run beside it."""
    experiment_id = an_experiment(gate)
    a_run(gate, experiment_id, run_name="alone", start_time=NOW - 1)
    parent = a_run(gate, experiment_id, run_name="sweep")
    for place in range(3):
        tags = {PARENT_TAG: parent}
        child = a_run(gate, experiment_id, tags, run_name=f"child {place}", start_time=NOW + place)
        gate.perform(LogBatch(run_id=child, metrics=[a_point("loss", (2 * place) % 3)]))
        if place == 1:
            a_run(gate, experiment_id, {PARENT_TAG: child}, run_name="below", start_time=NOW + 9)
    return f"/experiments/{experiment_id}"


def test_runs_open_to_any_depth_in_the_order_of_the_table(reader: Reader, sweep: str) -> None:
    """The address says what is open, whatever the order, and closing leads back."""
    closed = reader.get(f"{sweep}?open=none")
    opened = reader.get(link(closed, "3 nested in sweep"))
    deep = reader.get(link(opened, "1 nested in child 1") + "&order=metrics.loss+ASC")

    assert [("sweep", 1, "false"), ("alone", 1, None)] == rows(closed)
    assert "1-2 of 2 runs at the top, 6 in all" in closed.words
    children: list[Any] = [("child 2", 2, None), ("child 1", 2, "false"), ("child 0", 2, None)]
    assert [("sweep", 1, "true"), *children, ("alone", 1, None)] == rows(opened)
    below: list[Any] = [("child 0", 2, None), ("child 2", 2, None), ("child 1", 2, "true"), ("below", 3, None)]
    assert [("sweep", 1, "true"), *below, ("alone", 1, None)] == rows(deep)
    assert rows(closed) == rows(reader.get(link(opened, "3 nested in sweep")))


def test_a_run_whose_parent_is_not_found_stands_at_the_top(reader: Reader, sweep: str) -> None:
    """It says what it is nested in; below a parent that is found it stays, and the counts are of both."""
    apart = reader.get(f"{sweep}?filter=metrics.loss+%3E+0.5")
    both = reader.get(f"{sweep}?filter=run_name+!%3D+'alone'&open=none")

    assert [("child 2", 1, None), ("child 1", 1, None)] == rows(apart)
    assert "child 2 in sweep" in apart.words
    assert "1-2 of 2 runs" in apart.words
    assert [("sweep", 1, "false")] == rows(both)
    assert "1-1 of 1 run at the top, 5 in all" in both.words


def test_flat_is_a_switch(reader: Reader, sweep: str) -> None:
    """Every run has a row of its own, and says what it is nested in."""
    flat = reader.get(link(reader.get(sweep), "Flat"))

    assert [] == rows(flat)
    assert "1-6 of 6 runs" in flat.words
    assert "below in child 1" in flat.words
    assert 5 == len(rows(reader.get(link(flat, "Tree"))))


def test_many_children_come_some_at_a_time(reader: Reader, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest is a click away, as far as a page goes; all of them are a table."""
    for name, number in (("FIRST", 2), ("MORE", 3), ("MAX_CHILDREN", 6)):
        monkeypatch.setattr(run_tree, name, number)
    experiment_id = an_experiment(gate)
    parent = a_run(gate, experiment_id, run_name="sweep")
    for place in range(9):
        a_run(gate, experiment_id, {PARENT_TAG: parent}, run_name=f"child {place}", start_time=NOW + place)

    opened = reader.get(f"/experiments/{experiment_id}?open={parent}")
    more = reader.get(link(opened, "3 more of 9"))
    full = reader.get(link(more, "3 more of 9"))
    alone = reader.get(link(full, "All 9 as a table"))

    assert [3, 6, 7] == [len(rows(page)) for page in (opened, more, full)]
    assert "6 of 9 All 9 as a table" in full.words
    assert "1-9 of 9 runs" in alone.words
    assert 9 == alone.words.count("in sweep")


def test_what_an_address_opens_may_be_nonsense(reader: Reader, sweep: str) -> None:
    """An id of nothing, a number that is none: the page is as if it were not there."""
    page = reader.get(f"{sweep}?open=x:y&open=:&open={'0' * 32}:-1&nest=odd&page=&open=a:99999999999999999999")

    assert rows(reader.get(f"{sweep}?open=none")) == rows(page)


def test_a_small_table_opens_by_itself(reader: Reader, gate: Gate, sweep: str) -> None:
    """One level, until it is closed; a table with many sweeps is their list."""
    opened = reader.get(sweep)
    closed = reader.get(link(opened, "3 nested in sweep"))

    assert [("sweep", 1, "true"), ("child 2", 2, None), ("child 1", 2, "false")] == rows(opened)[:3]
    assert [("sweep", 1, "false"), ("alone", 1, None)] == rows(closed)
    experiment_id = sweep.rpartition("/")[2]
    for _ in range(run_tree.FEW):
        a_run(gate, experiment_id, {PARENT_TAG: a_run(gate, experiment_id, run_name="more")}, run_name="child")
    assert {1} == {level for _, level, _ in rows(reader.get(sweep))}


def test_a_run_shows_the_best_of_the_runs_nested_in_it(gate: Gate, reader: Reader, sweep: str) -> None:
    """Marked, where it lacks a metric whose good end is known; one of its own is shown as it is."""
    page = reader.get(f"{sweep}?open=none&col=metrics.loss").text
    assert ['title="The least of 3 nested runs">0'] == re.findall(r'<td class="n below" (title="[^"]*">[^<]*)', page)

    for goal, shown in (("most", ["The greatest of 3 nested runs"]), ("none", [])):
        chosen = reader.get(f"{sweep}?open=none&col=metrics.loss&best=metrics.loss:{goal}").text
        assert shown == re.findall(r'<td class="n below" title="([^"]*)">', chosen)


def test_the_best_of_nested_runs_has_the_digits_of_its_column(gate: Gate, reader: Reader) -> None:
    """Decimals stand below each other in a tree too."""
    experiment_id = an_experiment(gate, "digits")
    for best in (0.1082, 2.498):
        parent = a_run(gate, experiment_id, run_name="parent")
        child = a_run(gate, experiment_id, {PARENT_TAG: parent}, run_name="child")
        gate.perform(LogBatch(run_id=child, metrics=[a_point("rmse", best)]))

    page = reader.get(f"/experiments/{experiment_id}?open=none").text

    assert ["0.108", "2.498"] == sorted(re.findall(r'<td class="n below"[^>]*>([^<]*)', page))


def test_a_tree_is_sorted_by_what_it_shows(gate: Gate, reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    """The best of nested runs is in its place, also where a filter leaves none of them; where not, it is not shown."""
    experiment_id = an_experiment(gate)
    for name, own, nested in (("first", None, 0.1), ("second", 0.2, 0.0), ("third", None, 0.3), ("last", None, None)):
        parent = a_run(gate, experiment_id, run_name=name)
        child = a_run(gate, experiment_id, {PARENT_TAG: parent}, run_name="child")
        for run_id, value in ((parent, own), (child, nested)):
            if value is not None:
                gate.perform(LogBatch(run_id=run_id, metrics=[a_point("loss", value)]))
    address = f"/experiments/{experiment_id}?open=none&col=metrics.loss&order=metrics.loss"

    def shown(page: Answer) -> list[tuple[str, list[str]]]:
        cells = [
            re.findall(r'<td class="n (?:below|b)?"[^>]*>([^<]*)', row)
            for row in re.split(r"<tr [^>]*aria-level", page.text)[1:]
        ]
        return list(zip([name for name, _, _ in rows(page)], cells, strict=True))

    best = [("first", ["0.1000"]), ("second", []), ("third", ["0.3000"]), ("last", [])]
    assert best == shown(reader.get(f"{address}+ASC"))
    assert [*best[2::-1], best[3]] == shown(reader.get(f"{address}+DESC"))
    assert [*best[2::-1], best[3]] == shown(reader.get(f"{address}+DESC&filter=run_name+!%3D+'child'"))
    monkeypatch.setattr(nested_values, "MAX_NESTED", 0)
    many = reader.get(f"{address}+ASC")
    assert ("second", []) == shown(many)[0]
    assert not any(cells for _, cells in shown(many))
    assert "by the runs’ own values: more than 5,000 runs are nested here" in many.words
