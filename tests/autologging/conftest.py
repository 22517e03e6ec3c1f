"""The module as a script sees it, with automatic logging switched off again after each test."""

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import runyard
from runyard.autologging import integrations, patches
from tests.support.fluent import forget_everything


@pytest.fixture
def mlflow(tmp_path: Path, clean_environment: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """`import runyard as mlflow` in an empty folder, with an empty database."""
    monkeypatch.chdir(tmp_path)
    runyard.set_tracking_uri(f"sqlite:///{tmp_path / 'runyard.db'}")
    yield runyard
    patches.revert("sklearn")
    integrations.AUTOLOGGING_INTEGRATIONS.pop("sklearn", None)
    forget_everything()
