"""Nested runs as a tree, beside a tree that is made naively of the same runs."""

import random
from dataclasses import dataclass, field
from typing import Any

import pytest

from runyard.core.entity import Tag
from runyard.core.tags import PARENT_TAG
from runyard.exceptions import DoesNotExist, InvalidParameter
from runyard.gate.gate import Gate
from runyard.tracking.run_changes.messages import MoveRuns
from runyard.tracking.run_trees import children, operations
from runyard.tracking.run_trees.messages import MeasureChildren, RunTree, SearchRunTree
from runyard.tracking.runs import nested_values, ranges
from runyard.tracking.runs.messages import (
    DeleteRun,
    DeleteTag,
    LogBatch,
    RestoreRun,
    SearchRuns,
    SetTag,
    StartRun,
)
from tests.factories import NOW, a_point, a_run, an_experiment

ORDERS: tuple[list[str], ...] = (
    [],
    ["metrics.loss DESC"],
    ["tags.kind", "metrics.loss"],
    ["duration"],
    ["run_name DESC"],
)
FILTERS = (None, "metrics.loss > 0.3", "tags.kind = 'a'", "metrics.loss < 0.6 OR tags.kind != 'b'", "metrics.loss > 2")


@dataclass
class Forest:
    """Runs that are changed at random, and what each is nested in, kept by hand as the docs say it."""

    gate: Gate
    homes: list[str]
    chance: random.Random
    home: dict[str, str] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    tag: dict[str, str] = field(default_factory=dict)
    above: dict[str, str] = field(default_factory=dict)

    def grow(self, count: int) -> None:
        """Log runs; some name a parent that comes later, or one that there never is."""
        ids = [f"{self.chance.getrandbits(128):032x}" for _ in range(count)]
        for place, run in enumerate(ids):
            self.home[run] = self.chance.choice([self.homes[0], *self.homes])
            parents = ids[:4] if self.chance.random() < 0.7 else [*ids, "0" * 32]
            tags = {"kind": self.chance.choice("abc")}
            if place and self.chance.random() < 0.8:
                tags[PARENT_TAG] = self.tag[run] = self.chance.choice(parents)
            start, listed = NOW + self.chance.randrange(20), [Tag(key=key, value=text) for key, text in tags.items()]
            self.gate.perform(StartRun(run_id=run, experiment_id=self.home[run], start_time=start, tags=listed))
            self.nest(run)
            self.adopt(run)
            if self.chance.random() < 0.7:
                self.gate.perform(LogBatch(run_id=run, metrics=[a_point("loss", self.chance.random())]))

    def change(self) -> None:
        """Change one run in one way."""
        run = self.chance.choice(list(self.home))
        active = run not in self.deleted
        what = self.chance.choice(["tag", "untag", "move"] if active else ["restore"])
        what = "delete" if active and self.chance.random() < 0.2 else what
        if what == "tag":
            self.tag[run] = self.chance.choice(list(self.home))
            self.gate.perform(SetTag(run_id=run, key=PARENT_TAG, value=self.tag[run]))
            self.nest(run)
        elif what == "untag" and run in self.tag:
            del self.tag[run]
            self.gate.perform(DeleteTag(run_id=run, key=PARENT_TAG))
            self.nest(run)
        elif what == "move":
            target, going = self.chance.choice(self.homes), [run]
            self.gate.perform(MoveRuns(run_ids=[run], experiment_id=target))
            while going := [each for each in going if self.home[each] != target]:
                for each in going:
                    self.leave(each)
                    self.home[each] = target
                for each in going:
                    self.arrive(each)
                going = [each for each in self.home if self.tag.get(each) in going]  # what is below goes along
        elif what in ("delete", "restore"):
            self.leave(run)
            self.deleted ^= {run}
            self.gate.perform((DeleteRun if active else RestoreRun)(run_id=run))
            self.arrive(run)

    def together(self, run: str, other: str) -> bool:
        """Whether both are in one experiment and one lifecycle stage."""
        return self.home[run] == self.home.get(other) and (run in self.deleted) == (other in self.deleted)

    def nest(self, run: str) -> None:
        """Nest a run in what its tag names, if that is not below it."""
        self.above.pop(run, None)
        parent = self.tag.get(run, "")
        if parent != run and self.together(run, parent) and run not in self.ancestors(parent):
            self.above[run] = parent

    def adopt(self, run: str) -> None:
        """Nest the runs that name a run and are nested in none."""
        for child in list(self.home):
            if self.tag.get(child) == run and child not in self.above:
                self.nest(child)

    def leave(self, run: str) -> None:
        """A run is about to be elsewhere."""
        self.above = {child: parent for child, parent in self.above.items() if run not in (child, parent)}

    def arrive(self, run: str) -> None:
        """It is there."""
        self.nest(run)
        self.adopt(run)

    def ancestors(self, run: str) -> list[str]:
        """What a run is nested in, and that in turn."""
        found = []
        while run in self.above:
            run = self.above[run]
            found.append(run)
        return found


def all_pages(gate: Gate, **question: Any) -> list[RunTree]:
    """The answers of all pages."""
    pages, token = [], None
    while True:
        pages.append(gate.ask(SearchRunTree(**question, page_token=token, max_results=3)))
        if not (token := pages[-1].next_page_token):
            return pages


def shown(gate: Gate, **question: Any) -> list[tuple[str, int]]:
    """The runs of a level with the numbers of their children."""
    pages = all_pages(gate, **question)
    runs = [run.info.run_id for page in pages for run in page.runs]
    rows = [(row.run_id, row.children) for page in pages for row in page.rows]
    assert {page.total for page in pages} <= {len(runs), None}
    assert not rows or [run for run, _ in rows] == runs
    return rows or [(run, 0) for run in runs]


@pytest.mark.parametrize("seed", range(2))
def test_a_tree_is_what_is_made_of_it_naively(gate: Gate, seed: int) -> None:
    """After any changes, in any order, with any filter and view: each run that matches is in one place."""
    forest = Forest(gate, [an_experiment(gate) for _ in range(2)], random.Random(seed))
    forest.grow(25)
    for _ in range(40):
        forest.change()
    for text in FILTERS:
        order, experiments = forest.chance.choice(ORDERS), forest.homes[: forest.chance.randint(1, 2)]
        view = forest.chance.choice(("ACTIVE_ONLY", "ACTIVE_ONLY", "ALL", "DELETED_ONLY"))
        question: dict[str, Any] = {
            "experiment_ids": experiments,
            "filter": text,
            "run_view_type": view,
            "order_by": order,
        }
        found = [run.info.run_id for run in gate.ask(SearchRuns(**question, max_results=1000)).runs]
        below = {run: forest.above.get(run) if forest.above.get(run) in found else None for run in found}
        children = {parent: [run for run in found if below[run] == parent] for parent in (None, *found)}

        assert [(run, len(children[run])) for run in children[None]] == shown(gate, **question)
        assert found == [run for run, _ in shown(gate, **question, flat=True)]
        for parent in forest.chance.sample(found, min(8, len(found))):
            level = shown(gate, **question, parent_run_id=parent)
            assert [(run, len(children[run])) for run in children[parent]] == level


@pytest.mark.parametrize("few", [1_000, 0])
@pytest.mark.parametrize(("end", "choose"), [("least", min), ("greatest", max)])
def test_nested_runs_stand_for_a_metric_that_a_run_lacks(
    gate: Gate, monkeypatch: pytest.MonkeyPatch, few: int, end: str, choose: Any
) -> None:
    """What a table shows of a run is what it is sorted by, on any page, with any filter.

    Both where all runs in view are sorted, and where they are read from an index in order.
    """
    monkeypatch.setattr(ranges, "MAX_FOUND", few)
    forest = Forest(gate, [an_experiment(gate)], random.Random(1))
    forest.grow(30)
    every = gate.ask(SearchRuns(experiment_ids=forest.homes, max_results=1000)).runs
    started = {run.info.run_id: run.info.start_time for run in every}
    value = own = {run.info.run_id: run.data.metrics["loss"] for run in every if "loss" in run.data.metrics}
    for run in started.keys() - own.keys():
        below = [own[child] for child, parent in forest.above.items() if parent == run and child in own]
        value = value | ({run: choose(below)} if below else {})
    for text, way in ((None, "DESC"), (None, "ASC"), ("tags.kind != 'a'", "DESC"), ("metrics.loss IS NULL", "ASC")):
        question: dict[str, Any] = {"experiment_ids": forest.homes, "filter": text}
        found = [run.info.run_id for run in gate.ask(SearchRuns(**question, max_results=1000)).runs]
        question |= {"order_by": [f"metrics.loss {way}"], f"nested_{end}": ["loss", "none"]}
        expected = sorted(found, key=lambda run: (-started[run], run))
        expected.sort(key=lambda run: value.get(run, 0), reverse=way == "DESC")
        expected.sort(key=lambda run: run not in value)

        assert [run for run in expected if forest.above.get(run) not in found] == _in_order(gate, question)
        for parent in set(forest.above.values()) & set(found):
            level = [run for run in expected if forest.above.get(run) == parent]
            assert level == _in_order(gate, {**question, "parent_run_id": parent})


def _in_order(gate: Gate, question: dict[str, Any]) -> list[str]:
    return [run for run, _ in shown(gate, **question)]


def test_many_nested_runs_stand_for_nothing(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """To look at each would take long; the answer says that the order is one of the runs' own values."""
    experiment_id = an_experiment(gate)
    parent, alone = a_run(gate, experiment_id, start_time=NOW), a_run(gate, experiment_id, start_time=NOW + 1)
    child = a_run(gate, experiment_id, {PARENT_TAG: parent})
    gate.perform(LogBatch(run_id=child, metrics=[a_point("loss", 1.0)]))
    asked = SearchRunTree(experiment_ids=[experiment_id], order_by=["metrics.loss"], nested_least=["loss"])

    few = gate.ask(asked)
    monkeypatch.setattr(nested_values, "MAX_NESTED", 0)
    many = gate.ask(asked)

    assert ([parent, alone], False) == ([run.info.run_id for run in few.runs], few.own_only)
    assert ([alone, parent], True) == ([run.info.run_id for run in many.runs], many.own_only)


def test_a_store_without_nested_runs_has_a_plain_list(gate: Gate) -> None:
    """And the tokens are those of a plain search."""
    experiment_id = an_experiment(gate)
    made = [a_run(gate, experiment_id, start_time=NOW - place) for place in range(5)]
    page = gate.ask(SearchRunTree(experiment_ids=[experiment_id], max_results=2))
    plain = gate.ask(SearchRuns(experiment_ids=[experiment_id], max_results=2))

    assert (made[:2], [], False, None) == ([run.info.run_id for run in page.runs], page.rows, page.nested, page.total)
    assert plain.next_page_token == page.next_page_token


def test_many_children_are_counted_up_to_a_number(gate: Gate, monkeypatch: Any) -> None:
    """Fewer with a filter; a child says what it is nested in, also where its parent is not found."""
    experiment_id = an_experiment(gate)
    parent = a_run(gate, experiment_id, run_name="sweep")
    for place in range(102):
        a_run(gate, experiment_id, {PARENT_TAG: parent}, start_time=NOW + place)
    question: dict[str, Any] = {"experiment_ids": [experiment_id]}

    [row] = gate.ask(SearchRunTree(**question)).rows
    [filtered] = gate.ask(SearchRunTree(**question, filter="status = 'RUNNING'")).rows
    below = gate.ask(SearchRunTree(**question, parent_run_id=parent))
    alone = gate.ask(SearchRunTree(**question, filter="run_name != 'sweep'"))
    monkeypatch.setattr(operations, "MAX_PARENTS", 0)
    listed = gate.ask(SearchRunTree(**question, filter="status = 'RUNNING'"))

    assert (102, False) == (row.children, row.more)
    assert (100, True) == (filtered.children, filtered.more)
    assert (100, 102) == (len(below.runs), below.total)
    assert {(parent, "sweep", 0)} == {(each.parent_run_id, each.parent_name, each.children) for each in alone.rows}
    assert (None, {0}) == (listed.total, {each.children for each in listed.rows})


@pytest.mark.parametrize(
    ("wrong", "kind", "said"),
    [
        ({"max_results": 0}, InvalidParameter, "Invalid value 0 for parameter 'max_results'"),
        ({"parent_run_id": "a b"}, InvalidParameter, "Invalid value 'a b' for parameter 'run_id'"),
        ({"parent_run_id": "0" * 32}, DoesNotExist, "No run has the id"),
        ({"parent_run_id": "0" * 32, "flat": True}, InvalidParameter, "not both"),
        ({"filter": "metrics.x >"}, InvalidParameter, "."),
    ],
)
def test_what_cannot_be_asked_is_said(gate: Gate, wrong: dict[str, Any], kind: type[Exception], said: str) -> None:
    """With what can be."""
    with pytest.raises(kind, match=said):
        gate.ask(SearchRunTree(experiment_ids=["0"], **wrong))


def test_metrics_of_nested_runs_are_measured_below_their_parent(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """Directly nested ones only, in the stage of the parent; a parent whose children do not fit is left out."""
    experiment_id = an_experiment(gate)
    parents = [a_run(gate, experiment_id) for _ in range(3)]
    made = [a_run(gate, experiment_id, tags={PARENT_TAG: parents[number // 3]}) for number in range(6)]
    below = a_run(gate, experiment_id, tags={PARENT_TAG: made[0]})
    for number, run_id in enumerate([*made, below]):
        points = [a_point("loss", value=float(number))] + ([a_point("acc", value=float("nan"))] if number == 1 else [])
        gate.perform(LogBatch(run_id=run_id, metrics=points))
    gate.perform(DeleteRun(run_id=made[5]))

    def measured(*run_ids: str) -> dict[tuple[str, str], tuple[float, float, int]]:
        found = gate.ask(MeasureChildren(run_ids=list(run_ids), metric_keys=["loss", "acc", "none"])).ranges
        return {(one.run_id, one.key): (one.least, one.greatest, one.runs) for one in found}

    first, second, last = parents
    assert {(first, "loss"): (0.0, 2.0, 3), (second, "loss"): (3.0, 4.0, 2)} == measured(*parents, "f" * 32)
    assert {(made[0], "loss"): (6.0, 6.0, 1)} == measured(made[0], last)
    assert {} == measured(last)
    monkeypatch.setattr(children, "MAX_VALUES", 12)
    assert {(first, "loss")} == set(measured(*parents))
    for fields in ({"run_ids": [], "metric_keys": ["a"]}, {"run_ids": [first], "metric_keys": []}):
        with pytest.raises(InvalidParameter, match="has 0 entries; 1 to"):
            gate.perform(MeasureChildren(**fields))
