"""The SDK's module as a script sees it, in the process of the tests: fixtures, and what it is to forget after each."""

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import runyard
from runyard.client.local import ARTIFACT_FOLDER
from runyard.fluent import clients, experiments, run_end, stack
from tests.support.sqlite import new_store


@pytest.fixture
def mlflow(tmp_path: Path, clean_environment: None) -> Iterator[ModuleType]:
    """`import runyard as mlflow` in an empty folder, with nothing chosen but an empty database."""
    runyard.set_tracking_uri(new_store(tmp_path / "runyard.db", tmp_path / ARTIFACT_FOLDER))
    yield runyard
    forget_everything()


@pytest.fixture
def store(mlflow: ModuleType, tmp_path: Path) -> Path:
    """The folder that a test works in, with its store."""
    return tmp_path


def forget_everything() -> None:
    """Leave no run, experiment, model or address behind for the next test."""
    run_end.end_all("FINISHED")
    experiments.activate(None)
    runyard.clear_active_model()
    runyard.set_tracking_uri(None)
    runyard.set_registry_uri(None)
    stack.forget()
    clients.forget()
