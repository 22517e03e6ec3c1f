"""Nested runs below their parents, as far as both are on the same page."""

from collections.abc import Sequence
from dataclasses import dataclass

from runyard.ui.records import RunRecord

DEEPEST = 3


@dataclass(frozen=True)
class NestedRun:
    """A run and how deep it is indented."""

    run: RunRecord
    depth: int


def nested(runs: Sequence[RunRecord]) -> tuple[NestedRun, ...]:
    """The runs in their order, each nested run moved below its parent when that is listed too."""
    listed = {run.run_id for run in runs}
    children: dict[str, list[RunRecord]] = {}
    roots: list[RunRecord] = []
    for run in runs:
        if run.parent_id in listed and run.parent_id != run.run_id:
            children.setdefault(str(run.parent_id), []).append(run)
        else:
            roots.append(run)
    rows: list[NestedRun] = []
    seen: set[str] = set()
    waiting = [(run, 0) for run in reversed(roots)]
    while waiting:
        run, depth = waiting.pop()
        seen.add(run.run_id)
        rows.append(NestedRun(run, min(depth, DEEPEST)))
        waiting.extend((child, depth + 1) for child in reversed(children.get(run.run_id, ())))
    rows.extend(NestedRun(run, 0) for run in runs if run.run_id not in seen)  # runs that name each other as parents
    return tuple(rows)


def flat(runs: Sequence[RunRecord]) -> tuple[NestedRun, ...]:
    """The runs in their order; nested ones are only marked."""
    return tuple(NestedRun(run, 1 if run.parent_id else 0) for run in runs)
