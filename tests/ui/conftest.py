"""The pages over a real store, asked without a network."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from fastapi import FastAPI

from runyard.gate.gate import Gate
from runyard.ui import Pages
from tests.support.checked_gate import CheckedGate
from tests.support.sqlite import new_store
from tests.ui.asking import Reader
from tests.ui.stories import Story, a_story


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    """A gate on an empty SQLite database; what differs between databases is tested elsewhere."""
    with closing(_gate_in(tmp_path)) as opened:
        yield opened


def _gate_in(folder: Path) -> Gate:
    root = str(folder / "artifacts")
    uri = new_store(folder / "store.db", folder / "artifacts")
    return CheckedGate.open(uri, artifact_root=root, artifact_places=[root])


@pytest.fixture
def reader(gate: Gate) -> Reader:
    """Someone who reads pages and sends forms."""
    return reader_of(gate)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Reader, Story]]:
    """A reader of a store with three runs side by side and a model, for all tests of a module that change nothing."""
    with closing(_gate_in(tmp_path_factory.mktemp("shared"))) as opened:
        yield reader_of(opened), a_story(opened, nested=False)


def reader_of(gate: Gate, prefix: str = "") -> Reader:
    """A reader of the pages over this store."""
    app = FastAPI(openapi_url=None)
    app.include_router(Pages(gate, prefix).router())
    return Reader(app)
