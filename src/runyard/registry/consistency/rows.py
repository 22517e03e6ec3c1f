"""Rows that need files, and whether these are there: logged models, versions of registered models, tables of runs."""

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from runyard.artifacts.locations import holds_any
from runyard.artifacts.paths import joined
from runyard.artifacts.repository import ArtifactRepository
from runyard.core.tags import EXTERNAL_TAG, TABLES_TAG
from runyard.db.dialects import one_of_values
from runyard.db.jobs import Inspect
from runyard.db.transaction import Transaction
from runyard.exceptions import RunyardException
from runyard.registry.consistency.findings import Finding, Kind
from runyard.registry.model_versions.tables import model_versions
from runyard.registry.registered_models.tables import registered_models
from runyard.tracking.experiments.stages import ACTIVE
from runyard.tracking.logged_models.entities import LoggedModelStatus
from runyard.tracking.logged_models.tables import logged_model_tags, logged_models
from runyard.tracking.runs.tables import runs, tags

PIECE = 500
"""Rows read in one transaction."""
AT_ONCE = 8
"""Locations asked at the same time: a store in S3 takes some milliseconds for each."""
Opened = Callable[[str], tuple[ArtifactRepository, str] | None]
"""Opens a location: a repository, and the path in it. None where this machine cannot look."""


@dataclass(frozen=True)
class Asked:
    """A location of files that a row needs.

    Attributes
    ----------
    number: Internal number of the row.
    what: The row, for people.
    uri: Where its files are.
    path: The file or folder that must be there; empty when any file will do.
    owners: Ids of the runs and logged models that the row names.
    """

    number: int
    what: str
    uri: str
    path: str = ""
    owners: tuple[tuple[str, str], ...] = ()


def rows_without_files(inspect: Inspect, opened: Opened) -> Iterator[tuple[int, list[Finding], list[str]]]:
    """Compare every row that needs files with them; yields how many, findings, and locations that could not be opened.

    Parameters
    ----------
    inspect: Performs what reads: the gate's.
    """
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="runyard-check") as threads:
        for read in (_models, _versions, _tables):
            for asked in _pieces(inspect, read):
                gone = inspect(lambda tx, asked=asked: _gone(tx, asked))  # type: ignore[misc]
                answers = list(threads.map(lambda one: _looked_for(one, opened), asked))
                found = [finding for finding in answers if isinstance(finding, Finding)]
                found += [
                    Finding(Kind.OWNER_MISSING, one.what, one.uri, f"names {kind} {owner}, which does not exist")
                    for one in asked
                    for kind, owner in one.owners
                    if (kind, owner) in gone
                ]
                yield len(asked), found, [answer for answer in answers if isinstance(answer, str)]


def _pieces(inspect: Inspect, read: Callable[[Transaction, int], list[Asked]]) -> Iterator[list[Asked]]:
    after = 0
    while asked := inspect(lambda tx, after=after: read(tx, after)):  # type: ignore[misc]
        yield asked
        after = asked[-1].number


def _models(tx: Transaction, after: int) -> list[Asked]:
    """Logged models that are ready: the files of others are not promised, and those of external ones are elsewhere."""
    columns = logged_models.c
    elsewhere = sa.exists().where(
        logged_model_tags.c.logged_model_id == columns.id, logged_model_tags.c.key == EXTERNAL_TAG
    )
    chosen = sa.select(columns.id, columns.model_id, columns.name, columns.artifact_location).where(
        columns.id > after,
        columns.lifecycle_stage == ACTIVE,
        columns.status == LoggedModelStatus.READY.to_int(),
        ~elsewhere,
    )
    return [
        Asked(number, f"logged model {model_id} ({name!r})", location)
        for number, model_id, name, location in tx.execute(chosen.order_by(columns.id).limit(PIECE))
    ]


def _versions(tx: Transaction, after: int) -> list[Asked]:
    columns = model_versions.c
    chosen = sa.select(
        columns.id,
        registered_models.c.name,
        columns.version,
        columns.source,
        columns.storage_location,
        columns.run_id,
        columns.logged_model_id,
    ).join(registered_models, registered_models.c.id == columns.registered_model_id)
    found = []
    for row in tx.execute(chosen.where(columns.id > after).order_by(columns.id).limit(PIECE)):
        named = (("run", row.run_id), ("logged model", row.logged_model_id))
        owners = tuple((kind, owner) for kind, owner in named if owner)
        uri = row.storage_location or row.source
        found.append(Asked(row.id, f"version {row.version} of {row.name!r}", uri, owners=owners))
    return found


def _tables(tx: Transaction, after: int) -> list[Asked]:
    """The tables of runs, a row for each; a run with several has the same number in all of them."""
    chosen = sa.select(runs.c.id, runs.c.run_uuid, runs.c.artifact_uri, tags.c.value).join(
        tags, sa.and_(tags.c.run_id == runs.c.id, tags.c.key == TABLES_TAG)
    )
    chosen = chosen.where(runs.c.id > after, runs.c.lifecycle_stage == ACTIVE).order_by(runs.c.id).limit(PIECE)
    found = []
    for number, run_id, uri, text in tx.execute(chosen):
        paths = _paths(text)
        found += [Asked(number, f"table {path!r} of run {run_id}", uri, path) for path in paths]
        if not paths:  # the next piece begins behind it
            found.append(Asked(number, f"run {run_id}", ""))
    return found


def _paths(text: str) -> list[str]:
    try:
        return [str(entry["path"]) for entry in json.loads(text)]
    except (ValueError, TypeError, KeyError):
        return []  # another program wrote it


def _gone(tx: Transaction, asked: Sequence[Asked]) -> set[tuple[str, str]]:
    """Which of the runs and logged models that rows name do not exist."""
    gone: set[tuple[str, str]] = set()
    columns: tuple[tuple[str, sa.Column[Any]], ...] = (
        ("run", runs.c.run_uuid),
        ("logged model", logged_models.c.model_id),
    )
    for kind, column in columns:
        named = sorted({owner for one in asked for of, owner in one.owners if of == kind})
        there = set(tx.execute(sa.select(column).where(one_of_values(tx.dialect, column, named))).scalars())
        gone |= {(kind, owner) for owner in named if owner not in there}
    return gone


def _looked_for(one: Asked, opened: Opened) -> Finding | str | None:
    """What is wrong with the files of a row; the location where this machine cannot look; None when all is well."""
    if not one.uri:
        return None
    try:
        found = opened(one.uri)
        if found is None:
            return one.uri
        repository, path = found
        if holds_any(repository, joined(path, one.path)):
            return None
    except (RunyardException, OSError) as problem:
        return Finding(Kind.UNREADABLE, one.what, one.uri, f"cannot be read: {str(problem).rstrip('.')}")
    return Finding(Kind.FILES_MISSING, one.what, one.uri, "is not there" if one.path else "has no files")
