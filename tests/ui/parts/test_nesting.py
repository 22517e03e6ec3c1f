"""Nested runs below their parents."""

from runyard.core.tags import PARENT_TAG
from runyard.tracking.runs.entities import Run
from runyard.ui.parts.nesting import nested


def a_nested_run(run_id: str, parent: str | None = None) -> Run:
    """A run with an id and perhaps a parent."""
    tags = [{"key": PARENT_TAG, "value": parent}] if parent else []
    return Run.from_wire({"info": {"run_id": run_id, "experiment_id": "0"}, "data": {"tags": tags}})


def test_runs_that_are_their_own_ancestors_are_listed_once() -> None:
    """A tag may name anything, a circle too."""
    rows = nested([a_nested_run("a", "b"), a_nested_run("b", "a"), a_nested_run("c", "c")])

    assert ["a", "b", "c"] == sorted(row.run.info.run_id for row in rows)


def test_depth_grows_with_each_parent() -> None:
    """Grandchildren stand below children."""
    rows = nested([a_nested_run("c", "b"), a_nested_run("b", "a"), a_nested_run("a")])

    assert [("a", 0), ("b", 1), ("c", 2)] == [(row.run.info.run_id, row.depth) for row in rows]
