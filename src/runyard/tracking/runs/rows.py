"""Finding runs, and keeping the JSON document of their params and tags."""

import functools
from typing import Any, NamedTuple

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from runyard.core.limits import shown
from runyard.db.transaction import Prepared, Transaction
from runyard.exceptions import DoesNotExist, InvalidParameter
from runyard.tracking.runs.tables import params, runs, tags


def _put(table: sa.Table, dialect: str) -> sa.Executable:
    """Insert or replace tags; insert params that are not there."""
    insert = (sqlite_insert if dialect == "sqlite" else postgresql_insert)(table)
    values = insert.values({name: sa.bindparam(name) for name in ("run_id", "key", "value")})
    if table is params:
        return values.on_conflict_do_nothing()
    return values.on_conflict_do_update(index_elements=["run_id", "key"], set_={"value": insert.excluded.value})


_put_texts = {table: Prepared(functools.partial(_put, table), "run_id", "key", "value") for table in (params, tags)}


def put_texts(tx: Transaction, table: sa.Table, run: int, given: dict[str, str]) -> None:
    """Put params or tags of a run into their table, in one order everywhere to avoid deadlocks."""
    _put_texts[table].run_many(tx, [(run, key, given[key]) for key in sorted(given)])


class FoundRun(NamedTuple):
    """The columns of a run that most operations need."""

    id: int
    lifecycle_stage: str
    experiment_id: int
    name: str


_wanted = sa.select(runs.c.id, runs.c.lifecycle_stage, runs.c.experiment_id, runs.c.name).where(
    runs.c.run_uuid == sa.bindparam("run_uuid")
)
_find = Prepared(_wanted, "run_uuid")
_find_and_lock = Prepared(_wanted.with_for_update(key_share=True), "run_uuid")
params_of = Prepared(
    sa.select(params.c.key, params.c.value).where(params.c.run_id == sa.bindparam("run")).order_by(params.c.key), "run"
)
_tags_of = Prepared(
    sa.select(tags.c.key, tags.c.value).where(tags.c.run_id == sa.bindparam("run")).order_by(tags.c.key), "run"
)
_set_document = Prepared(
    sa.update(runs).where(runs.c.id == sa.bindparam("run")).values(document=sa.bindparam("text")), "text", "run"
)


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


def active_run(tx: Transaction, run_id: str, lock: bool = True) -> FoundRun:
    """The run with this id, which must not be deleted; locked by default."""
    run = find_run(tx, run_id, lock)
    if run.lifecycle_stage != "active":
        raise deleted_run(run_id)
    return run


def document(param_rows: list[Any], tag_rows: list[Any]) -> str:
    """The text kept with a run: the members ``params`` and ``tags`` of its data, without the braces around them.

    Empty lists are left out, as everywhere on the wire.
    """
    members = []
    for name, rows in (("params", param_rows), ("tags", tag_rows)):
        if rows:
            pairs = orjson.dumps([{"key": key, "value": value} for key, value in rows]).decode()
            members.append(f'"{name}":{pairs}')
    return ",".join(members)


def refresh_document(tx: Transaction, run: int) -> None:
    """Write the run's document anew from its params and tags."""
    _set_document.run(tx, document(params_of.rows(tx, run), _tags_of.rows(tx, run)), run)


def tag_value(tx: Transaction, run: int, key: str) -> str | None:
    """The value of one tag of a run, or None."""
    value: str | None = tx.scalar(sa.select(tags.c.value).where(tags.c.run_id == run, tags.c.key == key))
    return value
