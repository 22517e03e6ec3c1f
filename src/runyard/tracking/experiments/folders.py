"""Folders of experiments: what stands before a slash in their names.

A slash at the beginning of a name, or right behind another, belongs to what follows it: no folder is without a name.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from runyard.db.conditions import binary, number
from runyard.db.transaction import Transaction
from runyard.search.fields import EXPERIMENT_FOLDER_FIELDS
from runyard.search.nodes import OrderTerm
from runyard.search.parser import parse_order_by
from runyard.tracking.experiments.summaries import LAST_ACTIVITY
from runyard.tracking.experiments.tables import experiments, shown_stage, slash

MAX_FOLDERS = 200
"""Folders that are listed of one."""


def directly_in(folder: str, dialect: str) -> sa.ColumnElement[bool]:
    """Whether an experiment stands in a folder itself; with an empty text, in none."""
    inside = _between([sa.literal(end) for end in _ends(folder)], dialect)
    return sa.and_(*inside, _slash(len(folder), dialect) == number(0))


def folders_in(tx: Transaction, folder: str, view_type: str, order_by: Sequence[str]) -> dict[str, Any]:
    """The folders in a folder, as the protocol shows them. One statement, of a seek for each experiment below.

    Raises
    ------
    InvalidParameter: The order is not valid.
    """
    terms = tuple(parse_order_by(order_by, EXPERIMENT_FOLDER_FIELDS))
    given = dict(zip(_ENDS, _ends(folder), strict=False))
    rows = tx.tuples(_folders(len(folder), view_type, terms, tx.dialect), given)
    folders = [
        {"name": found, "experiments": amount} | ({"last_activity_time": activity} if activity else {})
        for found, amount, activity in rows[:MAX_FOLDERS]
    ]
    return {"folders": folders, "more": len(rows) > MAX_FOLDERS}


_ENDS = ("begin", "end")


@lru_cache(128)
def _folders(length: int, view_type: str, terms: tuple[OrderTerm, ...], dialect: str) -> sa.Select[Any]:
    """Selects the folders in a folder whose name has this length."""
    slash = _slash(length, dialect)
    inside = _between([sa.bindparam(name, type_=sa.Text()) for name in _ENDS if length], dialect)
    named = (
        sa.select(
            sa.func.substr(experiments.c.name, length + 2 if length else 1, slash).label("name"),
            sa.func.coalesce(LAST_ACTIVITY, number(0)).label("activity"),
        )
        .where(shown_stage(experiments.c.lifecycle_stage, view_type), *inside, slash > number(0))
        .subquery()
    )
    name = binary(named.c.name, dialect)
    columns: Mapping[str, sa.ColumnElement[Any]] = {
        "name": name,
        "experiments": sa.func.count(),
        "last_activity_time": sa.func.max(named.c.activity),
    }
    order = [columns[term.key].asc() if term.ascending else columns[term.key].desc() for term in terms]
    grouped = sa.select(named.c.name, columns["experiments"], columns["last_activity_time"]).group_by(named.c.name)
    return grouped.order_by(*order, name).limit(MAX_FOLDERS + 1)


def _ends(folder: str) -> tuple[str, ...]:
    """What names begin with that are in a folder, and what comes behind them: 0 is the character behind the slash."""
    return (f"{folder}/", f"{folder}0") if folder else ()


def _between(ends: Sequence[sa.ColumnElement[str]], dialect: str) -> list[sa.ColumnElement[bool]]:
    name = binary(experiments.c.name, dialect)
    return [name >= ends[0], name < ends[1]] if ends else []


def _slash(length: int, dialect: str) -> sa.ColumnElement[int]:
    """Number of characters of the next folder in a name; 0 where there is none."""
    return slash(length + 3 if length else 2, dialect)
