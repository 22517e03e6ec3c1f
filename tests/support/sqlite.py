"""New stores on SQLite, without the time that it takes to make their tables."""

import functools
import sqlite3
import tempfile
import time
from contextlib import closing
from pathlib import Path

from runyard.gate.gate import Gate

_UPDATE = "UPDATE experiments SET artifact_location = ?, creation_time = ?, last_update_time = ?"


def new_store(file: Path, artifact_root: Path) -> str:
    """Put a store into a file, as the first who opens a missing one does; returns its URI.

    Parameters
    ----------
    file: Where it is to be.
    artifact_root: The folder of its artifacts.
    """
    file.write_bytes(_store())
    now = time.time_ns() // 1_000_000
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute(_UPDATE, (f"{artifact_root}/0", now, now))
    return f"sqlite:///{file}"


@functools.cache
def _store() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "store.db")
        Gate.open(f"sqlite:///{file}", artifact_root=folder).close()
        return file.read_bytes()
