"""Operations on what runs were started with."""

import hashlib
import json
import zlib
from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from runyard.db.dialects import VALUES, among, bound, one_of, one_of_values, upsert
from runyard.db.transaction import Prepared, Transaction
from runyard.gate.performers import performs
from runyard.protocol.answer import Wire
from runyard.tracking.origins.messages import Beat, GetOrigin, GetOrigins, NoteOrigin
from runyard.tracking.origins.tables import origin_texts, run_origins
from runyard.tracking.runs.rows import find_run, numbers_of
from runyard.tracking.runs.tables import runs

UNUSED_MS = 3_600_000
"""How long a text stays that no run has any more, in milliseconds."""

_OWN = ("command", "folder", "below", "notebook", "variables")
_ENVIRONMENT = ("python", "platform", "packages")
_MACHINE = ("host", "processor", "cores", "memory", "gpus")
_NOTED = ("started_with", "environment_id", "machine_id", "patch_id")
_NO_CHANGES = hashlib.sha256(b"").hexdigest()


@performs(NoteOrigin)
def note_origin(tx: Transaction, message: NoteOrigin) -> Wire:
    """Insert it, or fill in what is not noted yet."""
    run = find_run(tx, message.run_id)
    fields = message.to_wire()
    own, environment, machine = (_some(fields, names) for names in (_OWN, _ENVIRONMENT, _MACHINE))
    values = {
        "run_id": run.id,
        "started_with": json.dumps(own, ensure_ascii=False) if own else None,
        "environment_id": _kept(tx, _as_text(environment)) if environment else None,
        "machine_id": _kept(tx, _as_text(machine)) if machine else None,
        "patch_id": None if message.patch is None else _kept(tx, message.patch),
    }
    noted = upsert(tx, run_origins).values(values)
    before, given = run_origins.c, noted.excluded
    filled = {name: sa.func.coalesce(before[name], given[name]) for name in _NOTED}
    lacking = sa.or_(*(before[name].is_(None) & given[name].is_not(None) for name in _NOTED))
    tx.execute(noted.on_conflict_do_update(index_elements=["run_id"], set_=filled, where=lacking))
    return {}


def _some(fields: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: fields[name] for name in names if fields.get(name)}


def _as_text(told: dict[str, Any]) -> str:
    """The same text for the same facts."""
    return json.dumps(told, sort_keys=True, ensure_ascii=False)


def _kept(tx: Transaction, text: str) -> int:
    """The number of a text, which is inserted if it is not there."""
    content = text.encode()
    digest = hashlib.sha256(content).hexdigest()
    known = origin_texts.c
    wanted = sa.select(known.id, known.unused_since).where(known.digest == digest)
    row = tx.execute(wanted).first()
    if row is None:
        values = {"digest": digest, "packed": zlib.compress(content)}
        tx.execute(upsert(tx, origin_texts).values(values).on_conflict_do_nothing())
        row = tx.execute(wanted).one()
    if row.unused_since is not None:  # a removal about to take it meets this change, and begins again
        tx.execute(sa.update(origin_texts).where(known.id == row.id).values(unused_since=None))
    return int(row.id)


_beat = Prepared(
    lambda dialect: (
        (sqlite_insert if dialect == "sqlite" else postgresql_insert)(run_origins)
        .values(run_id=sa.bindparam("run"), beat_time=sa.bindparam("now", type_=run_origins.c.beat_time.type))
        .on_conflict_do_update(index_elements=["run_id"], set_={"beat_time": sa.text("excluded.beat_time")})
    ),
    "run",
    "now",
)


@performs(Beat)
def beat(tx: Transaction, message: Beat) -> Wire:
    """Note the time, in the order of the runs' numbers so that two programs do not wait for each other."""
    chosen = sa.select(runs.c.id).where(
        one_of_values(tx.dialect, runs.c.run_uuid, message.run_ids), runs.c.status == "RUNNING"
    )
    _beat.run_many(tx, [(run, tx.now_ms) for run in sorted(tx.execute(chosen).scalars())])
    return {}


@performs(GetOrigin)
def get_origin(tx: Transaction, message: GetOrigin) -> Wire:
    """Read it, with the texts that it shares with other runs."""
    run = find_run(tx, message.run_id)
    return {"run_id": message.run_id, **_told(tx, [run.id], packages=True, patches=True).get(run.id, {})}


@performs(GetOrigins)
def get_origins(tx: Transaction, message: GetOrigins) -> Wire:
    """Four statements; each shared text is read once."""
    numbers = numbers_of(tx, message.run_ids)
    told = _told(tx, numbers, packages=message.packages, patches=message.patches)
    pairs = zip(message.run_ids, numbers, strict=True)
    return {"origins": [{"run_id": run_id, **told.get(number, {})} for run_id, number in pairs]}


def _told(tx: Transaction, numbers: Sequence[int], *, packages: bool, patches: bool) -> dict[int, dict[str, Any]]:
    """What runs were started with, by the run's number. Three statements, one where they share no texts."""
    rows = _origins_of.rows(tx, bound(tx, numbers))
    shared = {number for row in rows for number in row[2:] if number is not None}
    digests = _shared(tx, _digests_of, shared)
    unread = set() if patches else {patch for *_, patch in rows if digests.get(patch) != _NO_CHANGES}
    texts = {number: zlib.decompress(text).decode() for number, text in _shared(tx, _texts_of, shared - unread).items()}
    told: dict[int, dict[str, Any]] = {}
    for run, started_with, environment, machine, patch in rows:
        found = told[run] = json.loads(started_with or "{}")
        for name, number in (("environment", environment), ("machine", machine)):
            if number in texts:
                found |= json.loads(texts[number]) | {name: digests[number]}
        if not packages:
            found.pop("packages", None)
        if patch in digests:
            found["changes"] = digests[patch]
        if patch in texts:
            found["patch"] = texts[patch]
    return told


_origins_of = Prepared(
    lambda dialect: sa.select(run_origins.c.run_id, *(run_origins.c[name] for name in _NOTED)).where(
        among(dialect, run_origins.c.run_id)
    ),
    VALUES,
)


def _told_of(text: sa.Column[Any]) -> Prepared:
    return Prepared(lambda dialect: sa.select(origin_texts.c.id, text).where(among(dialect, origin_texts.c.id)), VALUES)


_digests_of, _texts_of = _told_of(origin_texts.c.digest), _told_of(origin_texts.c.packed)


def _shared(tx: Transaction, asked: Prepared, numbers: Collection[int]) -> dict[int, Any]:
    """What a statement says of shared texts, by their number. No statement for none."""
    return dict(asked.rows(tx, bound(tx, sorted(numbers)))) if numbers else {}


def remove_unused_texts(tx: Transaction) -> int:
    """Remove the texts that no run has any more, an hour after that was seen first; returns their number.

    A run may come to a text that no other has in the same moment: then it has not gone yet.
    """
    known = origin_texts.c
    used = sa.union(*(sa.select(run_origins.c[name]).where(run_origins.c[name].is_not(None)) for name in _NOTED[1:]))
    numbers = list(tx.execute(sa.select(known.id).where(known.id.not_in(used))).scalars())
    chosen = one_of(tx, known.id, numbers)
    removed = tx.execute(sa.delete(origin_texts).where(chosen, known.unused_since < tx.now_ms - UNUSED_MS)).rowcount
    marked = sa.update(origin_texts).where(chosen, known.unused_since.is_(None))
    tx.execute(marked.values(unused_since=tx.now_ms))
    return int(removed)
