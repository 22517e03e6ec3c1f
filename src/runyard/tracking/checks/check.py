"""One check, a piece at a time."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from runyard.db.jobs import Administer, Inspect, Unfinished
from runyard.db.transaction import Transaction

Compare = Callable[[Transaction, Sequence[int], bool], list["Difference"]]
"""Compares what some rows hold; locks them if it is to be changed afterwards."""
Mend = Callable[[Transaction, Sequence["Difference"]], "list[Difference] | Unfinished"]
"""Writes what the rows say where it differed, in one transaction or in several; returns what it mended."""


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
    compare: The differences of the rows with these numbers.
    mend: Mends differences that were found. Writes may have come since.
    only: Which rows hold derived values; all of them when None.
    """

    what: str
    column: sa.Column[int]
    piece: int
    compare: Compare
    mend: Mend
    only: sa.ColumnElement[bool] | None = None

    def count(self, tx: Transaction) -> int:
        """Number of rows to compare."""
        return int(tx.scalar(self._rows(sa.func.count())))

    def next_numbers(self, tx: Transaction, after: int) -> list[int]:
        """The numbers of the next rows to compare."""
        chosen = self._rows(self.column).where(self.column > after).order_by(self.column).limit(self.piece)
        return list(tx.execute(chosen).scalars())

    def _rows(self, column: sa.ColumnElement[int]) -> sa.Select[int]:
        chosen = sa.select(column).select_from(self.column.table)
        return chosen if self.only is None else chosen.where(self.only)


def compared_again(compare: Compare, write: Callable[[Transaction, Sequence[int]], None]) -> Mend:
    """Mends by comparing again in the transaction that writes, and writing what differs then.

    Parameters
    ----------
    write: Writes what the rows say for the rows with these numbers.
    """

    def mend(tx: Transaction, differences: Sequence[Difference]) -> list[Difference]:
        found = compare(tx, [each.number for each in differences], True)
        write(tx, [each.number for each in found])
        return found

    return mend


def examined(check: Check, inspect: Inspect, administer: Administer | None) -> Iterator[tuple[int, list[Difference]]]:
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
            found = administer(lambda tx, found=found: check.mend(tx, found))  # type: ignore[misc]
        yield len(numbers), found
        after = numbers[-1]


def _next_piece(tx: Transaction, check: Check, after: int) -> tuple[list[int], list[Difference]]:
    numbers = check.next_numbers(tx, after)
    return numbers, check.compare(tx, numbers, False) if numbers else []
