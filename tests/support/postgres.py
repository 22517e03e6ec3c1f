"""A real PostgreSQL cluster for the tests, started on a free port of the loopback address."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import sqlalchemy as sa

from runyard.db.engine import parse_uri
from runyard.db.metadata import metadata
from runyard.db.schema import fill
from runyard.db.transaction import StoreSettings
from runyard.gate.gate import Gate
from tests.support import warm

USER = "runyard"
_RULES = "host all asked_for_password,composed 127.0.0.1/32 scram-sha-256\nhost all turned_away 127.0.0.1/32 reject\n"
"""Roles that tests may create; all others are let in without a password."""
SYSTEM_USER = "nobody"  # PostgreSQL refuses to run as root

_END_OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> ALL(%s::int[] || pg_backend_pid())"
)
_FEW = 1000
_RESTART_SEQUENCES = "SELECT setval(sequencename::regclass, start_value, false) FROM pg_sequences"


@dataclass
class Cluster:
    """A running cluster.

    Attributes
    ----------
    port: Where it listens on 127.0.0.1.
    """

    folder: Path
    port: int
    programs: Path
    _made: int = 0
    _stores: list[str] = field(default_factory=list)
    _emptying: dict[str, sa.Engine] = field(default_factory=dict)
    """A connection to each store that was given back: it knows the tables, which takes longer than to empty them."""

    def new_database(self) -> str:
        """Create an empty database; returns its URI."""
        self._made += 1
        name = f"test_{os.getpid()}_{self._made}"
        self.execute(
            "postgres", f"CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'"
        )
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{name}"

    def drop_database(self, uri: str) -> None:
        """Remove a database and its open connections."""
        warm.close(uri.rpartition("/")[2])
        self.execute("postgres", f'DROP DATABASE IF EXISTS "{uri.rpartition("/")[2]}" WITH (FORCE)')

    def store(self, artifact_root: str) -> str:
        """The URI of a database that holds what a new store does. To make the tables each time would take long."""
        if not self._stores:
            uri = self.new_database()
            Gate.open(uri, artifact_root=artifact_root).close()
            return uri
        uri = self._stores.pop()
        if uri not in self._emptying:  # the connection is tried first: tests end those of their databases
            self._emptying[uri] = sa.create_engine(parse_uri(uri), pool_size=1, pool_pre_ping=True)
        with self._emptying[uri].begin() as connection:
            connection.exec_driver_sql(_END_OTHERS, (warm.backends(uri.rpartition("/")[2]),))
            connection.exec_driver_sql(f"{_emptying(connection)}; {_RESTART_SEQUENCES}")
            fill(connection, StoreSettings(artifact_root))
        return uri

    def give_back(self, uri: str) -> None:
        """Let another test have the store."""
        self._stores.append(uri)

    def execute(self, database: str, statement: str) -> None:
        """Execute one statement."""
        with psycopg.connect(
            host="127.0.0.1", port=self.port, user=USER, dbname=database, autocommit=True
        ) as connection:
            connection.execute(statement.encode())

    def stop(self) -> None:
        """Stop it and remove its files."""
        warm.close()
        for engine in self._emptying.values():
            engine.dispose()
        _as_unprivileged([self.programs / "pg_ctl", "-D", self.folder / "data", "-m", "immediate", "-w", "stop"])
        shutil.rmtree(self.folder, ignore_errors=True)


def _emptying(connection: sa.Connection) -> str:
    """What empties the tables: a few rows are deleted sooner than files are made anew, and many are not."""
    tables = [table.name for table in reversed(metadata.sorted_tables)]
    if connection.exec_driver_sql(f"SELECT 1 FROM runs OFFSET {_FEW} LIMIT 1").first():
        return f"TRUNCATE {', '.join(tables)}"
    return "; ".join(f"DELETE FROM {table}" for table in tables)


def start_cluster() -> Cluster:
    """Make a cluster in a folder of its own and start it.

    Raises
    ------
    RuntimeError: The server's programs are not installed.
    """
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="runyard-pg-"))
    if os.geteuid() == 0:
        owner = pwd.getpwnam(SYSTEM_USER)
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    data = folder / "data"
    _as_unprivileged([programs / "initdb", "-D", data, "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "-N"])
    rules = data / "pg_hba.conf"
    rules.write_text(_RULES + rules.read_text())
    port = free_port()
    options = f"-p {port} -k {folder} -h 127.0.0.1 -c fsync=off -c max_connections=200"
    _as_unprivileged([programs / "pg_ctl", "-D", data, "-o", options, "-l", folder / "log", "-w", "start"])
    return Cluster(folder, port, programs)


def _programs() -> Path:
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "initdb").exists():
            return folder
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    raise RuntimeError("PostgreSQL's server programs are not installed; on Debian: apt-get install postgresql")


def _as_unprivileged(command: Sequence[object]) -> None:
    user = SYSTEM_USER if os.geteuid() == 0 else None
    subprocess.run([str(part) for part in command], check=True, user=user, capture_output=True, cwd="/")


def free_port() -> int:
    """A port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
