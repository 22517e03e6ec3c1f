"""A store of its own for tests that save and log models."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import runyard
from tests.support.fluent import forget_everything


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder that a test works in, with its store."""
    monkeypatch.chdir(tmp_path)
    runyard.set_tracking_uri(f"sqlite:///{tmp_path}/runs.db")
    yield tmp_path
    forget_everything()
