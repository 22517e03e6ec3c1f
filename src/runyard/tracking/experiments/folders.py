"""Folders of experiments: what stands before a slash in their names.

A slash at the beginning of a name, or right behind another, belongs to what follows it: no folder is without a name.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from runyard.db.conditions import binary, number
from runyard.db.transaction import Transaction
from runyard.search.fields import EXPERIMENT_FOLDER_FIELDS
from runyard.search.parser import parse_order_by
from runyard.tracking.experiments.summaries import LAST_ACTIVITY
from runyard.tracking.experiments.tables import experiments, slash

MAX_FOLDERS = 200
"""Folders that are listed of one."""


def directly_in(folder: str, dialect: str) -> sa.ColumnElement[bool]:
    """Whether an experiment stands in a folder itself; with an empty text, in none."""
    return sa.and_(*_below(folder, dialect), _slash(folder, dialect) == number(0))


def folders_in(tx: Transaction, folder: str, shown: sa.ColumnElement[bool], order_by: Sequence[str]) -> dict[str, Any]:
    """The folders in a folder, as the protocol shows them. One statement, of a seek for each experiment below.

    Raises
    ------
    InvalidParameter: The order is not valid.
    """
    slash = _slash(folder, tx.dialect)
    begins = len(folder) + 2 if folder else 1
    named = (
        sa.select(
            sa.func.substr(experiments.c.name, begins, slash).label("name"),
            sa.func.coalesce(LAST_ACTIVITY, number(0)).label("activity"),
        )
        .where(shown, *_below(folder, tx.dialect), slash > number(0))
        .subquery()
    )
    name = binary(named.c.name, tx.dialect)
    columns: Mapping[str, sa.ColumnElement[Any]] = {
        "name": name,
        "experiments": sa.func.count(),
        "last_activity_time": sa.func.max(named.c.activity),
    }
    order = [
        columns[term.key].asc() if term.ascending else columns[term.key].desc()
        for term in parse_order_by(order_by, EXPERIMENT_FOLDER_FIELDS)
    ]
    grouped = sa.select(named.c.name, columns["experiments"], columns["last_activity_time"]).group_by(named.c.name)
    rows = tx.execute(grouped.order_by(*order, name).limit(MAX_FOLDERS + 1)).all()
    folders = [
        {"name": found, "experiments": amount} | ({"last_activity_time": activity} if activity else {})
        for found, amount, activity in rows[:MAX_FOLDERS]
    ]
    return {"folders": folders, "more": len(rows) > MAX_FOLDERS}


def _below(folder: str, dialect: str) -> list[sa.ColumnElement[bool]]:
    """Whether a name begins with a folder and a slash: a range, as 0 is the character behind the slash."""
    if not folder:
        return []
    name = binary(experiments.c.name, dialect)
    return [name >= sa.literal(f"{folder}/"), name < sa.literal(f"{folder}0")]


def _slash(folder: str, dialect: str) -> sa.ColumnElement[int]:
    """Number of characters of the next folder in a name; 0 where there is none."""
    begins = len(folder) + 3 if folder else 2
    return slash(begins, dialect)
