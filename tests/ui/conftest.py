"""The pages over a real store, asked without a network."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from runyard.gate.gate import Gate
from runyard.ui import Pages
from tests.support.checked_gate import CheckedGate
from tests.support.sqlite import new_store
from tests.ui.asking import Reader


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    """A gate on an empty SQLite database; what differs between databases is tested elsewhere."""
    root = str(tmp_path / "artifacts")
    uri = new_store(tmp_path / "store.db", tmp_path / "artifacts")
    opened = CheckedGate.open(uri, artifact_root=root, artifact_places=[root])
    yield opened
    opened.close()


@pytest.fixture
def reader(gate: Gate) -> Reader:
    """Someone who reads pages and sends forms."""
    return reader_of(gate)


def reader_of(gate: Gate, prefix: str = "") -> Reader:
    """A reader of the pages over this store."""
    app = FastAPI(openapi_url=None)
    app.include_router(Pages(gate, prefix).router())
    return Reader(app)
