"""Operations on the tree of runs: a search for a level, and what metrics come to below runs."""

from typing import Any

import sqlalchemy as sa

from runyard.db.transaction import Transaction
from runyard.gate.performers import performs
from runyard.protocol.answer import Wire
from runyard.search.fields import RUN_FIELDS
from runyard.search.parser import parse_filter, parse_order_by
from runyard.tracking.experiments.stages import ACTIVE
from runyard.tracking.run_trees.children import ranges_below
from runyard.tracking.run_trees.messages import MAX_PARENTS, MeasureChildren, SearchRunTree
from runyard.tracking.run_trees.statements import count_children, matching_of, parents_in, places_of
from runyard.tracking.runs.conditions import Place
from runyard.tracking.runs.description import Found, count_bounded, describe
from runyard.tracking.runs.messages import DescribeRuns
from runyard.tracking.runs.nested_values import few_nested
from runyard.tracking.runs.orders import is_newest_first
from runyard.tracking.runs.rows import missing_run
from runyard.tracking.runs.search import Search, search_of, search_run_ids
from runyard.tracking.runs.tables import runs
from runyard.tracking.runs.wire import runs_on_wire, to_json

_VIEWS = {True: "ACTIVE_ONLY", False: "DELETED_ONLY"}


@performs(MeasureChildren)
def measure_children(tx: Transaction, message: MeasureChildren) -> Wire:
    """Three statements, or two where nothing is nested in the runs."""
    found = ranges_below(tx, message.run_ids, message.metric_keys)
    return {"ranges": found} if found else {}


@performs(SearchRunTree)
def search_run_tree(tx: Transaction, message: SearchRunTree) -> Wire:
    """A search with what it takes to know which runs are at the top, and the numbers of children: five statements more.

    In a store without nested runs it is one more.
    """
    members, newest = _level(tx, message)
    if message.describe:
        ids, filter_text, view_type = message.experiment_ids, message.filter, message.run_view_type
        question = DescribeRuns(experiment_ids=ids, filter=filter_text, run_view_type=view_type)
        members["described"] = describe(tx, question, newest)
    return to_json(members)


def _level(tx: Transaction, message: SearchRunTree) -> tuple[dict[str, Any], Found | None]:
    """The members of the answer, and what was found where that is the newest runs that match, in any place."""
    if not message.experiment_ids:
        parse_filter(message.filter, RUN_FIELDS)  # checked even when there is nothing to search
        return {}, None
    asked = search_of(tx, message.experiment_ids, message.run_view_type, message.filter)
    view_type, experiment_ids = message.run_view_type, message.experiment_ids
    place: Place | None
    if message.parent_run_id:
        parent = _parent(tx, asked, message.parent_run_id)
        if parent is None:
            return {}, None
        number, experiment, view_type = parent
        experiment_ids = [str(experiment)]
        nested, place = True, Place(message.parent_run_id, top=False, below=(number,))
    else:
        nested, place = _top(tx, asked, flat=message.flat)
    below = _below(message) if place is not None else {}
    own_only = bool(below) and not few_nested(tx, asked.view)
    wanted = (message.filter, message.order_by, message.max_results, message.page_token, place)
    found = search_run_ids(tx, experiment_ids, view_type, *wanted, {} if own_only else below)
    numbers, token = found
    members: dict[str, Any] = {
        "runs": runs_on_wire(tx, numbers),
        "rows": _rows(tx, asked, numbers, nested=nested, tree=place is not None),
    }
    members |= {name: True for name, holds in (("nested", nested), ("own_only", own_only)) if holds}
    if place is not None:
        level = search_of(tx, experiment_ids, view_type, message.filter, place=place)
        total, more = count_bounded(tx, level)
        members |= {"total": total, "more": more}
    if token:
        members["next_page_token"] = token
    first = place is None and not message.page_token and is_newest_first(message.order_by)
    return members, found if first else None


def _below(message: SearchRunTree) -> dict[str, str]:
    """What nested runs stand for in an order, by the key of the metric."""
    metrics = {term.key for term in parse_order_by(message.order_by, RUN_FIELDS) if term.kind == "metric"}
    asked = {"least": message.nested_least, "greatest": message.nested_greatest}
    return {key: end for end, keys in asked.items() for key in keys if key in metrics}


def _parent(tx: Transaction, asked: Search, run_id: str) -> tuple[int, int, str] | None:
    """The number of a run, its experiment's, and the view in which its children are; None when it is not in view.

    Raises
    ------
    DoesNotExist: No run has the id.
    """
    row = tx.execute(
        sa.select(runs.c.id, runs.c.experiment_id, runs.c.lifecycle_stage).where(runs.c.run_uuid == run_id)
    ).first()
    if row is None:
        raise missing_run(run_id)
    shown = _VIEWS[row.lifecycle_stage == ACTIVE]
    if row.experiment_id not in asked.view.experiments or asked.view.view_type not in (shown, "ALL"):
        return None
    return row.id, row.experiment_id, shown


def _top(tx: Transaction, asked: Search, *, flat: bool) -> tuple[bool, Place | None]:
    """Whether there are nested runs, and which runs are at the top; every one that matches when that is None."""
    by_parents = bool(asked.conditions) and not flat
    parents = parents_in(tx, asked.view, MAX_PARENTS + 1 if by_parents else 1)
    if not parents or flat or len(parents) > MAX_PARENTS:
        return bool(parents), None
    if not asked.conditions:
        return True, Place("")
    matching = matching_of(tx, asked, parents)
    others = tuple(parent for parent in parents if parent not in matching)
    return True, Place("", below=others) if matching else None


def _rows(tx: Transaction, asked: Search, numbers: list[int], *, nested: bool, tree: bool) -> list[dict[str, Any]]:
    """The places of the runs of a page."""
    if not nested or not numbers:
        return []
    children = count_children(tx, asked, numbers) if tree else {}
    rows = []
    places = places_of(tx, numbers)
    for number in numbers:
        if number not in places:
            continue
        run_id, parent, name = places[number]
        counted, more = children.get(number, (0, False))
        rows.append({"run_id": run_id, "children": counted, "more": more, "parent_run_id": parent, "parent_name": name})
    return rows
