"""The index of runs by the texts that searches look for: their names, their own tags, and their notes.

A text is found by its trigrams, each three letters that follow each other, in lower case. What the index finds are
candidates: a search tests each of them. So an entry may be out of date, as long as none is missing: a run whose texts
have changed is noted in `run_trigrams` by triggers, and is a candidate of every search until it is read anew. A search
that finds many of these has the writer do that, a piece at a time, and nothing that is logged waits for it.
"""

import functools
import re
import sqlite3
import time
import zlib
from collections.abc import Iterator, Sequence

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from runyard.db.conditions import own_tag
from runyard.db.dialects import VALUES, among, bound, one_of, upsert
from runyard.db.jobs import long_enough
from runyard.db.transaction import Prepared, Transaction
from runyard.search.nodes import And, Comparison, Condition, Or, Words
from runyard.search.regex import compiled
from runyard.tracking.runs.ranges import MAX_ALTERNATIVES, MAX_FOUND
from runyard.tracking.runs.tables import run_trigrams, runs, tags

MAX_DUE = 500
"""Runs that are not in the index yet and are looked at one by one; with more, the index is of no use."""
FILLED_FROM = 50
"""Number of such runs from which on a search has them read."""
PIECE = 200
"""Runs that are read at a time."""
MAX_TRIGRAMS = 30
"""Trigrams of a text that are asked for: more hardly tell more."""
MAX_CHECKED = 100
"""Trigrams of a run that are looked for to check the index."""
MAX_EXPERIMENTS = 10
"""Experiments that the index is asked for; among more, it finds runs of all."""

_LENGTH = 3
_LIKE = frozenset(("LIKE", "ILIKE", "~"))
_PRIVATE = 0xF0000
"""The first of 65,534 characters that have no meaning: three of them name an experiment in the full-text table."""

_MAKE_WORDS = (
    "CREATE VIRTUAL TABLE IF NOT EXISTS run_words USING fts5("
    "text, experiment, content='', detail=none, columnsize=0, tokenize='trigram case_sensitive 1')"
)
_has_words = Prepared(sa.text("SELECT 1 FROM sqlite_master WHERE name = 'run_words'"))
_add_words = Prepared(
    sa.text("INSERT INTO run_words (rowid, text, experiment) VALUES (:run, :text, :experiment)"),
    "run", "text", "experiment",
)  # fmt: skip
_remove_words = Prepared(
    sa.text("INSERT INTO run_words (run_words, rowid, text, experiment) VALUES ('delete', :run, :text, :experiment)"),
    "run", "text", "experiment",
)  # fmt: skip
_find_words = Prepared(
    sa.text(
        "SELECT rowid FROM run_words WHERE run_words MATCH :query AND EXISTS (SELECT 1 FROM runs WHERE id = rowid) "
        f"ORDER BY rowid DESC LIMIT {MAX_FOUND + 1}"
    ),
    "query",
)
_has_words_of = Prepared(
    sa.text("SELECT 1 FROM run_words WHERE run_words MATCH :query AND rowid = :run"), "query", "run"
)
_due = Prepared(
    sa.select(run_trigrams.c.run_id)
    .where(run_trigrams.c.trigrams.is_(None))
    .order_by(run_trigrams.c.run_id)
    .limit(sa.bindparam("most", type_=sa.Integer)),
    "most",
)
_due_among = Prepared(
    lambda dialect: sa.select(run_trigrams.c.run_id).where(among(dialect, run_trigrams.c.run_id)), VALUES
)
_texts_of_tags = Prepared(
    lambda dialect: sa.select(tags.c.run_id, tags.c.key, tags.c.value).where(
        among(dialect, tags.c.run_id), own_tag(tags.c)
    ),
    VALUES,
)
_set_trigrams = Prepared(
    sa.update(run_trigrams)
    .where(run_trigrams.c.run_id == sa.bindparam("run"))
    .values(trigrams=sa.bindparam("found", type_=sa.ARRAY(sa.Integer))),
    "found", "run",
)  # fmt: skip


def runs_with_texts(tx: Transaction, conditions: Sequence[Condition], experiments: Sequence[int]) -> list[int] | None:
    """Numbers of all runs that may meet the conditions, by the texts that these look for.

    None when the conditions look for none, when the index has not all of them yet, or when they are many. Three or
    four statements.

    Parameters
    ----------
    experiments: Numbers of the experiments in view. Some of the runs may be of others.
    """
    asked = list(filter(None, map(_alternatives, conditions)))
    if not asked or not _is_supported(tx):
        return None
    due = [row[0] for row in _due.rows(tx, MAX_DUE + 1)]
    if len(due) >= FILLED_FROM:
        tx.chores["texts of runs"] = fill
    if len(due) > MAX_DUE:
        return None
    find = _found_on_sqlite if tx.dialect == "sqlite" else _found_on_postgresql
    found = find(tx, asked, experiments if len(experiments) <= MAX_EXPERIMENTS else ())
    found += _by_id(tx, conditions)
    return None if len(found) > MAX_FOUND else list({*found, *due})


def _alternatives(condition: Condition) -> list[list[str]]:
    """The texts that a run must have, of each alternative all; none when there is no such text, or one too short."""
    if isinstance(condition, Words):
        return [[folded(condition.text)]] if len(condition.text) >= _LENGTH else []
    if isinstance(condition, Comparison):
        if (condition.kind, condition.key) != ("attribute", "run_name") or condition.operator not in _LIKE:
            return []
        pattern = str(condition.value)
        parts = compiled(pattern).texts if condition.operator == "~" else re.split("[%_]", pattern)
        long = [folded(part) for part in parts if len(part) >= _LENGTH]
        return [long] if long else []
    if isinstance(condition, And):
        known = [found for part in condition.parts if len(found := _alternatives(part)) == 1]
        return [[text for found in known for text in found[0]]] if known else []
    if not isinstance(condition, Or):
        return []
    choices = [_alternatives(part) for part in condition.parts]
    found = [texts for choice in choices for texts in choice]
    return found if all(choices) and len(found) <= MAX_ALTERNATIVES else []


def folded(text: str) -> str:
    """A text such that two are alike here where they are alike to any search: in lower case, letter by letter."""
    return text.lower().replace("ς", "σ")


def _trigrams(texts: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(text[at : at + _LENGTH] for text in texts for at in range(len(text) - _LENGTH + 1)))


def _number(trigram: str) -> int:
    """A trigram, or what names an experiment, as PostgreSQL's index has it. Two may share a number, which is rare."""
    return zlib.crc32(trigram.encode()) - 2**31


def _named(experiment: int) -> str:
    """An experiment as three letters that no text has."""
    high, low = divmod(experiment, 2**30)
    middle, low = divmod(low, 2**15)
    return "".join(chr(_PRIVATE + part) for part in (high % 2**15, middle, low))


def _words_in(conditions: Sequence[Condition]) -> Iterator[str]:
    for condition in conditions:
        if isinstance(condition, Words):
            yield condition.text
        elif isinstance(condition, And | Or):
            yield from _words_in(condition.parts)


def _by_id(tx: Transaction, conditions: Sequence[Condition]) -> list[int]:
    """Runs whose ids begin with a word."""
    beginnings = {text.lower() for text in _words_in(conditions)}
    ranges = [
        sa.and_(runs.c.run_uuid >= text, runs.c.run_uuid < f"{text}g")
        for text in beginnings
        if re.fullmatch("[0-9a-f]{3,32}", text)
    ]
    if not ranges:
        return []
    return list(tx.execute(sa.select(runs.c.id).where(sa.or_(*ranges)).limit(MAX_FOUND + 1)).scalars())


def _found_on_sqlite(tx: Transaction, asked: Sequence[list[list[str]]], experiments: Sequence[int]) -> list[int]:
    if _has_words.row(tx) is None:  # then all runs are due
        return []
    asked_words = [[_trigrams(texts)[:MAX_TRIGRAMS] for texts in choices] for choices in asked]
    if experiments:
        asked_words.append([[_named(experiment)] for experiment in experiments])
    query = " AND ".join(f"({' OR '.join(map(_all_of, choices))})" for choices in asked_words)
    return [row[0] for row in _find_words.rows(tx, query)]


def _all_of(trigrams: Sequence[str]) -> str:
    quoted = ('"{}"'.format(trigram.replace('"', '""')) for trigram in trigrams)
    return f"({' AND '.join(quoted)})"


def _found_on_postgresql(tx: Transaction, asked: Sequence[list[list[str]]], experiments: Sequence[int]) -> list[int]:
    column = sa.type_coerce(run_trigrams.c.trigrams, ARRAY(sa.Integer))
    conditions = [
        sa.or_(*(column.contains(list(map(_number, _trigrams(texts)[:MAX_TRIGRAMS]))) for texts in choices))
        for choices in asked
    ]
    if experiments:
        conditions.append(column.overlap([_number(_named(experiment)) for experiment in experiments]))
    return list(tx.execute(sa.select(run_trigrams.c.run_id).where(*conditions).limit(MAX_FOUND + 1)).scalars())


def fill(tx: Transaction) -> bool:
    """Read the texts of runs that are due into the index, for some milliseconds; returns whether there are more."""
    if not _is_supported(tx):
        return False
    if tx.dialect == "sqlite" and _has_words.row(tx) is None:
        tx.connection.exec_driver_sql(_MAKE_WORDS)
    began = time.monotonic()
    while True:
        due = [row[0] for row in _due.rows(tx, PIECE)]
        read = _read(tx, due)
        if len(due) < PIECE or not read:  # those that others have locked stay due
            return False
        if long_enough(began):
            return True


def _read(tx: Transaction, due: Sequence[int]) -> int:
    """Put runs into the index, as they are now; returns how many. On PostgreSQL, those that others change are left."""
    found = _texts_of(tx, due, lock=True)
    if tx.dialect == "sqlite":
        _add_words.run_many(tx, _rows_of_words(found))
        tx.execute(sa.delete(run_trigrams).where(one_of(tx, run_trigrams.c.run_id, list(found))))
    else:
        _set_trigrams.run_many(tx, [(_numbers(*found[number]), number) for number in found])
    return len(found)


def forget(tx: Transaction, numbers: Sequence[int]) -> None:
    """Take runs out of the index that are to be removed now. On PostgreSQL, they leave it with their rows.

    SQLite's table must be told what it was given. Of a run whose texts have changed since, it keeps what it has.
    """
    if tx.dialect != "sqlite" or not _is_supported(tx) or _has_words.row(tx) is None:
        return
    due = {row[0] for row in _due_among.rows(tx, bound(tx, numbers))}
    found = _texts_of(tx, [number for number in numbers if number not in due], lock=False)
    try:
        _remove_words.run_many(tx, _rows_of_words(found))
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_CORRUPT:
            raise  # an index that is damaged has nothing to forget: `runyard db check` mends it


def _rows_of_words(found: dict[int, tuple[int, list[str]]]) -> list[tuple[int, str, str]]:
    """What `_texts_of` found, as the rows of SQLite's full-text table."""
    return [(number, folded("\n".join(said)), _named(experiment)) for number, (experiment, said) in found.items()]


def _texts_of(tx: Transaction, numbers: Sequence[int], *, lock: bool) -> dict[int, tuple[int, list[str]]]:
    """The experiment of each run, and its texts; in order, without those that others have locked."""
    chosen = sa.select(runs.c.id, runs.c.name, runs.c.experiment_id).where(one_of(tx, runs.c.id, numbers))
    if lock:
        chosen = chosen.with_for_update(key_share=True, skip_locked=True)
    found = {number: (experiment, [name]) for number, name, experiment in tx.execute(chosen.order_by(runs.c.id))}
    for number, key, value in _texts_of_tags.rows(tx, bound(tx, list(found))):
        found[number][1].extend((key, value))
    return found


def _numbers(experiment: int, texts: Sequence[str]) -> list[int]:
    return sorted({_number(_named(experiment)), *map(_number, _trigrams([folded(text) for text in texts]))})


def missing(tx: Transaction, numbers: Sequence[int]) -> list[int]:
    """Those of some runs that the index has not all texts of, and does not know it."""
    if not _is_supported(tx):
        return []
    of_runs = sa.select(run_trigrams).where(one_of(tx, run_trigrams.c.run_id, numbers))
    known = {row.run_id: row.trigrams for row in tx.execute(of_runs)}
    found = _texts_of(tx, [number for number in numbers if known.get(number, ()) is not None], lock=False)
    if tx.dialect == "postgresql":
        return [number for number in found if not set(_numbers(*found[number])) <= set(known.get(number, ()))]
    if _has_words.row(tx) is None:
        return list(found)
    return [number for number in found if _has_words_of.row(tx, _all_words(*found[number]), number) is None]


def _all_words(experiment: int, texts: Sequence[str]) -> str:
    """What finds a run in the full-text table; of many trigrams, some of all parts."""
    trigrams = _trigrams([folded(text) for text in texts])
    return _all_of([*trigrams[:: 1 + len(trigrams) // MAX_CHECKED], _named(experiment)])


def read_anew(tx: Transaction, numbers: Sequence[int]) -> None:
    """Have the texts of runs read into the index again."""
    if numbers:
        statement = upsert(tx, run_trigrams).values([{"run_id": number, "trigrams": None} for number in numbers])
        tx.execute(statement.on_conflict_do_update(index_elements=["run_id"], set_={"trigrams": None}))


def _is_supported(tx: Transaction) -> bool:
    return tx.dialect != "sqlite" or _sqlite_has_trigrams()


@functools.cache
def _sqlite_has_trigrams() -> bool:
    """Whether this build of SQLite has full-text tables of trigrams; without, searches read what they look for."""
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute(_MAKE_WORDS)
    except sqlite3.OperationalError:
        return False
    finally:
        connection.close()
    return True
