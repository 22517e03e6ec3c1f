"""The rows of the table of runs: nested runs below the parents that the address says are open."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

from runyard.search.writing import value_text
from runyard.tracking.run_trees.messages import RunTree, SearchRunTree, TreeRow
from runyard.tracking.runs.entities import Run
from runyard.ui.parts.list_state import ListState
from runyard.ui.site import Site

FIRST, MORE = 20, 100
"""Children of an open run that are shown at first, and how many more at a time."""
MAX_OPEN = 20
"""Runs that are open at once: each is a search."""
SHORT, FEW = 25, 3
"""Maximum number of runs at the top, and of those with nested ones, for these to be open if no address says else."""
NONE = "none"
"""What the address says when all of them were closed."""
MAX_CHILDREN = 500
"""Children that a page shows in all; further ones are in the table of the children of their parent."""
MAX_INDENT = 9
"""Levels that are indented; what is deeper stands below the others."""


@dataclass(frozen=True)
class Further:
    """What follows the last shown child of an open run.

    Attributes
    ----------
    text: How many more there are; empty where all are shown.
    href: The address that shows more; None where the page shows no more.
    alone, label: The address of the table of all children, and what that is called.
    """

    depth: int
    text: str
    href: str | None
    alone: str
    label: str

    @property
    def indent(self) -> int:
        """The depth as far as it is shown."""
        return min(self.depth, MAX_INDENT)


@dataclass(frozen=True)
class RunRow:
    """A run of the table.

    Attributes
    ----------
    depth: How many runs of the page it stands below.
    children: How many runs are nested in it, in words; empty where there are none, or they have rows of their own.
    opened: Their rows follow.
    href: The address where that is turned.
    parent: The id and the name of the run that it is nested in, where that is not above it.
    after: What follows it, and the rows of the runs that are nested in it.
    """

    run: Run
    depth: int = 0
    children: str = ""
    opened: bool = False
    href: str = ""
    parent: tuple[str, str] | None = None
    after: tuple[Further, ...] = ()

    @property
    def indent(self) -> int:
        """The depth as far as it is shown."""
        return min(self.depth, MAX_INDENT)


def plain_rows(runs: Iterable[Run]) -> tuple[RunRow, ...]:
    """Rows of runs whose places in the tree are not known."""
    return tuple(map(RunRow, runs))


@dataclass
class _Reading:
    """Where reading the levels of a page is.

    Attributes
    ----------
    opened: How many children of which runs the address shows.
    left: Children that may still be shown.
    closed: The address of the page, up to the run that it opens too: a page has a hundred of these.
    """

    site: Site
    state: ListState
    path: str
    question: dict[str, Any]
    opened: dict[str, int]
    left: int
    closed: str
    rows: list[RunRow] = field(default_factory=list)


def tree_rows(site: Site, state: ListState, path: str, question: dict[str, Any], found: RunTree) -> tuple[RunRow, ...]:
    """The rows of a page of runs at the top, with the children of those that are open.

    Parameters
    ----------
    question: Experiments, filter, view and order, as of the search that found them.
    """
    opened = _opened(state) if state.all("open") else _opened_by_themselves(found)
    here = state.here(path, open=[_entry(*each) for each in opened.items()])
    closed = f"{here}{'&' if '?' in here else '?'}"
    reading = _Reading(site, state, path, question, opened, MAX_CHILDREN, closed)
    _add_level(reading, found, 0)
    return tuple(reading.rows)


def _opened(state: ListState) -> dict[str, int]:
    """The runs that are open, by what the address says: an id, and behind a colon how many children are shown."""
    found: dict[str, int] = {}
    for text in state.all("open"):
        if text == NONE:
            continue
        run_id, _, number = text.partition(":")
        found.pop(run_id, None)
        found[run_id] = min(int(number), MAX_CHILDREN) if number.isascii() and number.isdigit() else FIRST
    return dict(list(found.items())[-MAX_OPEN:])


def _opened_by_themselves(found: RunTree) -> dict[str, int]:
    """The runs that are open when the address does not say: who comes to a small table sees what there is."""
    parents = [row.run_id for row in found.rows if row.children]
    is_small = len(found.runs) <= SHORT and len(parents) <= FEW and found.next_page_token is None
    return dict.fromkeys(parents, FIRST) if is_small else {}


def _add_level(reading: _Reading, level: RunTree, depth: int) -> None:
    """Add the rows of a level, each with those below it."""
    places = {row.run_id: row for row in level.rows}
    for run in level.runs:
        place = places.get(run.info.run_id)
        reading.rows.append(_row(reading, run, place, depth))
        if place is None or not reading.rows[-1].opened:
            continue
        asked = reading.question | {"parent_run_id": place.run_id, "flat": False}
        size = min(reading.opened[place.run_id], reading.left)
        below = reading.site.ask(SearchRunTree(**asked, max_results=size))
        reading.left -= len(below.runs)
        _add_level(reading, below, depth + 1)
        last = reading.rows[-1]
        further = _further(reading, place, below, depth + 1)
        reading.rows[-1] = replace(last, after=(*last.after, further))


def _row(reading: _Reading, run: Run, place: TreeRow | None, depth: int) -> RunRow:
    if place is None:
        return RunRow(run, depth)
    opened = place.run_id in reading.opened and place.children > 0 and reading.left > 0
    parent = (place.parent_run_id, place.parent_name) if place.parent_run_id and not depth else None
    if not place.children:
        return RunRow(run, depth, parent=parent)
    turned = _turned(reading, place.run_id, None) if opened else f"{reading.closed}open={quote(place.run_id)}"
    children = f"{place.children:,}{'+' if place.more else ''}"
    return RunRow(run, depth, children, opened, turned, parent)


def _further(reading: _Reading, place: TreeRow, below: RunTree, depth: int) -> Further:
    """What follows the children of a run."""
    total, shown = below.total or 0, len(below.runs)
    words = f"{total:,}{'+' if below.more else ''}"
    more = min(MORE, total - shown)
    href = _turned(reading, place.run_id, shown + MORE) if more > 0 and reading.left > 0 else None
    text = (f"{more} more of {words}" if href else f"{shown} of {words}") if more > 0 else ""
    given = reading.question.get("filter")
    only = f"parent = {value_text(place.run_id)}"
    alone = reading.state.href(reading.path, filter=f"({given}) AND {only}" if given else only, open=None)
    return Further(depth, text, href, alone, f"All {words} as a table")


def _turned(reading: _Reading, run_id: str, shown: int | None) -> str:
    """The address of the same page with a number of children of a run; with none of them where that is None."""
    opened = {other: number for other, number in reading.opened.items() if other != run_id}
    if shown is not None:
        opened[run_id] = shown
    return reading.state.here(reading.path, open=[_entry(*each) for each in opened.items()] or [NONE])


def _entry(run_id: str, shown: int) -> str:
    return run_id if shown == FIRST else f"{run_id}:{shown}"


def runs_of(rows: Sequence[RunRow]) -> list[Run]:
    """The runs of rows."""
    return [row.run for row in rows]
