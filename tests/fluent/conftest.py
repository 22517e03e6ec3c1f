"""The module as a script sees it, on a database of the test's own."""

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import runyard
from runyard.fluent import clients, experiments, run_end, stack


@pytest.fixture
def mlflow(tmp_path: Path, clean_environment: None) -> Iterator[ModuleType]:
    """`import runyard as mlflow`, with nothing chosen but an empty database."""
    runyard.set_tracking_uri(f"sqlite:///{tmp_path / 'runyard.db'}")
    yield runyard
    run_end.end_all("FINISHED")
    experiments.activate(None)
    runyard.set_tracking_uri(None)
    runyard.set_registry_uri(None)
    stack.forget()
    clients.forget()
