"""One check, a piece at a time."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import sqlalchemy as sa

from runyard.db.transaction import Transaction

T = TypeVar("T")


@dataclass(frozen=True)
class Difference:
    """A derived value that is not what its rows say.

    Attributes
    ----------
    number: Internal number of the row that holds it.
    text: What differs, for people.
    """

    number: int
    text: str


@dataclass(frozen=True)
class Check:
    """Compares derived values with their rows.

    Attributes
    ----------
    what: What is compared, in the plural.
    column: Internal number of the rows that hold the derived values.
    piece: Number of rows compared in one transaction.
    compare: The differences of the rows with these numbers. Locks them when asked to change them afterwards.
    mend: Writes what the rows say where it differs.
    """

    what: str
    column: sa.Column[int]
    piece: int
    compare: Callable[[Transaction, Sequence[int], bool], list[Difference]]
    mend: Callable[[Transaction, Sequence[int]], None]

    def count(self, tx: Transaction) -> int:
        """Number of rows to compare."""
        return int(tx.scalar(sa.select(sa.func.count()).select_from(self.column.table)))


class Perform(Protocol):
    """Performs work in a transaction, as the gate does."""

    def __call__(self, work: Callable[[Transaction], T]) -> T:
        """Perform it, and return what it returns."""


def examined(check: Check, inspect: Perform, administer: Perform | None) -> Iterator[tuple[int, list[Difference]]]:
    """Compare everything; yields the number of rows compared and their differences, piece by piece.

    Parameters
    ----------
    inspect: Performs what reads.
    administer: Performs what changes, to mend what differs; None leaves it.
    """
    after = 0
    while True:
        numbers, found = inspect(lambda tx, after=after: _next_piece(tx, check, after))  # type: ignore[misc]
        if not numbers:
            return
        if found and administer is not None:
            found = administer(lambda tx, wrong=[each.number for each in found]: _mended(tx, check, wrong))  # type: ignore[misc]
        yield len(numbers), found
        after = numbers[-1]


def _next_piece(tx: Transaction, check: Check, after: int) -> tuple[list[int], list[Difference]]:
    chosen = sa.select(check.column).where(check.column > after).order_by(check.column).limit(check.piece)
    numbers = list(tx.execute(chosen).scalars())
    return numbers, check.compare(tx, numbers, False) if numbers else []


def _mended(tx: Transaction, check: Check, numbers: Sequence[int]) -> list[Difference]:
    """Compare again, for writes may have come between; then mend."""
    found = check.compare(tx, numbers, True)
    check.mend(tx, [each.number for each in found])
    return found
