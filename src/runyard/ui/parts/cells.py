"""The columns of values of a table of runs: their heads, and the cells below them."""

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from runyard.core.amounts import plural
from runyard.core.numbers import as_numbers
from runyard.tracking.runs.entities import Run
from runyard.ui.parts.column_settings import ColumnSettings
from runyard.ui.parts.columns import ValueColumn
from runyard.ui.parts.format import MISSING, cut_middle, number
from runyard.ui.parts.html import Html, escaped
from runyard.ui.parts.metric_names import Goal
from runyard.ui.parts.numbers import aligned, bars, writer_of
from runyard.ui.parts.own_columns import Around, own_cell
from runyard.ui.parts.sorting import Column

MAX_TEXT = 24
Write = Callable[[float | str | None], Html]
"""Makes the cell of a value, with its tag."""


@dataclass(frozen=True)
class ShownColumn:
    """A column of values as the table shows it.

    Attributes
    ----------
    head: What its head sorts by.
    label: What its head says.
    numeric: Its values are numbers, and stand on the right.
    bars: The picture of how the values on the page are distributed; empty without two different ones.
    low, high: The ends of that, as texts.
    goal: Which value is the best.
    pinned: Whether it stays in sight.
    classes: Of its cells, and of its head.
    cell: Makes the cell of a run, with its tag.
    """

    column: ValueColumn
    head: Column
    label: str
    numeric: bool
    bars: str
    low: str
    high: str
    goal: Goal | None
    pinned: bool
    classes: str
    cell: Callable[[Run], Html]

    @property
    def name(self) -> str:
        """As the address names it: ``metrics.loss``."""
        return self.column.name


def shown_columns(
    columns: Sequence[ValueColumn],
    heads: Sequence[Column],
    runs: Sequence[Run],
    settings: ColumnSettings,
    pinned: Collection[ValueColumn],
    around: Around,
) -> tuple[ShownColumn, ...]:
    """The columns, with their values written as those of all these runs need it.

    Parameters
    ----------
    heads: Those of the columns, in the same order.
    runs: The runs of the page.
    pinned: The columns that stay in sight.
    """
    return tuple(
        _own(column, head, settings, column in pinned, around)
        if column.is_own
        else _shown(column, head, runs, settings, column in pinned, around)
        for column, head in zip(columns, heads, strict=True)
    )


def _own(column: ValueColumn, head: Column, settings: ColumnSettings, pinned: bool, around: Around) -> ShownColumn:
    sized = settings.sized(column.name)
    return ShownColumn(
        column=column,
        head=head,
        label=settings.label(column),
        numeric=False,
        bars="",
        low="",
        high="",
        goal=None,
        pinned=pinned,
        classes=sized,
        cell=own_cell(column.key, sized, around),
    )


def _shown(
    column: ValueColumn, head: Column, runs: Sequence[Run], settings: ColumnSettings, pinned: bool, around: Around
) -> ShownColumn:
    goal, sized = settings.goal(column), settings.sized(column.name)
    if column.kind == "metrics":
        values = [run.data.metrics[column.key] for run in runs if column.key in run.data.metrics]
        nested = [_best_below(column.key, run, goal, around) for run in runs]
        writer = writer_of(column.key, [*values, *(value for value in nested if value is not None)])
        write, numbers, named = _metric_cell(writer, best_value(values, goal), sized), values, writer
    else:
        texts = [text for run in runs if (text := _text(column, run)) is not None]
        found = as_numbers(texts)
        write, numbers, named = _text_cell(texts, sized, numeric=bool(found)), found or [], number
    finite = [value for value in numbers if math.isfinite(value)]
    numeric = column.kind == "metrics" or bool(numbers)
    return ShownColumn(
        column=column,
        head=head,
        label=settings.label(column),
        numeric=numeric,
        bars=bars(numbers),
        low=named(min(finite)) if finite else "",
        high=named(max(finite)) if finite else "",
        goal=goal,
        pinned=pinned,
        classes=" ".join(filter(None, ("n" if numeric else "", sized))),
        cell=_cell_of(column, write)
        if column.kind != "metrics"
        else _metric_cells(column.key, write, goal, around, writer, sized),
    )


def _metric_cells(
    key: str, write: Write, goal: Goal | None, around: Around, writer: Callable[[float | None], str], sized: str
) -> Callable[[Run], Html]:
    """The cells of a metric; that of a run without it has the best value of the runs that are nested in it."""
    opened = _opened("n", "below", sized)
    title = "The least" if goal == "least" else "The greatest"

    def cell(run: Run) -> Html:
        value = _best_below(key, run, goal, around)
        if value is None:
            return write(run.data.metrics.get(key))
        nested = plural(around.below[run.info.run_id, key].runs, "nested run")
        return Html(f'{opened} title="{title} of {nested}">{writer(value)}')

    return cell


def _best_below(key: str, run: Run, goal: Goal | None, around: Around) -> float | None:
    """The best value of the runs that are nested in one that has none of its own."""
    below = around.below.get((run.info.run_id, key)) if goal and key not in run.data.metrics else None
    if below is None:
        return None
    return below.least if goal == "least" else below.greatest


def _cell_of(column: ValueColumn, write: Write) -> Callable[[Run], Html]:
    key = column.key
    if column.kind == "params":
        return lambda run: write(run.data.params.get(key))
    return lambda run: write(run.data.tags.get(key))


def _text(column: ValueColumn, run: Run) -> str | None:
    return (run.data.params if column.kind == "params" else run.data.tags).get(column.key)


def best_value(values: Sequence[float], goal: Goal | None) -> float | None:
    """The best of some values; None where they are all the same, or no goal is known."""
    known = [value for value in values if not math.isnan(value)]
    if goal is None or not known or min(known) == max(known):
        return None
    return min(known) if goal == "least" else max(known)


def _metric_cell(writer: Callable[[float | None], str], best: float | None, sized: str) -> Write:
    opened = _opened(sized)
    missing, is_best = Html(f"{opened}>{MISSING}"), f'{_opened("b", sized)} title="Best on this page">'

    def write(value: float | str | None) -> Html:
        if value is None or isinstance(value, str):
            return missing
        if value == best:
            return Html(f"{is_best}{writer(value)}")
        return Html(f"{opened}>{writer(value)}")

    return write


def _text_cell(texts: Sequence[str], sized: str, *, numeric: bool) -> Write:
    """Numbers are written as they were logged, unless they are long."""
    behind = 0
    if numeric and all(len(text) <= MAX_TEXT // 2 and "e" not in text.lower() for text in texts):
        behind = max(len(text.partition(".")[2]) for text in texts)
    opened = _opened("" if numeric else "t", sized)
    missing = Html(f"{opened}>{MISSING}")

    def write(value: float | str | None) -> Html:
        if not isinstance(value, str):
            return missing
        if not numeric:
            short = cut_middle(value, MAX_TEXT)
        elif len(value) <= MAX_TEXT // 2:
            short = aligned(value.strip(), behind)
        else:
            short = number(float(value))
        if numeric or short == value:
            return Html(f"{opened}>{escaped(short)}")
        return Html(f'{opened} title="{escaped(value[:1000])}">{escaped(short)}')

    return write


def _opened(*classes: str) -> Html:
    """The beginning of a cell, without the end of its tag."""
    given = " ".join(filter(None, classes))
    return Html(f'<td class="{given}"' if given else "<td")
