"""Delivers journals that other processes left behind, because they were killed or their server was down."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from runyard.client.delivery import Rejects, deliver, rounds
from runyard.client.errors import Unreachable
from runyard.client.senders import Sender, sender_for
from runyard.client.spool import REJECTED, SUFFIX, address_of, spool_folder, take_over, undelivered
from runyard.exceptions import RunyardException

PATIENCE = 10.0


@dataclass
class Delivered:
    """What became of one journal.

    Attributes
    ----------
    path: The journal.
    address: The store it is for.
    delivered: Entries the store has now.
    rejected: Entries the store refused; kept beside the journal with the reason.
    problem: Why delivery ended early; None when nothing is left.
    """

    path: Path
    address: str
    delivered: int = 0
    rejected: int = 0
    problem: str | None = None


def left_behind(folder: Path | None = None) -> Iterator[tuple[Path, str]]:
    """Journals with the store each is for."""
    for path in sorted((folder or spool_folder()).glob(f"*{SUFFIX}")):
        address = address_of(path)
        if address is not None:
            yield path, address


def deliver_left_behind(folder: Path | None = None, sender: Sender | None = None) -> list[Delivered]:
    """Deliver every journal whose process is gone.

    Parameters
    ----------
    folder: Where to look; the spool folder when None.
    sender: Deliver only journals for this sender's store, through it.
    """
    outcomes = []
    for path, address in left_behind(folder):
        if sender is not None and address != sender.address:
            continue
        descriptor = take_over(path)
        if descriptor is None:
            continue
        try:
            outcomes.append(_deliver(path, address, sender, descriptor))
        finally:
            os.close(descriptor)
    return outcomes


def _deliver(path: Path, address: str, sender: Sender | None, descriptor: int) -> Delivered:
    outcome = Delivered(path, address)
    rejects = Rejects(path.with_suffix(REJECTED), address)
    try:
        carrier = sender or sender_for(address)
        for portion in rounds(undelivered(path)):
            before = rejects.count
            deliver(carrier, portion, rejects, PATIENCE)
            os.write(descriptor, f'["a",{portion[-1].end}]\n'.encode())
            outcome.delivered += len(portion) - (rejects.count - before)
    except (Unreachable, RunyardException, OSError) as problem:
        outcome.problem = str(problem)
    else:
        path.unlink(missing_ok=True)
    outcome.rejected = rejects.count
    return outcome
