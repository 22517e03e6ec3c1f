"""Delivers orphaned journals: their process was killed, or ended while its server was down."""

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from runyard.client.delivery import RejectedWrites, deliver, rounds, settled
from runyard.client.errors import Unreachable
from runyard.client.journal import (
    REJECTED,
    SUFFIX,
    address_of,
    began,
    files_in,
    lock_orphan,
    remove_journal,
    settled_line,
    spool_folder,
    undelivered,
)
from runyard.client.transports import Transport, transport_to
from runyard.client.uploads import PARTIAL
from runyard.core.credentials import without_credentials
from runyard.core.store_address import absolute, sqlite_file
from runyard.core.tracking_uri import get_tracking_uri
from runyard.exceptions import RunyardException

TIMEOUT = 10.0
MAX_COPY_SECONDS = 24 * 3600.0
"""Seconds after which a copy that no journal refers to is removed: its process was killed."""


@dataclass
class Delivery:
    """The result of delivering one journal.

    Attributes
    ----------
    path: The journal.
    address: The store it is for.
    delivered: Number of entries the store has now.
    rejected: Number of entries the store rejected; they are in `rejected_path` with the reason.
    rejected_path: The file with the rejected entries.
    problem: Why delivery stopped early; None when nothing is left.
    store_is_away: Whether it stopped because the store is unreachable.
    """

    path: Path
    address: str
    delivered: int = 0
    rejected: int = 0
    rejected_path: Path | None = None
    problem: str | None = None
    store_is_away: bool = False


def journals(folder: Path | None = None) -> Iterator[tuple[Path, str]]:
    """Readable journals, those in use too, each with its store's address, oldest first.

    Raises
    ------
    OSError: The folder cannot be read.
    """
    found = []
    for path in files_in(folder or spool_folder(), SUFFIX):
        with suppress(OSError):
            found.append((began(path), path, address_of(path)))
    for _, path, address in sorted(found, key=lambda one: one[:2]):
        if address is not None:
            yield path, address


def deliver_orphans(folder: Path | None = None, transport: Transport | None = None) -> Iterator[Delivery]:
    """Deliver every orphaned journal; yields a result for each.

    Parameters
    ----------
    folder: Where to look; the spool folder when None.
    transport: Deliver only journals for this transport's store, through it.
    """
    _remove_partial_copies(folder or spool_folder())
    transports = {transport.address: transport} if transport else {}
    unreachable: dict[str, str] = {}
    try:
        for path, address, descriptor in _locked_orphans(folder, transport):
            try:
                if address in unreachable:  # waiting once for a store that is down is enough
                    yield Delivery(path, address, problem=unreachable[address])
                    continue
                outcome = Delivery(path, address, problem=missing_database(address))
                if not outcome.problem:
                    if address not in transports:
                        transports[address] = _transport_to(address)
                    outcome = _deliver(path, address, transports[address], descriptor)
                if outcome.store_is_away and outcome.problem:
                    unreachable[address] = outcome.problem
                yield outcome
            except RunyardException as problem:  # an address this version does not know
                yield Delivery(path, address, problem=problem.message)
    finally:
        for made in transports.values():
            if made is not transport:
                made.close()


def _locked_orphans(folder: Path | None, transport: Transport | None) -> Iterator[tuple[Path, str, int]]:
    """Orphaned journals, their stores and their descriptors, locked until the next one is asked for.

    A journal whose process was killed after its last delivery is removed here: no store need be asked.
    """
    for path, address in list(journals(folder)):
        if transport is not None and address != transport.address:
            continue
        try:
            descriptor = lock_orphan(path)
        except OSError:  # another user's
            continue
        if descriptor is None:
            continue
        try:
            if _holds_any(path):
                yield path, address, descriptor
            else:
                remove_journal(path)
        finally:
            os.close(descriptor)


def _holds_any(path: Path) -> bool:
    """Whether anything in a journal was not delivered, be it damaged."""
    damaged: list[str] = []
    first = next(undelivered(path, lambda line, _reason: damaged.append(line)), None)
    return first is not None or bool(damaged)


def _remove_partial_copies(folder: Path) -> None:
    for copy in files_in(folder, PARTIAL):
        with suppress(OSError):  # just taken over by a journal, or another user's
            if copy.stat().st_ctime <= time.time() - MAX_COPY_SECONDS:
                copy.unlink()


def missing_database(address: str) -> str | None:
    """The problem when a journal's database is gone: a new, empty one would reject everything. None if it exists."""
    file = sqlite_file(address)
    if file is None or file.exists():
        return None
    return "The database is not there any more. Put it back, or discard the journal: runyard sync --discard ID"


def _transport_to(address: str) -> Transport:
    """A transport, with the tracking URI's credentials if that is the journal's store: a journal holds none."""
    configured = absolute(get_tracking_uri())
    return transport_to(configured if without_credentials(configured) == address else address)


def _deliver(path: Path, address: str, transport: Transport, descriptor: int) -> Delivery:
    outcome = Delivery(path, address)
    rejected_writes = RejectedWrites(path.with_suffix(REJECTED), address)
    try:
        for portion in rounds(undelivered(path, rejected_writes.damaged)):
            before = rejected_writes.count
            deliver(transport, portion, rejected_writes, TIMEOUT)
            os.write(descriptor, settled_line(portion[-1].end))
            settled(portion, rejected_writes)
            outcome.delivered += len(portion) - (rejected_writes.count - before)
    except Unreachable as problem:
        outcome.problem, outcome.store_is_away = problem.message, True
    except (RunyardException, OSError) as problem:
        outcome.problem = str(problem)
    else:
        remove_journal(path)
    if rejected_writes.count:
        outcome.rejected, outcome.rejected_path = rejected_writes.count, rejected_writes.path
    return outcome
