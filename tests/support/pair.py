"""Two servers on one database, for what happens at the same moment."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from runyard.server.settings import PROXIED_ROOT
from tests.support.postgres import Cluster
from tests.support.server import RunningServer

Servers = tuple[RunningServer, RunningServer]

ONE, ON_SQLITE, ON_POSTGRESQL = KINDS = ("one process", "two processes on SQLite", "two processes on PostgreSQL")


@contextmanager
def pair(request: pytest.FixtureRequest, folder: Path, *options: str) -> Iterator[Servers]:
    """Two servers on one database, or one server twice: the one of `KINDS` that the parameter of a fixture names.

    Parameters
    ----------
    folder: Where their databases and artifacts are.
    options: Their options.
    """
    cluster: Cluster | None = request.getfixturevalue("postgres") if request.param == ON_POSTGRESQL else None
    uri = cluster.store(PROXIED_ROOT) if cluster else f"sqlite:///{folder / 'runyard.db'}"
    servers = []
    try:
        for number in range(1 if request.param == ONE else 2):
            home = folder / f"server-{number}"
            home.mkdir()
            servers.append(RunningServer(home, uri, options=options).start())
        yield servers[0], servers[-1]
    finally:
        for server in servers:
            server.kill()
        if cluster:
            cluster.give_back(uri)
