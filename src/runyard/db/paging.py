"""Pages by key: a page begins after the last row of the page before, so a deep page costs what the first costs.

A token holds the sort key of that row and a digest of the query, so that it cannot be used with another. MLflow's own
tokens, which count rows, work too.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import sqlalchemy as sa

from runyard.core.limits import check_storable
from runyard.db.transaction import Transaction
from runyard.exceptions import InvalidParameter


@dataclass(frozen=True)
class SortColumn:
    """A column rows are ordered by. It is never NULL.

    Attributes
    ----------
    expression: The SQL.
    kind: The type of its value in a token.
    descending: Greatest first?
    indexed: Whether an index serves a bound on this column alone.
    """

    expression: sa.ColumnElement[Any]
    kind: Literal["text", "integer", "number"]
    descending: bool = False
    indexed: bool = False

    def ordered(self) -> sa.ColumnElement[Any]:
        """For ORDER BY."""
        return self.expression.desc() if self.descending else self.expression.asc()

    def behind(self, value: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
        """Rows that come after this value."""
        return self.expression < value if self.descending else self.expression > value

    def from_here(self, value: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
        """Rows that have this value or come after it."""
        return self.expression <= value if self.descending else self.expression >= value


TYPES: dict[str, Any] = {"text": sa.Text(), "integer": sa.BigInteger(), "number": sa.Double()}
"""What a value of a token is bound as, by the kind of its column."""


@dataclass(frozen=True)
class Start:
    """Where a page begins: after a key, or after a number of rows."""

    key: tuple[Any, ...] | None = None
    offset: int = 0


class Listing:
    """What a statement selects, in an order. What reads it is made when it is first needed; it may be kept for later.

    Parameters
    ----------
    statement: Selects the one column that is wanted.
    columns: What to order by; together they are unique.
    same: Number of leading columns that all selected rows share, so that nothing need be sorted by them.
    """

    def __init__(self, statement: sa.Select[Any], columns: Sequence[SortColumn], same: int = 0) -> None:
        self._statement, self.columns, self._same = statement, columns, same

    def rows(self, tx: Transaction, start: Start, limit: int, **given: Any) -> list[Any]:
        """The first rows from a start, with the values of the columns behind. One statement.

        Parameters
        ----------
        given: Values of the statement's own parameters.
        """
        if start.key is None:
            statement = self._first
        else:
            statement = self._later
            given |= {f"after_{place}": value for place, value in enumerate(start.key)}
        if start.offset:
            statement = statement.offset(start.offset)
        return tx.tuples(statement, given | {"most": limit})

    @cached_property
    def _first(self) -> sa.Select[Any]:
        ordered = self._statement.order_by(*(column.ordered() for column in self.columns[self._same :]))
        return ordered.add_columns(*(column.expression for column in self.columns)).limit(sa.bindparam("most"))

    @cached_property
    def _later(self) -> sa.Select[Any]:
        key = [sa.bindparam(f"after_{place}", type_=TYPES[each.kind]) for place, each in enumerate(self.columns)]
        return self._first.where(*behind(self.columns, key))


def read_page(
    tx: Transaction,
    statement: sa.Select[Any],
    columns: Sequence[SortColumn],
    query: Sequence[object],
    max_results: int,
    page_token: str | None,
) -> tuple[list[Any], str | None]:
    """One page of what a statement selects, and the token of the next page. One statement.

    Parameters
    ----------
    statement: Selects the one column that is wanted.
    columns: What to order by; together they are unique.
    query: The query as plain data. A token is valid for the same query only.

    Raises
    ------
    InvalidParameter: The token is not one of this query.
    """
    page = Page(columns, query, max_results, page_token)
    return page.cut(page.rows(tx, statement))


class Page:
    """A page that is asked for, for callers that read its rows themselves.

    Parameters
    ----------
    columns, query, max_results, page_token: As of `read_page`.

    Attributes
    ----------
    start: Where it begins.
    wanted: Number of rows to read: an extra one shows whether there is another page.

    Raises
    ------
    InvalidParameter: The token is not one of this query.
    """

    def __init__(
        self, columns: Sequence[SortColumn], query: Sequence[object], max_results: int, page_token: str | None
    ) -> None:
        self._columns = columns
        self._digest = query_digest(query)
        self._max_results = max_results
        self.start = read_token(page_token, columns, self._digest)
        self.wanted = max_results + 1

    def rows(self, tx: Transaction, statement: sa.Select[Any]) -> list[Any]:
        """The rows of the page among what a statement selects. One statement."""
        return Listing(statement, self._columns).rows(tx, self.start, self.wanted)

    def leading(self, tx: Transaction, statement: sa.Select[Any], limit: int, same: int = 0) -> list[Any]:
        """Rows after the key where the page begins, in order; an offset is left to the caller. One statement.

        Parameters
        ----------
        same: Number of leading columns that all selected rows share, so that nothing need be sorted by them.
        """
        return Listing(statement, self._columns, same).rows(tx, Start(self.start.key), limit)

    def cut(self, rows: Sequence[Any]) -> tuple[list[Any], str | None]:
        """The first column of the page's rows, and the token of the next page."""
        more = len(rows) > self._max_results
        next_token = write_token(rows[self._max_results - 1][1:], self._digest) if more else None
        return [row[0] for row in rows[: self._max_results]], next_token


def behind(columns: Sequence[SortColumn], key: Sequence[sa.ColumnElement[Any]]) -> list[sa.ColumnElement[bool]]:
    """The conditions that a row comes after a key, in the order of the columns."""
    choices = []
    for place, column in enumerate(columns):
        same = [earlier.expression == value for earlier, value in zip(columns[:place], key, strict=False)]
        choices.append(sa.and_(*same, column.behind(key[place])))
    # The first column's bound follows from the others, but the database only uses it when it is explicit.
    bound = [columns[0].from_here(key[0])] if columns[0].indexed else []
    return [*bound, sa.or_(*choices)]


def query_digest(query: Sequence[object]) -> str:
    """A short text that two different queries do not share."""
    return hashlib.sha256(json.dumps(query).encode()).hexdigest()[:16]


def write_token(key: Sequence[Any], digest: str) -> str:
    """The token of the page after this key."""
    return encode_token({"after": list(key), "of": digest})


def read_token(token: str | None, columns: Sequence[SortColumn], digest: str) -> Start:
    """Where a token's page begins; the start without a token.

    Raises
    ------
    InvalidParameter: Not a token of this server, or one of another query.
    """
    if not token:
        return Start()
    fields = decode_token(token)
    if offset := offset_in(fields):
        return Start(offset=offset)
    key = fields.get("after")
    if not isinstance(key, list):
        raise foreign_token()
    if fields.get("of") != digest:
        raise InvalidParameter(
            "The page token belongs to another search. Send the filter, order and experiments that it came from, "
            "or no token."
        )
    if len(key) != len(columns) or not all(map(_fits, columns, key)):
        raise foreign_token()
    return Start(key=tuple(key))


def encode_token(fields: Mapping[str, Any]) -> str:
    """A page token that holds these fields."""
    return base64.b64encode(json.dumps(fields).encode()).decode()


def decode_token(token: str) -> dict[str, Any]:
    """The fields that a page token holds.

    Raises
    ------
    InvalidParameter: Not a token of this server.
    """
    try:
        fields = json.loads(base64.b64decode(token, validate=True))
    except (binascii.Error, ValueError, RecursionError):
        raise foreign_token() from None
    if not isinstance(fields, dict):
        raise foreign_token()
    return fields


def offset_in(fields: Mapping[str, Any]) -> int:
    """The number of rows that one of MLflow's tokens skips; 0 for other tokens."""
    offset = fields.get("offset")
    return offset if len(fields) == 1 and type(offset) is int and 0 < offset < 2**62 else 0


def foreign_token() -> InvalidParameter:
    """The error for a token that this server did not make."""
    return InvalidParameter("The page token is not one of this server's. Take it from the answer before, unchanged.")


def _fits(column: SortColumn, value: object) -> bool:
    if isinstance(value, str):
        check_storable("The page token", value)
        return column.kind == "text"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    if isinstance(value, float):
        return column.kind == "number" and value == value
    return column.kind != "text" and -(2**63) <= value < 2**63
