"""Pages by key: a page begins behind the last row of the page before, so a deep page costs what the first costs.

A token holds the sort key of that row and a digest of the query, so that it cannot be used with another. MLflow's own
tokens, which count rows, are taken too.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from runyard.exceptions import InvalidParameter

_TYPES: dict[str, tuple[type, ...]] = {"text": (str,), "integer": (int,), "number": (int, float)}


@dataclass(frozen=True)
class SortColumn:
    """A column rows are ordered by. It is never NULL.

    Attributes
    ----------
    expression: The SQL.
    kind: ``text``, ``integer`` or ``number``.
    descending: Greatest first?
    indexed: May a bound on this column alone help the database to begin in the right place?
    """

    expression: sa.ColumnElement[Any]
    kind: str
    descending: bool = False
    indexed: bool = False

    def ordered(self) -> sa.ColumnElement[Any]:
        """For ORDER BY."""
        return self.expression.desc() if self.descending else self.expression.asc()

    def behind(self, value: Any) -> sa.ColumnElement[bool]:
        """Rows that come after this value."""
        return self.expression < value if self.descending else self.expression > value


@dataclass(frozen=True)
class Start:
    """Where a page begins: behind a key, or after so many rows."""

    key: tuple[Any, ...] | None = None
    offset: int = 0


def query_digest(*parts: object) -> str:
    """A short text that two different queries do not share."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def write_token(key: Sequence[Any], digest: str) -> str:
    """The token of the page behind this key."""
    return base64.b64encode(json.dumps({"after": list(key), "of": digest}).encode()).decode()


def read_token(token: str | None, columns: Sequence[SortColumn], digest: str) -> Start:
    """Where the page begins that a token names; at the start without one.

    Raises
    ------
    InvalidParameter: Not a token of this server, or one of another query.
    """
    if not token:
        return Start()
    fields = _decoded(token)
    if set(fields) == {"offset"} and type(fields["offset"]) is int and 0 < fields["offset"] < 2**62:
        return Start(offset=fields["offset"])
    key = fields.get("after")
    if not isinstance(key, list) or len(key) != len(columns) or not all(map(_fits, columns, key)):
        raise _not_ours()
    if fields.get("of") != digest:
        raise InvalidParameter(
            "The page token belongs to another search. Send the same filter, order and experiments with it, or no token."
        )
    return Start(key=tuple(key))


def _decoded(token: str) -> dict[str, Any]:
    try:
        fields = json.loads(base64.b64decode(token, validate=True))
    except (binascii.Error, ValueError, RecursionError):
        raise _not_ours() from None
    if not isinstance(fields, dict):
        raise _not_ours()
    return fields


def _not_ours() -> InvalidParameter:
    return InvalidParameter("The page token is not one of this server's. Take it from the answer before, unchanged.")


def _fits(column: SortColumn, value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, _TYPES[column.kind]):
        return False
    return not isinstance(value, int) or -(2**63) <= value < 2**63


def page(statement: sa.Select[Any], columns: Sequence[SortColumn], start: Start, most: int) -> sa.Select[Any]:
    """The statement for one page and one row more, which tells whether there is another page."""
    if start.key is not None:
        statement = statement.where(_behind(columns, start.key))
        first = columns[0]
        if first.indexed:  # implied by the condition above, but only so does the database see where to begin
            bound = start.key[0]
            statement = statement.where(first.expression <= bound if first.descending else first.expression >= bound)
    return statement.order_by(*(column.ordered() for column in columns)).limit(most + 1).offset(start.offset or None)


def _behind(columns: Sequence[SortColumn], key: Sequence[Any]) -> sa.ColumnElement[bool]:
    choices = []
    for place, column in enumerate(columns):
        same = [earlier.expression == value for earlier, value in zip(columns[:place], key, strict=False)]
        choices.append(sa.and_(*same, column.behind(key[place])))
    return sa.or_(*choices)
