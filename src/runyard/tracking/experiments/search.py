"""Finding experiments: by name, times and tags, a page at a time."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from runyard.db.conditions import binary, combine, compare, compare_text, contains, has_words, number, plannable
from runyard.db.dialects import VALUES, among, bound
from runyard.db.kept import kept
from runyard.db.paging import Listing, Page, SortColumn
from runyard.db.transaction import Transaction
from runyard.search.fields import EXPERIMENT_FIELDS
from runyard.search.nodes import Comparison, Condition, OrderTerm, Words
from runyard.search.parser import parse_filter, parse_order_by
from runyard.tracking.experiments.folders import directly_in
from runyard.tracking.experiments.summaries import LAST_ACTIVITY, MAX_COUNTED, runs_of
from runyard.tracking.experiments.tables import experiment_tags, experiments, shown_stage
from runyard.tracking.runs.tables import runs

_OF_RUNS: Mapping[str, sa.ColumnElement[int]] = {
    "last_activity_time": sa.func.coalesce(LAST_ACTIVITY, number(0)),
    "runs": sa.select(sa.func.count())
    .select_from(runs_of(number(1)).order_by(runs.c.start_time.desc()).limit(MAX_COUNTED).subquery())
    .scalar_subquery(),
}
"""What the runs of an experiment come to, by the key that orders by it; a seek for each experiment, or a walk."""


def search_experiment_ids(
    tx: Transaction,
    view_type: str,
    text: str | None,
    order_by: Sequence[str],
    max_results: int,
    page_token: str | None,
) -> tuple[list[int], str | None]:
    """Ids of a page of experiments, and the next page's token. One statement, three where a flag comes first.

    Raises
    ------
    InvalidParameter: The filter, the order or the token is not valid.
    """
    terms, conditions = tuple(parse_order_by(order_by, EXPERIMENT_FIELDS)), parse_filter(text, EXPERIMENT_FIELDS)
    listing = _listing(conditions, view_type, terms, tx.dialect)
    page = Page(listing.columns, ("experiments", view_type, text or "", list(order_by)), max_results, page_token)
    if terms and terms[0].kind == "tag" and not page.start.offset:
        return page.cut(_by_flag(tx, page, conditions, view_type, terms))
    return page.cut(listing.rows(tx, page.start, page.wanted))


def _by_flag(
    tx: Transaction, page: Page, conditions: Sequence[Condition], view_type: str, terms: tuple[OrderTerm, ...]
) -> list[Any]:
    """The rows of a page: those of experiments with a flag first, then the others, each in the order of an index."""
    flagged = [number for (number,) in tx.tuples(_with_flag, {"flag": terms[0].key})]
    rows: list[Any] = []
    for place, rank in enumerate((0, 1) if terms[0].ascending else (1, 0)):
        begins = page.start.key is None or rank == page.start.key[0] or place == 1
        if begins and len(rows) < page.wanted and (rank or flagged):
            part = _listing(conditions, view_type, terms, tx.dialect, not rank)
            given = {} if rank else {VALUES: bound(tx, flagged)}
            rows += part.rows(tx, page.start, page.wanted - len(rows), **given)
    return rows


@kept
def _listing(
    conditions: Sequence[Condition],
    view_type: str,
    terms: tuple[OrderTerm, ...],
    dialect: str,
    flagged: bool | None = None,
) -> Listing:
    """The experiments of a search in its order.

    Parameters
    ----------
    flagged: Those of some numbers alone, which have the flag that comes first in the order; or those without the flag.
    """
    chosen = sa.select(experiments.c.experiment_id)
    if flagged is not None:
        own = among(dialect, experiments.c.experiment_id) if flagged else ~_flagged(terms[0].key)
        chosen = chosen.where(own)
    chosen = chosen.where(*matching_experiments(conditions, view_type, dialect, few=bool(flagged)))
    return Listing(chosen, _order(terms, dialect), same=int(flagged is not None))


def matching_experiments(
    conditions: Sequence[Condition], view_type: str, dialect: str, *, few: bool = False
) -> list[sa.ColumnElement[bool]]:
    """The conditions on `experiments` that a search stands for.

    Parameters
    ----------
    few: They are asked of few experiments, which are known by number.
    """
    asked = [combine(condition, lambda single: _single(single, dialect)) for condition in conditions]
    stage: sa.ColumnElement[str] = experiments.c.lifecycle_stage
    if few and dialect == "sqlite":  # which would go through all experiments in their order
        stage = stage.concat(sa.literal_column("''"))
    return [shown_stage(stage, view_type), *plannable(asked, dialect)]


def _single(single: Comparison | Words, dialect: str) -> sa.ColumnElement[bool]:
    tagged = sa.exists().where(experiment_tags.c.experiment_id == experiments.c.experiment_id)
    if isinstance(single, Words):
        name = contains(experiments.c.name, single.text, dialect)
        named = sa.or_(name, sa.cast(experiments.c.experiment_id, sa.Text) == single.text)
        return sa.or_(named, tagged.where(has_words(experiment_tags.c, single.text, dialect)))
    if single.kind == "attribute":
        return compare_experiment(single, dialect)
    tagged = tagged.where(experiment_tags.c.key == single.key)
    if single.operator == "IS NULL":
        return ~tagged
    if single.operator == "IS NOT NULL":
        return tagged
    return tagged.where(compare_text(experiment_tags.c.value, single, dialect))


def compare_experiment(comparison: Comparison, dialect: str) -> sa.ColumnElement[bool]:
    """The condition that a comparison with an attribute stands for."""
    if comparison.key == "folder":
        inside = directly_in(str(comparison.value), dialect)
        return inside if comparison.operator == "=" else sa.not_(inside)
    column = experiments.c["experiment_id" if comparison.key == "id" else comparison.key]
    return compare(column, _with_number(comparison), dialect)


def _with_number(comparison: Comparison) -> Comparison:
    """Ids are texts in a filter and integers in the table."""
    if comparison.key not in ("experiment_id", "id"):
        return comparison
    value = comparison.value
    numbers = tuple(map(int, value)) if isinstance(value, tuple) else int(str(value))
    return Comparison(comparison.kind, comparison.key, comparison.operator, numbers)


def _column(term: OrderTerm, dialect: str) -> SortColumn:
    falling = not term.ascending
    if term.kind == "tag":
        return SortColumn(_lacks(term.key), "integer", falling)
    if term.key == "name":
        return SortColumn(binary(experiments.c.name, dialect), "text", falling)
    if term.key in _OF_RUNS:
        return SortColumn(_OF_RUNS[term.key], "integer", falling)
    return SortColumn(experiments.c[term.key], "integer", falling, indexed=True)


def _lacks(flag: str) -> sa.ColumnElement[int]:
    """0 for experiments that have a flag, else 1: those that have it come first, as with runs."""
    return sa.case((_flagged(flag), number(0)), else_=number(1))


def _flagged(flag: str) -> sa.ColumnElement[bool]:
    return sa.exists().where(experiment_tags.c.experiment_id == experiments.c.experiment_id, _has_flag(flag))


def _has_flag(flag: str | sa.BindParameter[str]) -> sa.ColumnElement[bool]:
    return sa.and_(experiment_tags.c.key == flag, experiment_tags.c.value == "true")


_with_flag = sa.select(experiment_tags.c.experiment_id).where(_has_flag(sa.bindparam("flag")))


def _order(terms: Sequence[OrderTerm], dialect: str) -> list[SortColumn]:
    """The sort columns; ties of a given order go by id, the newest first."""
    if not terms:
        return [
            SortColumn(experiments.c.creation_time, "integer", descending=True, indexed=True),
            SortColumn(experiments.c.experiment_id, "integer"),
        ]
    columns = [_column(term, dialect) for term in terms]
    if all(term.key != "experiment_id" for term in terms):
        columns.append(SortColumn(experiments.c.experiment_id, "integer", descending=True))
    return columns
