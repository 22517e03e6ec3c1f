"""Conditions on thousands of runs, the newest of an experiment: ranges of indexes, read once instead of run by run."""

from collections.abc import Sequence

import sqlalchemy as sa

from runyard.db.conditions import number
from runyard.db.transaction import Transaction
from runyard.search.nodes import Comparison, Condition
from runyard.tracking.runs.conditions import View, meets, meets_by_number
from runyard.tracking.runs.ranges import (
    MAX_RANGES,
    in_index,
    is_numeric,
    runs_between,
    runs_in_range,
    short_ranges,
)
from runyard.tracking.runs.tables import runs

MAX_SPAN, _BESIDE = 200_000, 1_000
"""Numbers of runs between which entries of an index are read rather than the value of each; some more on both sides."""


def meets_newest(
    tx: Transaction, conditions: Sequence[Condition], view: View, bound: Sequence[sa.ColumnElement[bool]]
) -> list[sa.ColumnElement[bool]]:
    """`meets`, for thousands of runs, the next in view: ranges of indexes are read instead of each run's values.

    Those of metrics are read where they are short; those of texts as far as they are of the numbers that these runs
    have, or most of them. One statement for each metric, and one for the numbers.

    Parameters
    ----------
    bound: What else than being in view the runs have in common, by the start time.
    """
    short = short_ranges(tx, conditions)
    rest = [each for each in conditions if not any(each in ends for ends in short)]
    # The sum keeps SQLite from beginning with the runs of the range: those that are asked for come in another order.
    run = runs.c.id + number(0)
    sets: list[sa.ColumnElement[bool]] = [run.in_(runs_between(ends, tx.dialect).order_by(None)) for ends in short]
    texts = [each for each in rest if isinstance(each, Comparison) and _is_text_range(each)][:MAX_RANGES]
    span = _span(tx, view, bound) if texts else None
    if span is None:
        return [*sets, *meets(rest, tx.dialect)]
    least, greatest = span
    for text in texts:
        found = runs_in_range(text, tx.dialect, ())
        of_run = found.selected_columns[0]
        chosen = run.in_(found.where(of_run.between(least, greatest)).order_by(None))
        # A run that was started out of turn has a number elsewhere.
        sets.append(sa.case((run.between(least, greatest), chosen), else_=sa.and_(*meets([text], tx.dialect))))
    return [*sets, *meets([each for each in rest if each not in texts], tx.dialect)]


def found_newest(
    tx: Transaction, conditions: Sequence[Condition], view: View, bound: Sequence[sa.ColumnElement[bool]]
) -> list[int] | None:
    """Numbers of those of thousands of runs, the next in view, that meet the conditions, from a range of an index.

    For SQLite, where it takes no time to see which numbers these runs have. None where no range helps. Two statements,
    and one for each metric.
    """
    texts = [each for each in conditions if isinstance(each, Comparison) and _is_text_range(each)]
    if tx.dialect != "sqlite" or not texts or not view.in_order:
        return None
    ends = sa.func.min(runs.c.id), sa.func.max(runs.c.id)
    least, greatest = tx.execute(sa.select(*ends).where(*view.shown(tx.dialect), *bound)).one()
    if least is None or greatest - least > MAX_SPAN:
        return None if least is not None else []
    short = short_ranges(tx, conditions)
    rest = [each for each in conditions if each is not texts[0] and not any(each in ends for ends in short)]
    found = runs_in_range(texts[0], tx.dialect, ())
    run = found.selected_columns[0]
    sets = [(run + number(0)).in_(runs_between(ends, tx.dialect).order_by(None)) for ends in short]
    tests = meets_by_number(rest, view, tx.dialect, run)
    return list(tx.execute(found.where(run.between(least, greatest), *sets, *tests).order_by(None)).scalars())


def _is_text_range(condition: Comparison) -> bool:
    """Whether the runs that a condition finds are ranges of an index of texts, each in the order of numbers."""
    return condition.kind in ("param", "tag") and in_index(condition) and not is_numeric(condition)


def _span(tx: Transaction, view: View, bound: Sequence[sa.ColumnElement[bool]]) -> tuple[int, int] | None:
    """About the least and the greatest number of the runs in view: those that were started last, and first.

    None where no index has them in order, or where they are so far apart that others must be between them.
    """
    if not view.in_order:
        return None
    chosen, started = sa.select(runs.c.id).where(*view.shown(tx.dialect), *bound).limit(number(1)), runs.c.start_time
    ends = [chosen.order_by(order).scalar_subquery() for order in (started.asc(), started.desc())]
    found = sorted(filter(None, tx.execute(sa.select(*ends)).one()))
    if not found or found[-1] - found[0] > MAX_SPAN:
        return None
    return found[0] - _BESIDE, found[-1] + _BESIDE
