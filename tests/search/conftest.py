"""A store that the tests of a module share: each searches an experiment of its own."""

from collections.abc import Iterator

import pytest

from runyard.gate.gate import Gate
from tests.support import sqlite
from tests.support.checked_gate import CheckedGate


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def gate(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    """A gate on a database of the module, on SQLite and on PostgreSQL in turn."""
    folder = tmp_path_factory.mktemp("store")
    cluster = request.getfixturevalue("postgres") if request.param == "postgresql" else None
    artifacts = folder / "artifacts"
    uri = cluster.store(str(artifacts)) if cluster else sqlite.new_store(folder / "store.db", artifacts)
    opened = CheckedGate.open(uri, artifact_root=str(artifacts))
    yield opened
    opened.close()
    if cluster:
        cluster.give_back(uri)
