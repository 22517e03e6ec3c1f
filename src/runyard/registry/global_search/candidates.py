"""Candidates of a search of everything: rows by name, id or tag, of each kind the newest."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from runyard.core.tags import NOTE_TAG
from runyard.db.conditions import contains, number
from runyard.db.dialects import one_of
from runyard.db.transaction import Transaction
from runyard.search.nodes import Words
from runyard.tracking.filters.keys import keys_from
from runyard.tracking.runs.ranges import indexed
from runyard.tracking.runs.tables import runs
from runyard.tracking.runs.tables import tags as run_tags
from runyard.tracking.runs.texts import runs_with_texts

MOST = 51
"""Rows of each way to find something, so that one more than can be asked for shows that there are more."""
MAX_WORDS = 8
MAX_KEYS = 500
"""Keys of tags of runs that are looked at for own ones."""
MAX_OWN_KEYS = 50
MAX_ROWS = 50_000
"""Rows of a table without an index for the search, the newest, that are looked at."""
_HEX = re.compile(r"[0-9a-f]{3,32}")
_LAST = "\U0010ffff"
Found = tuple[int, str]
"""The number of a row, and what holds the text."""


@dataclass(frozen=True)
class Asked:
    """A text that is looked for."""

    text: str

    @property
    def words(self) -> tuple[str, ...]:
        """Its words; each must be in a name."""
        return tuple(self.text.split()[:MAX_WORDS])

    def named(self, column: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[bool]:
        """Whether a name holds all words."""
        return sa.and_(*(contains(column, word, dialect) for word in self.words))

    def begins(self, column: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
        """Whether a text begins with the whole of it; without an index."""
        return sa.func.substr(column, number(1), number(len(self.text))) == self.text

    def rank(self, name: str, matched: str) -> int:
        """How good a match is; the least is the best."""
        if matched == "id" or name.lower() == self.text.lower():
            return 0
        if matched.startswith("alias"):
            return 1
        if matched == "name":
            return 2 if name.lower().startswith(self.text.lower()) else 3
        return 4


def column_of(tx: Transaction, statement: sa.Select[Any]) -> list[Any]:
    """The first column of the rows of a statement."""
    return [row[0] for row in tx.execute(statement)]


def by_tag(tx: Transaction, asked: Asked, table: sa.Table, owner: sa.ColumnElement[int]) -> list[Found]:
    """Owners of own tags, or notes, whose value begins with the text. One statement over the newest rows."""
    own = sa.or_(~table.c.key.like("mlflow.%"), table.c.key == NOTE_TAG)
    newest = sa.select(owner.label("owner"), table.c.key, table.c.value).order_by(owner.desc()).limit(MAX_ROWS)
    rows = newest.where(own).subquery()
    chosen = sa.select(rows.c.owner, rows.c.key, sa.func.substr(rows.c.value, 1, 60)).where(asked.begins(rows.c.value))
    found = tx.execute(chosen.order_by(rows.c.owner.desc(), rows.c.key).limit(MOST))
    return [(row, f"tag {key}: {value}") for row, key, value in found]


def runs_found(tx: Transaction, asked: Asked) -> list[Found]:
    """Numbers of runs: by the beginning of the id, by name, and by own tags. Four statements."""
    found: list[Found] = []
    begun = asked.text.lower()
    if _HEX.fullmatch(begun):
        prefix = sa.select(runs.c.id, runs.c.run_uuid).where(runs.c.run_uuid >= begun, runs.c.run_uuid < f"{begun}g")
        rows = tx.execute(prefix.order_by(runs.c.run_uuid).limit(MOST))
        found += [(row, "id") for row, run_id in rows if run_id.startswith(begun)]
    numbers = runs_with_texts(tx, [Words(word) for word in asked.words], [])
    found += [(row, "name") for row in column_of(tx, _named_runs(tx, asked, numbers))]
    return found + _runs_by_tag(tx, asked)


def _named_runs(tx: Transaction, asked: Asked, numbers: Sequence[int] | None) -> sa.Select[Any]:
    """Numbers of the newest runs by their names: of those that the index of texts finds, else of all.

    Without that index SQLite reads the index of names, and no row of a run.
    """
    run, name = (sa.literal_column(f"named.{column}", runs.c[column].type) for column in ("id", "name"))
    by_names = numbers is None and tx.dialect == "sqlite"
    chosen = sa.select(run).select_from(sa.text(f"runs AS named{' INDEXED BY ix_runs_name' if by_names else ''}"))
    if numbers is not None:
        chosen = chosen.where(one_of(tx, run, numbers))
    # of very many on PostgreSQL, the newest are met first; SQLite would read whole rows for that
    newest = (run + number(0)).desc() if by_names else run.desc()
    return chosen.where(asked.named(indexed(name, tx.dialect), tx.dialect)).order_by(newest).limit(MOST)


def _runs_by_tag(tx: Transaction, asked: Asked) -> list[Found]:
    """By a seek in the index for each key of an own tag."""
    keys = [key for key in keys_from(tx, "tag", "", MAX_KEYS) if not key.startswith("mlflow.") or key == NOTE_TAG]
    if not keys:
        return []
    value = indexed(run_tags.c.value, tx.dialect)
    range_ = sa.and_(value >= asked.text, value < asked.text + _LAST)
    chosen = sa.select(run_tags.c.run_id, run_tags.c.key, sa.func.substr(run_tags.c.value, 1, 60))
    rows = tx.execute(chosen.where(run_tags.c.key.in_(keys[:MAX_OWN_KEYS]), range_).limit(MOST))
    return [(row, f"tag {key}: {shown}") for row, key, shown in rows]


def newest_rows(tx: Transaction, column: sa.ColumnElement[int], most: int) -> list[Found]:
    """The numbers of the newest rows of a table."""
    return [(row, "") for row in column_of(tx, sa.select(column).order_by(column.desc()).limit(most))]


def first_of_each(found: Sequence[Found]) -> dict[int, str]:
    """Each row once, with the first of the things that matched."""
    matched: dict[int, str] = {}
    for row, what in found:
        matched.setdefault(row, what)
    return matched
