"""Finding runs, and keeping the JSON document of their params and tags."""

import functools
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from runyard.core.limits import shown
from runyard.db.dialects import VALUES, among, bound, one_of_values
from runyard.db.transaction import Prepared, Transaction
from runyard.exceptions import DoesNotExist, InvalidParameter
from runyard.tracking.metrics.tables import metric_series
from runyard.tracking.runs.documents import with_entries, without_tag
from runyard.tracking.runs.tables import params, runs, tags


def _put(table: sa.Table, dialect: str) -> sa.Executable:
    """Insert or replace tags; insert params that are not there. One statement, however many."""
    insert = (sqlite_insert if dialect == "sqlite" else postgresql_insert)(table)
    each = sa.func.json_each if dialect == "sqlite" else sa.func.json_each_text
    given = each(sa.bindparam("texts", type_=sa.JSON(none_as_null=True))).table_valued("key", "value")
    run = sa.cast(sa.bindparam("run"), sa.BigInteger)
    values = insert.from_select(
        ["run_id", "key", "value"], sa.select(run, given.c.key, given.c.value).where(sa.true()), include_defaults=False
    )
    if table is params:
        return values.on_conflict_do_nothing()
    return values.on_conflict_do_update(index_elements=["run_id", "key"], set_={"value": insert.excluded.value})


_put_texts = {table: Prepared(functools.partial(_put, table), "run", "texts") for table in (params, tags)}


def put_texts(tx: Transaction, table: sa.Table, run: int, given: dict[str, str]) -> int:
    """Put params or tags of a run into their table, in one order everywhere to avoid deadlocks; returns how many."""
    texts = orjson.dumps(given, option=orjson.OPT_SORT_KEYS).decode()
    return int(_put_texts[table].run(tx, run, texts).rowcount)


def params_among(tx: Transaction, run: int, keys: Sequence[str]) -> list[tuple[str, str]]:
    """Keys and values of those of these params that a run has."""
    return _params_among.rows(tx, run, bound(tx, keys))


class FoundRun(NamedTuple):
    """The columns of a run that most operations need."""

    id: int
    lifecycle_stage: str
    experiment_id: int
    name: str


class Document(NamedTuple):
    """The JSON text of a run's params and tags, before a change.

    Attributes
    ----------
    slack: The number of spaces beside it, None for no text of spaces.
    """

    text: str
    slack: int | None


class DescribedRun(NamedTuple):
    """A run whose params or tags are to be changed.

    Attributes
    ----------
    document: What it has before the change.
    has_metrics: Whether a metric of it was logged before; on PostgreSQL that is always taken for granted.
    """

    id: int
    document: Document
    has_metrics: bool


_wanted = sa.select(runs.c.id, runs.c.lifecycle_stage, runs.c.experiment_id, runs.c.name).where(
    runs.c.run_uuid == sa.bindparam("run_uuid")
)
_find = Prepared(_wanted, "run_uuid")


def _document_columns(dialect: str) -> tuple[sa.ColumnElement[Any], ...]:
    return runs.c.document, sa.func.length(runs.c.slack) if dialect == "sqlite" else sa.null()


def _described(dialect: str) -> sa.Select[Any]:
    """Finds and locks a run. PostgreSQL would tell of metrics from before it waited for the lock."""
    has_metrics = sa.exists().where(metric_series.c.run_id == runs.c.id).correlate(runs)
    known = has_metrics if dialect == "sqlite" else sa.true()
    columns = (runs.c.id, *_document_columns(dialect), runs.c.lifecycle_stage, known)
    return sa.select(*columns).where(runs.c.run_uuid == sa.bindparam("run_uuid")).with_for_update(key_share=True)


_find_described = Prepared(_described, "run_uuid")
_find_and_lock = Prepared(_wanted.with_for_update(key_share=True), "run_uuid")
_params_among = Prepared(
    lambda dialect: sa.select(params.c.key, params.c.value).where(
        params.c.run_id == sa.bindparam("run"), among(dialect, params.c.key)
    ),
    "run", VALUES,
)  # fmt: skip
_document = Prepared(
    lambda dialect: sa.select(*_document_columns(dialect)).where(runs.c.id == sa.bindparam("run")), "run"
)
_set_document = Prepared(
    sa.update(runs).where(runs.c.id == sa.bindparam("run")).values(document=sa.bindparam("text")), "text", "run"
)
_set_long_document = Prepared(
    sa.update(runs)
    .where(runs.c.id == sa.bindparam("run"))
    .values(document=sa.bindparam("text"), slack=sa.bindparam("slack")),
    "text", "slack", "run",
)  # fmt: skip
LONG = 64_000
"""Bytes from which on SQLite takes much longer to write a document than to find what differs in it."""
MAX_SLACK, MIN_SLACK = 8_000, 100
"""Spaces beside a long document. SQLite writes the pages that differ alone where a row keeps its size to the byte, and
within these bounds it says the length of the spaces in as many bytes."""


def missing_run(run_id: str) -> DoesNotExist:
    """The error for an unknown run id."""
    return DoesNotExist(f"No run has the id {shown(run_id)}. Check it, or search the experiment's runs.")


def deleted_run(run_id: str) -> InvalidParameter:
    """The error for a change to a deleted run."""
    return InvalidParameter(f"Run {run_id} is deleted and cannot be changed. Restore it first.")


def find_run(tx: Transaction, run_id: str, lock: bool = False) -> FoundRun:
    """The run with this id, deleted ones too.

    Parameters
    ----------
    lock: Keep other transactions from changing the run's row. Needed to rewrite the document: two writers that did
        so at once would each leave out the other's change. SQLite has one writer at a time and needs no lock.

    Raises
    ------
    DoesNotExist: There is none.
    """
    row = (_find_and_lock if lock else _find).row(tx, run_id)
    if row is None:
        raise missing_run(run_id)
    return FoundRun(*row)


def numbers_of(tx: Transaction, run_ids: Sequence[str]) -> list[int]:
    """The internal numbers of runs, deleted ones too, in the order of their ids. One statement.

    Raises
    ------
    DoesNotExist: One of them is not there.
    """
    chosen = sa.select(runs.c.run_uuid, runs.c.id).where(one_of_values(tx.dialect, runs.c.run_uuid, run_ids))
    found: dict[str, int] = {row.run_uuid: row.id for row in tx.execute(chosen)}
    for run_id in run_ids:
        if run_id not in found:
            raise missing_run(run_id)
    return [found[run_id] for run_id in run_ids]


def active_run(tx: Transaction, run_id: str, lock: bool = True) -> FoundRun:
    """The run with this id, which must not be deleted; locked by default."""
    run = find_run(tx, run_id, lock)
    if run.lifecycle_stage != "active":
        raise deleted_run(run_id)
    return run


def described_run(tx: Transaction, run_id: str) -> DescribedRun:
    """The run with this id, which must not be deleted, locked, with its document: one statement for both."""
    row = _find_described.row(tx, run_id)
    if row is None:
        raise missing_run(run_id)
    number, text, slack, stage, has_metrics = row
    if stage != "active":
        raise deleted_run(run_id)
    return DescribedRun(number, Document(text, slack), has_metrics)


def add_to_document(
    tx: Transaction,
    run: int,
    params: Mapping[str, str],
    tags: Mapping[str, str],
    before: Document | None = None,
    new: bool = False,
) -> None:
    """Put what was written to the tables into the run's document too. The run is locked.

    Parameters
    ----------
    before: The document, if it was read since the run was locked.
    new: Whether none of the params and tags was there before.
    """
    if before is None:
        before = _document_of(tx, run)
    after = with_entries(before.text, params, tags, in_order=new or tx.dialect == "sqlite")
    if after != before.text:
        _replace_document(tx, run, before, after)


def remove_from_document(tx: Transaction, run: int, tag: str) -> None:
    """Take a tag out of the run's document. The run is locked."""
    before = _document_of(tx, run)
    _replace_document(tx, run, before, without_tag(before.text, tag))


def _document_of(tx: Transaction, run: int) -> Document:
    return Document(*_document.row(tx, run))  # type: ignore[misc]  # the run was found before


def _replace_document(tx: Transaction, run: int, before: Document, after: str) -> None:
    if tx.dialect != "sqlite" or len(after) < LONG:
        _set_document.run(tx, after, run)
        return
    slack = (before.slack or 0) + _bytes(before.text) - _bytes(after)
    _set_long_document.run(tx, after, " " * (slack if MIN_SLACK <= slack <= MAX_SLACK else MAX_SLACK), run)


def _bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())


def tag_value(tx: Transaction, run: int, key: str) -> str | None:
    """The value of one tag of a run, or None."""
    value: str | None = tx.scalar(sa.select(tags.c.value).where(tags.c.run_id == run, tags.c.key == key))
    return value
