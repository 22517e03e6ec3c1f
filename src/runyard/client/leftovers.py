"""Delivers journals that other processes left behind, because they were killed or their server was down."""

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from runyard.client.delivery import Rejects, deliver, rounds, settled
from runyard.client.errors import Unreachable
from runyard.client.senders import Sender, sender_for
from runyard.client.spool import (
    REJECTED,
    SUFFIX,
    address_of,
    began,
    files_in,
    remove_journal,
    settled_line,
    spool_folder,
    take_over,
    undelivered,
)
from runyard.client.uploads import PARTIAL
from runyard.core.credentials import without_credentials
from runyard.core.store_address import absolute, sqlite_file
from runyard.core.tracking_uri import get_tracking_uri
from runyard.exceptions import RunyardException

PATIENCE = 10.0
SECONDS_TO_COPY = 24 * 3600.0
"""A copy that no journal speaks of and that nobody has touched for so long is of a process that was killed."""


@dataclass
class Delivered:
    """What became of one journal.

    Attributes
    ----------
    path: The journal.
    address: The store it is for.
    delivered: Entries the store has now.
    rejected: Entries the store refused; kept with the reason in `rejects`.
    rejects: Where they are kept.
    problem: Why delivery ended early; None when nothing is left.
    store_is_away: Is that because the store takes nothing from anybody?
    """

    path: Path
    address: str
    delivered: int = 0
    rejected: int = 0
    rejects: Path | None = None
    problem: str | None = None
    store_is_away: bool = False


def left_behind(folder: Path | None = None) -> Iterator[tuple[Path, str]]:
    """Journals that can be read with the store each is for, the oldest first; those in use too.

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


def deliver_left_behind(folder: Path | None = None, sender: Sender | None = None) -> Iterator[Delivered]:
    """Deliver every journal whose process is gone, and tell of each.

    Parameters
    ----------
    folder: Where to look; the spool folder when None.
    sender: Deliver only journals for this sender's store, through it.
    """
    _remove_partial_copies(folder or spool_folder())
    senders = {sender.address: sender} if sender else {}
    unreachable: dict[str, str] = {}
    try:
        for path, address in list(left_behind(folder)):
            if sender is not None and address != sender.address:
                continue
            try:
                descriptor = take_over(path)
            except OSError:  # another user's
                continue
            if descriptor is None:
                continue
            try:
                if address in unreachable:  # one long wait for a store that is down is enough
                    yield Delivered(path, address, problem=unreachable[address])
                    continue
                outcome = Delivered(path, address, problem=missing_database(address))
                if not outcome.problem:
                    if address not in senders:
                        senders[address] = _sender_for(address)
                    outcome = _deliver(path, address, senders[address], descriptor)
                if outcome.store_is_away and outcome.problem:
                    unreachable[address] = outcome.problem
                yield outcome
            except RunyardException as problem:  # an address that no store of this version has
                yield Delivered(path, address, problem=problem.message)
            finally:
                os.close(descriptor)
    finally:
        for made in senders.values():
            if made is not sender:
                made.close()


def _remove_partial_copies(folder: Path) -> None:
    for copy in files_in(folder, PARTIAL):
        with suppress(OSError):  # just taken into a journal, or another user's
            if copy.stat().st_ctime <= time.time() - SECONDS_TO_COPY:
                copy.unlink()


def missing_database(address: str) -> str | None:
    """What to say when a journal is for a database that is not there: a new, empty one would refuse everything."""
    file = sqlite_file(address)
    if file is None or file.exists():
        return None
    return "The database is not there any more. Put it back, or discard the journal: runyard sync --discard ID"


def _sender_for(address: str) -> Sender:
    """A sender with the credentials of the tracking URI, when that is the journal's store: a journal holds none."""
    configured = absolute(get_tracking_uri())
    return sender_for(configured if without_credentials(configured) == address else address)


def _deliver(path: Path, address: str, sender: Sender, descriptor: int) -> Delivered:
    outcome = Delivered(path, address)
    rejects = Rejects(path.with_suffix(REJECTED), address)
    try:
        for portion in rounds(undelivered(path, rejects.damaged)):
            before = rejects.count
            deliver(sender, portion, rejects, PATIENCE)
            os.write(descriptor, settled_line(portion[-1].end))
            settled(portion, rejects)
            outcome.delivered += len(portion) - (rejects.count - before)
    except Unreachable as problem:
        outcome.problem, outcome.store_is_away = problem.message, True
    except (RunyardException, OSError) as problem:
        outcome.problem = str(problem)
    else:
        remove_journal(path)
    if rejects.count:
        outcome.rejected, outcome.rejects = rejects.count, rejects.path
    return outcome
