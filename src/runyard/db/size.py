"""How large a database is."""

from pathlib import Path

import sqlalchemy as sa

from runyard.db.engine import Engines


def stored_bytes(engines: Engines) -> int:
    """Bytes that the database takes on its disk: on SQLite the file with its log, on PostgreSQL what that counts."""
    if engines.dialect == "sqlite":
        file = str(engines.reading.url.database)
        return sum(part.stat().st_size for part in (Path(file), Path(f"{file}-wal")) if part.exists())
    with engines.reading.connect() as connection:
        return int(connection.execute(sa.text("SELECT pg_database_size(current_database())")).scalar_one())
