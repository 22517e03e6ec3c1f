"""Finding runs: conditions on their own columns, metrics, params, tags and datasets, in any order, a page at a time."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from runyard.db.dialects import one_of
from runyard.db.transaction import Transaction
from runyard.search.fields import RUN_FIELDS
from runyard.search.nodes import Comparison, Condition, OrderTerm
from runyard.search.parser import parse_filter, parse_order_by
from runyard.tracking.experiments.messages import experiment_number
from runyard.tracking.runs.conditions import (
    Place,
    View,
    meets,
    meets_by_number,
    on_all,
    served,
)
from runyard.tracking.runs.nested_values import by_nested, with_nested
from runyard.tracking.runs.newest import found_newest, meets_newest
from runyard.tracking.runs.orders import NEWEST, in_order, is_by_duration, time_of
from runyard.tracking.runs.pages import RunPage, runs_of_text
from runyard.tracking.runs.ranges import TABLES, common_runs, few_of, few_runs, narrowed, newest_in_index
from runyard.tracking.runs.row_walks import by_age, by_duration, by_end, by_id, by_name, by_status, by_user
from runyard.tracking.runs.settled import is_lasting, known_candidates, told_candidates
from runyard.tracking.runs.tables import runs
from runyard.tracking.runs.texts import runs_with_texts
from runyard.tracking.runs.walks import (
    MAX_GROUP,
    Group,
    Step,
    Tested,
    Walk,
    WalkTooLongError,
    by_numeral,
    by_value,
    limited,
)

FIRST_STEP = 1_000
"""Runs, or entries of an index, to look at first: they show how far a page has to go."""
MAX_WALKED = 5_000
"""Runs that a page may look at in the order of an index, before the database looks at all at once."""
MAX_EXPECTED = 20_000
"""The same where those that were looked at so far show that the page will be full by then."""
MAX_NEWEST = 50_000
"""The same for pages of the newest runs: runs that were started one after the other are tested much faster."""
MAX_TOGETHER = 10
"""Experiments whose runs are put together from the order of each; with more, all of their runs are sorted."""
_SPARE = 20
"""Runs that a piece holds beyond what a page needs, for those that share the last value."""


def search_run_ids(
    tx: Transaction,
    experiment_ids: Sequence[str],
    view_type: str,
    text: str | None,
    order_by: Sequence[str],
    max_results: int,
    page_token: str | None,
    place: Place | None = None,
    below: Mapping[str, str] | None = None,
) -> tuple[list[int], str | None]:
    """Internal numbers of a page of runs, and the next page's token. A number of statements that has a bound.

    Parameters
    ----------
    place: Which place in the tree of nested runs they have; any when it is None.
    below: Metrics for which nested runs stand where a run lacks them, as of `with_nested`.

    Raises
    ------
    InvalidParameter: The filter, the order or the token is not valid.
    """
    terms = with_nested(parse_order_by(order_by, RUN_FIELDS), below or {})
    now = (time_of(page_token) if is_by_duration(terms) else None) or tx.now_ms
    every, columns = in_order(terms, tx.dialect, now)
    search = replace(search_of(tx, experiment_ids, view_type, text, terms, place), now=now)
    asked = ("runs", sorted(set(experiment_ids)), view_type, text or "", list(order_by))
    query = (*asked, *([place.name] if place else ()), *(term.below for term in terms if term.below))
    page = RunPage(terms, now, columns, query, max_results, page_token)
    return page.cut(rows_of(tx, page, every, replace(search, key=page.start.key)))


@dataclass(frozen=True)
class Search:
    """What is asked.

    Attributes
    ----------
    now: When the first page was read: runs that go on have lasted until then, on every page.
    key: The sort key of the run behind which the page begins, by the columns of these terms.
    before: Number of sort columns before those, which all of these runs share.
    """

    view: View
    conditions: Sequence[Condition]
    terms: Sequence[OrderTerm]
    now: int = 0
    key: Sequence[Any] | None = None
    before: int = 0

    @property
    def by_newest(self) -> bool:
        """Whether the order is newest first."""
        return not self.terms or self.terms[0] == NEWEST

    @property
    def only_by_newest(self) -> bool:
        """The same, and by nothing else."""
        return self.by_newest and len(self.terms) <= 1

    @property
    def comparisons(self) -> list[Comparison]:
        """The conditions that are comparisons, not alternatives or words."""
        return [each for each in self.conditions if isinstance(each, Comparison)]


def search_of(
    tx: Transaction,
    experiment_ids: Sequence[str],
    view_type: str,
    text: str | None,
    terms: Sequence[OrderTerm] = (),
    place: Place | None = None,
) -> Search:
    """A search for runs, its conditions such that indexes serve them where they can.

    Raises
    ------
    InvalidParameter: The filter is not valid.
    """
    numbers = tuple(sorted({experiment_number(experiment_id) for experiment_id in experiment_ids}))
    return Search(View(numbers, view_type, place), narrowed(tx, parse_filter(text, RUN_FIELDS)), terms)


def rows_of(tx: Transaction, page: RunPage, every: sa.Select[Any], search: Search) -> Sequence[Any]:
    """The rows of a page: among few runs, in the order of an index, or among all, whichever works."""
    view, conditions = search.view, search.conditions
    ordered = search.only_by_newest and view.in_order
    if ordered and (found := newest_in_index(conditions, tx.dialect, view.shown(tx.dialect))) is not None:
        return page.rows(tx, every.where(*found))
    if (known := runs_of_text(tx, conditions, view)) is not None:
        return page.of_known(tx, known, view)
    few, rows = few_candidates(tx, search), None
    if few is None and not search.by_newest:
        few = common_runs(tx, conditions, page.wanted)
        rows = _walked(tx, page, every, search) if few is None else None
    elif few is None and _is_mergeable(view):
        rows = _newest(tx, page, every, search)
    if rows is not None:
        return rows
    few = _found_at_length(tx, search) if few is None else few
    if few is None:
        return page.rows(tx, every.where(*_on_all(tx, search)))
    if not few:
        return []
    return page.rows(tx, every.where(one_of(tx, runs.c.id, few), *_tests(tx, search)))


def _found_at_length(tx: Transaction, search: Search) -> list[int] | None:
    """The same, by reading long ranges of indexes, or every run once for all searches with the same condition."""
    few = common_runs(tx, search.conditions)
    if few is not None or not any(map(is_lasting, search.conditions)):
        return few
    # Every run of the store is looked at: only for the sake of an experiment that has a good part of them.
    many = max(MAX_NEWEST, (tx.scalar(sa.select(sa.func.max(runs.c.id))) or 0) // 4)
    return told_candidates(tx, search.conditions) if next_newest(tx, search, None, many)[1] else None


def few_candidates(tx: Transaction, search: Search) -> list[int] | None:
    """The numbers of the runs among which all that match are, where an index shows that they are few."""
    view = search.view
    if view.place is not None and (few := _few_in_place(tx, view, view.place)) is not None:
        return few
    found = runs_with_texts(tx, search.conditions, view.experiments)
    if found is None:
        found = few_runs(tx, search.conditions, view.shown(tx.dialect), view.several, view)
    return known_candidates(tx, search.conditions) if found is None else found


def _few_in_place(tx: Transaction, view: View, place: Place) -> list[int] | None:
    """The numbers of the runs in a place of the tree, if they are few."""
    parts = [replace(place, below=())] if place.top else []
    parts += [replace(place, top=False)] if place.below else []
    views = [replace(view, place=part) for part in parts]
    return few_of(tx, [sa.select(runs.c.id).where(*each.shown(tx.dialect)) for each in views])


def _on_all(tx: Transaction, search: Search) -> list[sa.ColumnElement[bool]]:
    """The conditions on all runs. SQLite begins with the runs of an experiment where these are few."""
    view, conditions = search.view, search.conditions
    if tx.dialect == "sqlite" and served(conditions) and not view.several:
        _, more = next_newest(tx, search, None, MAX_WALKED)
        if not more:
            return [*view.shown(tx.dialect), *meets(conditions, tx.dialect)]
    return on_all(conditions, view, tx.dialect)


def _newest(tx: Transaction, page: RunPage, every: sa.Select[Any], search: Search) -> list[Any] | None:
    """The rows of a page that begins with the newest run, from the next runs; None when it needs too many of them."""
    start = int(page.start.key[0]) if page.start.key is not None else None
    wanted, most = page.start.offset + page.wanted, FIRST_STEP
    while most <= MAX_NEWEST:
        bound, more = next_newest(tx, search, start, most)
        first = most == FIRST_STEP
        few = None if first else found_newest(tx, search.conditions, search.view, bound)
        if few is None:
            asked = (search.conditions, search.view, bound)
            tests = meets(search.conditions, tx.dialect) if first else meets_newest(tx, *asked)
            rows = page.rows(tx, every.where(*search.view.shown(tx.dialect), *bound, *tests))
        else:
            rows = page.rows(tx, every.where(one_of(tx, runs.c.id, few), *bound))
        if not more or len(rows) == page.wanted:
            return rows
        most = max(2 * most, most * wanted * 5 // (4 * max(len(rows), 1)))
    return None


def next_newest(
    tx: Transaction, search: Search, start: int | None, most: int
) -> tuple[Sequence[sa.ColumnElement[bool]], bool]:
    """The start times of the next runs, newest first, and whether there are more. One statement."""
    bound = [] if start is None else [runs.c.start_time <= start]
    last = tx.scalar(_start_times(tx, search.view, bound, most).limit(1).offset(most))
    return (bound, False) if last is None else ([*bound, runs.c.start_time >= last], True)


def _start_times(tx: Transaction, view: View, bound: Sequence[sa.ColumnElement[bool]], most: int) -> sa.Select[Any]:
    """Selects start times, newest first: those of each experiment and stage in the order of an index, put together."""
    started = runs.c.start_time
    if view.in_order or not _is_mergeable(view):
        return sa.select(started).where(*view.shown(tx.dialect), *bound).order_by(started.desc())
    parts = [sa.select(started).where(*part.shown(tx.dialect), *bound) for part in view.parts()]
    newest = [
        part.order_by(started.desc()).limit(most + 1).subquery(f"newest_{place}") for place, part in enumerate(parts)
    ]
    together = sa.union_all(*(sa.select(part.c.start_time) for part in newest)).subquery()
    return sa.select(together.c.start_time).order_by(together.c.start_time.desc())


def _is_mergeable(view: View) -> bool:
    """Whether the runs of a view are found among the first ones of each of its parts."""
    return len(view.experiments) <= MAX_TOGETHER


def _walked(tx: Transaction, page: RunPage, every: sa.Select[Any], search: Search) -> list[Any] | None:
    """The rows of a page, found by walking through runs in order; None when that takes too long, or has no index."""
    wanted = page.start.offset + page.wanted
    if wanted > MAX_WALKED:
        return None
    try:
        return _leading(tx, page, every, search, wanted)[page.start.offset :]
    except WalkTooLongError:
        return None


def _leading(tx: Transaction, page: RunPage, every: sa.Select[Any], search: Search, wanted: int) -> list[Any]:
    """The first rows of a search from where the page begins.

    Raises
    ------
    WalkTooLongError: That takes too long, or there is no index.
    """
    found: list[list[Any]] = []
    for alone, walk in [(part, walk) for part in _alone(search) for walk in _walks(tx, part)]:
        full = [rows[-1][1 + search.before] for rows in found if len(rows) == wanted]
        found.append(
            _led(tx, page, every, alone, walk, Step(FIRST_STEP * 3 // 2, wanted + _SPARE, full[-1] if full else None))
        )
    if not found:
        raise WalkTooLongError
    if len(found) == 1:
        return found[0]
    return page.among(tx, [row[0] for rows in found for row in rows], wanted)  # of the first of each


def _led(tx: Transaction, page: RunPage, every: sa.Select[Any], search: Search, walk: Walk, step: Step) -> list[Any]:
    """The first rows among the runs of a walk.

    Raises
    ------
    WalkTooLongError: That takes too long.
    """
    found: list[Any] = []
    wanted, walked = step.wanted - _SPARE, 0
    for piece in walk(step):
        walked += step.entries
        if isinstance(piece, Group):
            found += _of_group(tx, page, every, search, piece, wanted - len(found))
        elif isinstance(piece, Tested):
            found += page.among(tx, piece, wanted - len(found)) if piece else []
        elif piece:
            found += page.leading(
                tx, every.where(one_of(tx, runs.c.id, piece), *_tests(tx, search)), wanted - len(found)
            )
        if len(found) >= wanted:
            break
        step.wanted = wanted - len(found) + _SPARE
        needed = step.wanted * walked * 5 // (4 * max(len(found), 1))
        step.entries = max(needed, FIRST_STEP) if walked + needed <= MAX_EXPECTED else 0
    return found


def _tests(tx: Transaction, search: Search) -> list[sa.ColumnElement[bool]]:
    """Whether the run of a given number is in view and matches."""
    return [*search.view.shown(tx.dialect, tested=True), *meets(search.conditions, tx.dialect)]


def _of_group(
    tx: Transaction, page: RunPage, every: sa.Select[Any], search: Search, group: Group, wanted: int
) -> list[Any]:
    """The first rows among the runs that share a value: those of a large group by the next term, or newest first.

    Raises
    ------
    WalkTooLongError: They are neither few nor found soon.
    """
    if group.condition is None:
        few = limited(tx, group.numbers, MAX_GROUP)
        return page.leading(tx, every.where(one_of(tx, runs.c.id, few), *_tests(tx, search)), wanted)
    shared = group.shared
    begun = search.key is not None and tuple(search.key[: len(shared)]) == shared
    within = replace(
        search,
        conditions=[*search.conditions, group.condition],
        terms=search.terms[1:],
        key=search.key[len(shared) :] if search.key is not None and begun else None,
        before=search.before + len(shared),
    )
    if within.by_newest:
        bound, more = next_newest(tx, search, within.key[0] if within.key is not None else None, MAX_WALKED)
        newest = every.where(*search.view.shown(tx.dialect), *bound, *meets(within.conditions, tx.dialect))
        rows = page.leading(tx, newest, wanted, same=within.before)
        if not more or len(rows) == wanted:
            return rows
    goes_on = bool(within.terms) and any(_walks(tx, each) for each in _alone(within))
    try:
        few = limited(tx, group.numbers, FIRST_STEP if goes_on else MAX_GROUP)
    except WalkTooLongError:
        if not goes_on:
            raise
        return _leading(tx, page, every, within, wanted)
    return page.leading(tx, every.where(one_of(tx, runs.c.id, few), *_tests(tx, search)), wanted)


def _alone(search: Search) -> list[Search]:
    """The search in each experiment, where an index has the runs of each in the order of the first term."""
    view = search.view
    if search.terms[0].kind != "attribute" or not view.several or not _is_mergeable(view):
        return [search]
    return [replace(search, view=replace(view, experiments=(number,))) for number in view.experiments]


def _walks(tx: Transaction, search: Search) -> list[Walk]:
    """The walks that lead to the first runs of a search, whichever of them come first; none where there is no index."""
    first, view, key = search.terms[0], search.view, search.key
    newest = view.in_order and replace(search, terms=search.terms[1:]).by_newest
    if first.kind in TABLES:
        along = by_numeral if first.numeric else by_value
        below = [lambda step: by_nested(tx, view, first, key, step.entries)] if first.below else []
        return [lambda step: along(tx, view, search.conditions, first, key, step, newest), *below]
    if view.several:  # an index has the runs of each experiment in order, not those of several
        return []
    shown, tests = view.shown(tx.dialect), functools.partial(meets_by_number, search.conditions, view, tx.dialect)
    ascending, began = first.ascending, key[0] if key is not None else None
    if first.key == "run_name":
        return [lambda step: by_name(tx, shown[0], tests, ascending, began, step)]
    if first.key == "status":
        return [lambda step: by_status(tx, shown, tests, ascending, key, step, newest)]
    if first.key == "user_id" and view.in_order:
        return [lambda step: by_user(tx, shown, tests, ascending, began, step)]
    if first.key == "run_id":
        return [lambda step: by_id(tx, shown[0], tests, ascending, began, step)]
    if first.key == "duration":
        since = None if began is None else search.now - began
        return [
            lambda step: by_duration(tx, shown[0], tests, ascending, began, step),
            lambda step: by_age(tx, shown[0], tests, ascending, since, step, search.now),
        ]
    return [lambda step: by_end(tx, shown[0], tests, ascending, key, step, newest)] if first.key == "end_time" else []
