"""Which keys of metrics, params and tags there are, found by seeks in their indexes."""

import difflib
from collections.abc import Iterable

import sqlalchemy as sa

from runyard.db.conditions import number
from runyard.db.transaction import Prepared, Transaction
from runyard.search.nodes import Comparison
from runyard.search.writing import key_text
from runyard.tracking.runs.ranges import TABLES

PREFIXES = {"metric": "metrics", "param": "params", "tag": "tags"}
MAX_KEYS = 2_000
"""Keys that are looked at to find near ones."""
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
    alike = {name.lower(): name for name in first_keys(tx, kind)}
    close = [alike[name] for name in difflib.get_close_matches(key.lower(), alike, n=3, cutoff=0.6)]
    return [*(key_text(PREFIXES[other], key) for other in others), *(key_text(PREFIXES[kind], name) for name in close)][
        :3
    ]


def first_keys(tx: Transaction, kind: str) -> list[str]:
    """The first keys of a kind, by one seek each."""
    return [row[0] for row in _first[kind].rows(tx, MAX_KEYS)]


def _keys(table: sa.Table) -> sa.Select[tuple[str]]:
    rows = table.alias()
    found = sa.select(sa.func.min(table.c.key).label("key")).cte("found", recursive=True)
    following = sa.select(sa.func.min(rows.c.key)).where(rows.c.key > found.c.key).correlate(found).scalar_subquery()
    found = found.union_all(sa.select(following).where(found.c.key.is_not(None)))
    return sa.select(found.c.key).where(found.c.key.is_not(None)).limit(sa.bindparam("most", type_=sa.Integer))


_first = {kind: Prepared(_keys(table), "most") for kind, table in TABLES.items()}
