"""Nested runs below their parents, as far as both are on the same page."""

from collections.abc import Sequence
from dataclasses import dataclass

from runyard.tracking.runs.entities import Run
from runyard.ui.parts.presentation import parent_id

MAX_DEPTH = 3


@dataclass(frozen=True)
class NestedRun:
    """A run and how deep it is indented."""

    run: Run
    depth: int


def nested(runs: Sequence[Run]) -> tuple[NestedRun, ...]:
    """The runs in their order, each nested run moved below its parent when that is listed too."""
    listed = {run.info.run_id for run in runs}
    children: dict[str, list[Run]] = {}
    roots: list[Run] = []
    for run in runs:
        parent = parent_id(run)
        if parent in listed and parent != run.info.run_id:
            children.setdefault(str(parent), []).append(run)
        else:
            roots.append(run)
    rows: list[NestedRun] = []
    seen: set[str] = set()
    waiting = [(run, 0) for run in reversed(roots)]
    while waiting:
        run, depth = waiting.pop()
        seen.add(run.info.run_id)
        rows.append(NestedRun(run, min(depth, MAX_DEPTH)))
        waiting.extend((child, depth + 1) for child in reversed(children.get(run.info.run_id, ())))
    rows.extend(
        NestedRun(run, 0) for run in runs if run.info.run_id not in seen
    )  # runs that name each other as parents
    return tuple(rows)


def flat(runs: Sequence[Run]) -> tuple[NestedRun, ...]:
    """The runs in their order; nested ones are only marked."""
    return tuple(NestedRun(run, 1 if parent_id(run) else 0) for run in runs)
