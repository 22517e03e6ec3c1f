"""A real PostgreSQL cluster for the tests, started on a free port of the loopback address."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

USER = "runyard"
_RULES = "host all asked_for_password 127.0.0.1/32 scram-sha-256\nhost all turned_away 127.0.0.1/32 reject\n"
"""Roles that tests may create; all others are let in without a password."""
SYSTEM_USER = "nobody"  # PostgreSQL refuses to run as root


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

    def new_database(self) -> str:
        """Create an empty database; returns its URI."""
        self._made += 1
        name = f"test_{os.getpid()}_{self._made}"
        self.psql(
            "postgres", f"CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'"
        )
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{name}"

    def drop_database(self, uri: str) -> None:
        """Remove a database and its open connections."""
        self.psql("postgres", f'DROP DATABASE IF EXISTS "{uri.rpartition("/")[2]}" WITH (FORCE)')

    def psql(self, database: str, statement: str) -> None:
        """Execute one statement."""
        arguments = ["-h", "127.0.0.1", "-p", str(self.port), "-U", USER, "-d", database, "-qc", statement]
        subprocess.run([self.programs / "psql", *arguments], check=True, capture_output=True)

    def stop(self) -> None:
        """Stop it and remove its files."""
        _as_unprivileged([self.programs / "pg_ctl", "-D", self.folder / "data", "-m", "immediate", "-w", "stop"])
        shutil.rmtree(self.folder, ignore_errors=True)


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
