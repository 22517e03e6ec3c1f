"""A store of its own for every test of evaluations."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import runyard
from tests.support.fluent import forget_everything


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep the runs of a test to itself."""
    monkeypatch.chdir(tmp_path)
    runyard.set_tracking_uri(f"sqlite:///{tmp_path}/runs.db")
    yield
    forget_everything()
