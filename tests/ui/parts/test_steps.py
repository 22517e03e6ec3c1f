"""The runs below a run, as a tree."""

import json
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
import sqlalchemy as sa

from runyard.gate.gate import Gate
from runyard.projects import tags
from runyard.tracking.runs.messages import DeleteRun, LogBatch, SetTag, UpdateRun
from runyard.ui.parts.steps import MAX_DEPTH, MAX_FOUND
from tests.factories import NOW, a_point, a_run, an_experiment
from tests.ui.asking import Answer, Reader

PROJECT = {tags.SOURCE_TYPE: "PROJECT"}


class Outline(HTMLParser):
    """The names in the tree of steps, with how deep each stands."""

    def __init__(self, page: Answer) -> None:
        super().__init__()
        self.names: list[tuple[int, str]] = []
        self._depth, self._inside = 0, False
        self.feed(
            page.text.split('<nav class="steps"')[1].split("</nav>")[0] if '<nav class="steps"' in page.text else ""
        )

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._depth += tag == "ul"
        self._inside = tag == "a"

    def handle_endtag(self, tag: str) -> None:
        self._depth -= tag == "ul"
        self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.names.append((self._depth, data))


def outline(reader: Reader, run_id: str) -> list[tuple[int, str]]:
    """The tree on a run's page."""
    return Outline(reader.get(f"/runs/{run_id}")).names


class Workflow:
    """Runs below each other, of one experiment."""

    def __init__(self, gate: Gate) -> None:
        self.gate, self.experiment_id, self.made = gate, an_experiment(gate), 0
        self.root = self.run("main", None)

    def run(self, name: str, parent: str | None, more: dict[str, str] | None = None, root: bool = True) -> str:
        """Make a run; with `root` it names the outermost one."""
        self.made += 1
        below = {} if parent is None else {tags.PARENT: parent} | ({tags.ROOT: self.root} if root else {})
        found = PROJECT | {tags.ENTRY_POINT: name} | below | (more or {})
        return a_run(self.gate, self.experiment_id, tags=found, run_name=name, start_time=NOW + self.made)

    def end(self, run_id: str, status: str = "FINISHED", after: int = 61_000) -> None:
        """End a run."""
        self.gate.perform(UpdateRun(run_id=run_id, status=status, end_time=NOW + after))


@pytest.fixture
def workflow(gate: Gate) -> Workflow:
    """A workflow without steps."""
    return Workflow(gate)


@pytest.fixture
def statements(gate: Gate, reader: Reader) -> Callable[[str], int]:
    """Counts the statements that a page takes."""
    seen: list[str] = []

    def listen(connection: Any, *_: object) -> None:
        connection.set_trace_callback(seen.append)

    sa.event.listen(gate.engines.reading, "checkout", listen)

    def count(run_id: str) -> int:
        reader.get(f"/runs/{run_id}")
        seen.clear()
        assert 200 == reader.get(f"/runs/{run_id}").status
        return sum(not text.startswith(("BEGIN", "COMMIT", "ROLLBACK")) for text in seen)

    return count


def test_steps_stand_in_their_order_with_what_they_came_to(workflow: Workflow, reader: Reader) -> None:
    """A workflow is read from top to bottom: what ran, how it ended, how long it took."""
    steps = [workflow.run(name, workflow.root) for name in ("prepare", "train", "evaluate")]
    workflow.end(steps[0])
    workflow.end(steps[1], "FAILED")
    page = reader.get(f"/runs/{workflow.root}")

    assert [(1, "prepare"), (1, "train"), (1, "evaluate")] == Outline(page).names
    for text in ("Steps 3", "Finished 1", "Failed 1", "Running 1", "1 min"):
        assert text in page.words, text


def test_steps_of_steps_stand_below_them(workflow: Workflow, reader: Reader) -> None:
    """A step may be a workflow of its own; its page shows its own part."""
    train = workflow.run("train", workflow.root)
    workflow.run("evaluate", workflow.root)
    fold = workflow.run("fold", train)
    workflow.run("fit", fold)

    assert [(1, "train"), (2, "fold"), (3, "fit"), (1, "evaluate")] == outline(reader, workflow.root)
    assert [(1, "fold"), (2, "fit")] == outline(reader, train)
    assert [] == outline(reader, workflow.run("leaf", fold))


def test_points_of_a_sweep_show_their_values(workflow: Workflow, reader: Reader) -> None:
    """A point is known by its values, not by its name; all of them can be compared."""
    workflow.gate.perform(SetTag(run_id=workflow.root, key=tags.SWEEP, value="{}"))
    ids = [workflow.run("main", workflow.root, {tags.POINT: json.dumps({"lr": lr})}) for lr in ("0.1", "0.01")]
    page = reader.get(f"/runs/{workflow.root}")

    assert "Sweep 2" in page.words
    assert "lr 0.1" in page.words
    assert f"/compare?runs={','.join(ids)}" in page.attributes("a", "href")
    [table] = [href for href in page.attributes("a", "href") if "filter=" in href]
    assert 2 == reader.get(table).text.count("name=runs ")


def test_reused_runs_are_marked(workflow: Workflow, reader: Reader) -> None:
    """The tree must show that a step was not run again, also when the earlier run is gone."""
    earlier = workflow.run("prepare", None)
    workflow.end(earlier)
    noted = {earlier: "prepare", "0" * 32: "clean"}
    for run_id, name in noted.items():
        value = json.dumps({"entry_point": name})
        workflow.gate.perform(SetTag(run_id=workflow.root, key=f"{tags.REUSED}{run_id}", value=value))

    page = reader.get(f"/runs/{workflow.root}")
    workflow.gate.perform(DeleteRun(run_id=earlier))

    assert [(1, "prepare")] == Outline(page).names
    assert "prepare reused an earlier run Finished 1 min" in page.words
    assert "clean reused a run that is gone" in page.words
    assert "(deleted)" in reader.get(f"/runs/{workflow.root}").words


def test_nested_runs_of_scripts_are_listed_as_before(gate: Gate, reader: Reader) -> None:
    """They name their parent and no root."""
    experiment_id = an_experiment(gate)
    parent = a_run(gate, experiment_id)
    a_run(gate, experiment_id, tags={tags.PARENT: parent}, run_name="fold 1")
    page = reader.get(f"/runs/{parent}")

    assert [(1, "fold 1")] == Outline(page).names
    assert "Nested runs 1" in page.words


def test_runs_that_name_each_other_as_parents_stand_once(workflow: Workflow, reader: Reader) -> None:
    """A tag may name anything, a circle too."""
    first = workflow.run("first", workflow.root)
    second = workflow.run("second", first)
    third = workflow.run("third", second)
    for run_id, parent in ((first, third), (third, second)):
        workflow.gate.perform(SetTag(run_id=run_id, key=tags.PARENT, value=parent))

    assert [(1, "second"), (2, "third")] == outline(reader, first)
    assert [(1, "third"), (2, "first")] == outline(reader, second)
    assert [] == outline(reader, workflow.root)
    workflow.gate.perform(SetTag(run_id=first, key=tags.PARENT, value=first))
    assert [(1, "second"), (2, "third")] == outline(reader, first)


def test_a_long_chain_is_indented_only_so_far(workflow: Workflow, reader: Reader) -> None:
    """Indented a hundred times, nothing could be read."""
    above = workflow.root
    for number in range(60):
        above = workflow.run(f"step {number}", above)

    found = outline(reader, workflow.root)

    assert [f"step {number}" for number in range(60)] == [name for _, name in found]
    assert MAX_DEPTH == max(depth for depth, _ in found)


def test_of_many_runs_the_first_are_shown(gate: Gate, reader: Reader) -> None:
    """A sweep may have thousands; the table has them all."""
    experiment_id = an_experiment(gate)
    parent = a_run(gate, experiment_id)
    for number in range(MAX_FOUND + 1):
        a_run(gate, experiment_id, tags={tags.PARENT: parent}, run_name=f"n{number}", start_time=NOW + number)
    page = reader.get(f"/runs/{parent}")

    assert [(1, f"n{number}") for number in range(MAX_FOUND)] == Outline(page).names
    assert f"Nested runs first {MAX_FOUND}" in page.words
    assert "There are more" in page.words


def test_the_tree_takes_a_fixed_number_of_statements(workflow: Workflow, statements: Callable[[str], int]) -> None:
    """Pages of large workflows must not be slower by a question for every step."""
    step = workflow.run("train", workflow.root)
    workflow.run("fold", step)
    workflow.gate.perform(SetTag(run_id=workflow.root, key=f"{tags.REUSED}{step}", value="{}"))
    small = statements(workflow.root)

    for number in range(10):
        step = workflow.run(f"more {number}", workflow.root)
        below = workflow.run(f"below {number}", step)
        workflow.gate.perform(SetTag(run_id=step, key=f"{tags.REUSED}{below}", value="{}"))

    assert small == statements(workflow.root)


def test_runs_below_show_their_best_metrics(workflow: Workflow, reader: Reader) -> None:
    """Which of them is the best is seen without opening any; bookkeeping and what only one has are left out."""
    for name, loss, accuracy in (("a", 0.5, 0.25), ("b", 0.125, 0.75), ("c", 0.25, 0.5)):
        run_id = workflow.run(name, workflow.root)
        values = {"loss": loss, "val_acc": accuracy, "epoch": 3.0, "system/cpu": 1.0, f"acc_{name}": 1.0}
        points = [a_point(key, value) for key, value in values.items()]
        workflow.gate.perform(LogBatch(run_id=run_id, metrics=points))

    shown = reader.get(f"/runs/{workflow.root}").words.split(" Steps ")[1]

    for text in ("val_acc 0.25 loss 0.5 ", "val_acc 0.75 best loss 0.125 best", "val_acc 0.5 loss 0.25 "):
        assert text in shown
    assert "epoch" not in shown.split("Metrics")[0]
