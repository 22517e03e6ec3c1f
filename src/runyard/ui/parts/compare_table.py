"""Values of runs side by side: which keys differ, how far numbers are from those of the baseline, and what is shown."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from runyard.tracking.runs.entities import Run
from runyard.ui.parts.compare_state import Comparison
from runyard.ui.parts.format import MISSING, cut_middle, exact, number, shortened
from runyard.ui.parts.metric_names import Goal
from runyard.ui.parts.numbers import writer_of

MANY_ROWS = 20
"""Where there are more, the rows that are the same in all runs are hidden at first."""
MAX_ELEMENTS = 2300
"""Elements of a page that its table takes."""
MAX_ROWS = 200
_CELL = 60
_MINUS = "\N{MINUS SIGN}"
_FULL = 500
"""Characters of a value that a cell shows when it is pointed at."""


@dataclass(frozen=True)
class Compared:
    """What is compared of one kind.

    Attributes
    ----------
    columns: A value of each key, for each run.
    numbers: The same as numbers, where they are; then cells say how far they are from the baseline.
    hrefs: Where keys lead to, by key.
    note: A sentence about where the values come from.
    """

    title: str
    columns: tuple[Mapping[str, str], ...]
    numbers: tuple[Mapping[str, float], ...] | None = None
    hrefs: Mapping[str, str] | None = None
    in_order: bool = False
    note: str = ""

    def keys(self, find: str = "") -> list[str]:
        """Every key that holds a text; by name, unless they came in an order."""
        found = dict.fromkeys(key for column in self.columns for key in column if find.lower() in key.lower())
        return list(found) if self.in_order else sorted(found)

    def differs(self, key: str) -> bool:
        """Whether the runs do not all have the same value."""
        return len({column.get(key, MISSING) for column in self.columns}) > 1


@dataclass(frozen=True)
class Cell:
    """A value as a table shows it.

    Attributes
    ----------
    title: More of it, where the text is cut; of a number all its digits.
    delta: How far a number is from the baseline's.
    judged: ``better`` or ``worse`` than the baseline, where that is known.
    """

    text: str
    title: str = ""
    delta: str = ""
    judged: str = ""


@dataclass(frozen=True)
class Row:
    """A key with its value in each run."""

    key: str
    cells: tuple[Cell, ...]
    differs: bool
    href: str = ""


@dataclass(frozen=True)
class Band:
    """The rows of one kind; some of them, where there are very many.

    Attributes
    ----------
    equal: How many keys are the same in all runs.
    found: How many rows there are to show.
    first: The place of the first row among them, counted from 1.
    """

    title: str
    rows: tuple[Row, ...]
    equal: int
    found: int
    first: int = 1
    numeric: bool = False
    note: str = ""

    @property
    def cut(self) -> bool:
        """Whether not all rows are shown."""
        return len(self.rows) < self.found


@dataclass(frozen=True)
class Table:
    """What a tab compares.

    Attributes
    ----------
    only: Whether rows that are the same in all runs are hidden.
    previous, next: Addresses of the rows before and behind, where a table of one band does not show all.
    """

    bands: tuple[Band, ...]
    only: bool
    previous: str = ""
    next: str = ""

    @property
    def shown(self) -> tuple[Band, ...]:
        """The bands that have something to say."""
        return tuple(band for band in self.bands if band.rows or band.equal)

    @property
    def cut(self) -> bool:
        """Whether there is more than is shown."""
        return any(band.cut for band in self.bands)


def texts(title: str, runs: Sequence[Run], values: Callable[[Run], Mapping[str, str]]) -> Compared:
    """What is compared, of texts that runs have."""
    return Compared(title, tuple(values(run) for run in runs))


def metrics(title: str, runs: Sequence[Run], wanted: Callable[[str], bool]) -> Compared:
    """What is compared, of the latest values of metrics."""
    found = tuple({key: value for key, value in run.data.metrics.items() if wanted(key)} for run in runs)
    written = tuple({key: number(value, 6) for key, value in values.items()} for values in found)
    return Compared(title, written, found)


def table_of(
    comparison: Comparison, compared: Sequence[Compared], *, elements: int = MAX_ELEMENTS, only: bool | None = None
) -> Table:
    """The table of what is compared, within a number of elements.

    Parameters
    ----------
    only: Whether to hide what is the same in all runs; as the address says, or where there are many rows, if None.
    """
    found = [(one, one.keys(comparison.find)) for one in compared]
    if only is None:
        total = sum(len(keys) for _, keys in found)
        only = comparison.differences == "only" if comparison.differences else total > MANY_ROWS
    shown = [
        [key for key in keys if one.differs(key)] if only and len(comparison.runs) > 1 else keys for one, keys in found
    ]
    rows = _rows_of(comparison, found, shown, elements)
    alone = len(shown) == 1
    first = _first(comparison) if alone and _first(comparison) < len(shown[0]) else 0
    bands = []
    for (one, keys), wanted, most in zip(found, shown, rows, strict=True):
        some = wanted[first : first + most]
        equal = len(keys) - sum(map(one.differs, keys))
        made = tuple(_row(comparison, one, key) for key in some)
        bands.append(Band(one.title, made, equal, len(wanted), first + 1, one.numbers is not None, one.note))
    return Table(
        tuple(bands),
        only,
        previous=comparison.href(at=max(0, first - rows[0]) or None) if first else "",
        next=comparison.href(at=first + rows[0]) if alone and first + rows[0] < len(shown[0]) else "",
    )


def _first(comparison: Comparison) -> int:
    text = comparison.state.text("at")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else 0


def _rows_of(
    comparison: Comparison,
    found: Sequence[tuple[Compared, list[str]]],
    shown: Sequence[list[str]],
    elements: int,
) -> list[int]:
    """How many rows each band may have; what short ones leave, others have."""
    runs, left = len(comparison.runs), elements
    costs = [2 + runs * (1 if one.numbers is None else 2) for one, _ in found]
    most = [0] * len(shown)
    by_size = sorted(range(len(shown)), key=lambda place: len(shown[place]) * costs[place])
    for done, place in enumerate(by_size):
        share = max(1, left // (len(shown) - done) // costs[place])
        most[place] = min(share, MAX_ROWS)
        left -= min(most[place], len(shown[place])) * costs[place]
    return most


def _row(comparison: Comparison, compared: Compared, key: str) -> Row:
    if compared.numbers is not None:
        return Row(key, _number_cells(comparison, compared, key), compared.differs(key))
    cells = []
    for column in compared.columns:
        text = column.get(key, MISSING)
        short = cut_middle(text, _CELL)
        cells.append(Cell(short, "" if short == text else shortened(text, _FULL)))
    return Row(key, tuple(cells), compared.differs(key), (compared.hrefs or {}).get(key, ""))


def _number_cells(comparison: Comparison, compared: Compared, key: str) -> tuple[Cell, ...]:
    numbers, texts = [values.get(key) for values in compared.numbers or ()], compared.columns
    goal, baseline = comparison.goal(key), comparison.baseline
    base = numbers[baseline]
    known = [value for value in numbers if value is not None and math.isfinite(value)]
    write = writer_of(key, [value - base for value in known]) if base is not None else number
    cells = []
    for place, value in enumerate(numbers):
        text = texts[place].get(key, MISSING)
        title = "" if value is None or exact(value) == text else exact(value)
        if value is None or base is None or place == baseline or not math.isfinite(value - base) or value == base:
            cells.append(Cell(text, title))
        else:
            cells.append(Cell(text, title, *difference(value - base, goal, write)))
    return tuple(cells)


def difference(by: float, goal: Goal | None, write: Callable[[float | None], str]) -> tuple[str, str]:
    """A difference with its sign, and whether it is ``better`` or ``worse``; empty when that is not known."""
    written = f"{'+' if by > 0 else _MINUS}{write(abs(by))}"
    if goal is None or by == 0:
        return written, ""
    return written, "better" if (by > 0) == (goal == "most") else "worse"
