"""Every test of evaluations has a store of its own."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def own_store(store: Path) -> None:
    """Keep the runs of a test to itself."""
