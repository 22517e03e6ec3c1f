"""Connections to PostgreSQL that one gate leaves to the next.

Each is a process of the server's that must read the catalogue before it knows the tables: longer than most tests take.
Everything else is each gate's own: engines, pools and who listens to them. A connection is handed on as a new one is.
"""

from collections import defaultdict
from collections.abc import Callable
from functools import partial
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg.pq import TransactionStatus

_kept: dict[tuple[str, str], list[psycopg.Connection[Any]]] = defaultdict(list)
"""Those that nobody uses, by database and purpose."""


def hand_on(engine: sa.Engine, purpose: str) -> None:
    """Let an engine use the connections of those before it, and leave its own to those after it.

    Parameters
    ----------
    purpose: Connections of different purposes are not mixed.
    """
    place = (str(engine.url.database), purpose)
    dialect: Any = engine.dialect
    sa.event.listen(engine, "do_connect", lambda *_: _taken(place))
    dialect.do_close = partial(_given_back, place, dialect.do_close)


def backends(database: str) -> list[int]:
    """The server's processes of the connections to a database that nobody uses."""
    return [one.info.backend_pid for (name, _), kept in _kept.items() if name == database for one in kept]


def close(database: str | None = None) -> None:
    """Close the connections to a database that nobody uses, or to all."""
    for place in [place for place in _kept if database in (None, place[0])]:
        for connection in _kept.pop(place):
            connection.close()


def _taken(place: tuple[str, str]) -> psycopg.Connection[Any] | None:
    while True:
        try:
            connection = _kept[place].pop()
        except IndexError:
            return None
        try:
            connection.execute("SELECT 1")
            connection.rollback()
        except psycopg.Error:  # a test may have ended it, or the database
            connection.close()
        else:
            return connection


def _given_back(place: tuple[str, str], close: Callable[[Any], None], connection: psycopg.Connection[Any]) -> None:
    if connection.closed or connection.info.transaction_status is not TransactionStatus.IDLE:
        close(connection)
        return
    try:
        connection.autocommit = True
        connection.execute("DISCARD ALL")  # as for a new session: settings, locks, what was prepared
        connection.autocommit = False
    except psycopg.Error:
        close(connection)
    else:
        _kept[place].append(connection)
