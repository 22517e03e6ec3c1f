"""Which keys of metrics, params and tags there are, found by seeks in their indexes."""

import difflib
import itertools
from collections.abc import Callable, Iterable
from typing import Any

import sqlalchemy as sa

from runyard.db.conditions import number
from runyard.db.transaction import Prepared, Transaction
from runyard.search.nodes import Comparison
from runyard.search.writing import key_text
from runyard.tracking.experiments.tables import experiments
from runyard.tracking.runs.ranges import TABLES, indexed
from runyard.tracking.runs.tables import INDEXED_LENGTH

Column = Callable[[Any, str], sa.ColumnElement[str]]

PREFIXES = {"metric": "metrics", "param": "params", "tag": "tags"}
MAX_KEYS = 2_000
"""Keys that are looked at to find near ones."""
MAX_SEARCHED = 50_000
"""Keys of a kind among which one is looked for by a part of it."""
MAX_LOOKED_UP = 20
"""Keys of a filter that are looked up."""

_known = {
    kind: Prepared(sa.select(number(1)).where(table.c.key == sa.bindparam("key", type_=sa.Text)).limit(1), "key")
    for kind, table in TABLES.items()
}


def unknown_keys(tx: Transaction, comparisons: Iterable[Comparison]) -> list[tuple[str, str]]:
    """Kind and key of what is compared and no run has. A statement for each."""
    asked = dict.fromkeys((found.kind, found.key) for found in comparisons if found.kind in TABLES)
    return [(kind, key) for kind, key in list(asked)[:MAX_LOOKED_UP] if _known[kind].row(tx, key) is None]


def nearest(tx: Transaction, kind: str, key: str) -> list[str]:
    """Up to three keys that are spelled alike, or of another kind, as filters write them."""
    others = [other for other in TABLES if other != kind and _known[other].row(tx, key) is not None]
    alike = {name.lower(): name for name in keys_from(tx, kind, "", MAX_KEYS)}
    close = [alike[name] for name in difflib.get_close_matches(key.lower(), alike, n=3, cutoff=0.6)]
    return [*(key_text(PREFIXES[other], key) for other in others), *(key_text(PREFIXES[kind], name) for name in close)][
        :3
    ]


def keys_from(tx: Transaction, kind: str, begun: str, most: int) -> list[str]:
    """The first keys of a kind that begin with a text, by one seek each."""
    rows = _keys[kind].rows(tx, begun, most)
    return [row[0] for row in rows if row[0].startswith(begun)]


def keys_with(tx: Transaction, kind: str, meant: Callable[[str], bool], most: int) -> list[str]:
    """The first keys of a kind that are meant. One statement, of a seek for each key."""
    return list(itertools.islice(filter(meant, keys_from(tx, kind, "", MAX_SEARCHED)), most))


def values_from(tx: Transaction, kind: str, key: str, begun: str, most: int) -> list[str]:
    """The first values of a param or tag that begin with a text, by one seek each; of long ones nothing."""
    rows = _values[kind].rows(tx, key, begun, most)
    return [row[0] for row in rows if row[0].startswith(begun) and len(row[0]) < INDEXED_LENGTH]


def names_from(tx: Transaction, begun: str, most: int) -> list[str]:
    """The first names of experiments that begin with a text."""
    rows = _experiments.rows(tx, begun, most)
    return [row[0] for row in rows if row[0].startswith(begun)]


def _steps(dialect: str, table: sa.Table, column: Column, of_key: bool) -> sa.Select[Any]:
    """The different texts of an indexed column from one on, each found by a seek behind the one before."""

    def first(bound: Callable[[sa.ColumnElement[str]], sa.ColumnElement[bool]]) -> sa.Select[Any]:
        rows = table.alias()
        text = column(rows.c, dialect)
        chosen = sa.select(text).where(bound(text)).order_by(text).limit(sa.literal_column("1"))
        return chosen.where(rows.c.key == sa.bindparam("key", type_=sa.Text)) if of_key else chosen

    begun = sa.bindparam("begun", type_=sa.Text)
    found = sa.select(first(lambda text: text >= begun).scalar_subquery().label("text")).cte("found", recursive=True)
    following = first(lambda text: text > found.c.text).correlate(found).scalar_subquery()
    found = found.union_all(sa.select(following).where(found.c.text.is_not(None)))
    return sa.select(found.c.text).where(found.c.text.is_not(None)).limit(sa.bindparam("most", type_=sa.Integer))


def _prepared(table: sa.Table, column: Column, of_key: bool = False) -> Prepared:
    names = ("key", "begun", "most") if of_key else ("begun", "most")
    return Prepared(lambda dialect: _steps(dialect, table, column, of_key), *names)


_keys = {kind: _prepared(table, lambda columns, _: columns.key) for kind, table in TABLES.items()}
_values = {
    kind: _prepared(TABLES[kind], lambda columns, dialect: indexed(columns.value, dialect), of_key=True)
    for kind in ("param", "tag")
}
_experiments = _prepared(experiments, lambda columns, _: columns.name)
