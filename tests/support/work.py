"""How much of a database an answer reads, which says whether its cost grows with the store."""

from typing import Any

import sqlalchemy as sa

from runyard.db.transaction import Transaction
from runyard.gate.gate import Gate
from runyard.gate.performers import performer
from runyard.protocol.message import AnyMessage

_STEP = 100
_READ = (
    "SELECT coalesce(sum(pg_stat_get_xact_tuples_returned(oid)), 0) FROM pg_class"
    " WHERE relkind IN ('r', 'i') AND relnamespace = 'public'::regnamespace"
)


def work_of(gate: Gate, message: AnyMessage) -> int:
    """Rows and index entries that performing a message reads on PostgreSQL; hundreds of steps of SQLite's machine."""
    with gate.engines.reading.connect() as connection:
        perform, tx = performer(type(message)), Transaction(connection, gate.settings)
        perform(tx, message)  # what is prepared once
        if tx.dialect == "postgresql":
            connection.execute(sa.text("SET LOCAL enable_seqscan = off"))  # which is best for the small tables of tests
            before = connection.execute(sa.text(_READ)).scalar_one()
            perform(tx, message)
            return int(connection.execute(sa.text(_READ)).scalar_one() - before)
        steps: list[None] = []
        driver: Any = connection.connection.dbapi_connection
        driver.set_progress_handler(lambda: steps.append(None), _STEP)
        try:
            perform(tx, message)
        finally:
            driver.set_progress_handler(None, 0)
        return len(steps)
