"""Automatic logging is switched off again after each test."""

from collections.abc import Iterator
from types import ModuleType

import pytest

from runyard.autologging import integrations


@pytest.fixture
def mlflow(mlflow: ModuleType) -> Iterator[ModuleType]:
    """`import runyard as mlflow`, on a store of the test's own."""
    yield mlflow
    for library in ("catboost", "sklearn"):
        if library in integrations.AUTOLOGGING_INTEGRATIONS:
            getattr(mlflow, library).autolog(disable=True)
            integrations.AUTOLOGGING_INTEGRATIONS.pop(library)
