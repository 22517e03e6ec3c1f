"""A session of Spark, and automatic logging switched off again after each test."""

from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from runyard.autologging import integrations, patches
from tests.spark.examples import session


@pytest.fixture(scope="session")
def spark() -> Any:
    """The session of all tests."""
    return session()


@pytest.fixture
def mlflow(mlflow: ModuleType) -> Iterator[ModuleType]:
    """`import runyard as mlflow`, on a store of the test's own."""
    yield mlflow
    patches.revert("pyspark.ml")
    integrations.AUTOLOGGING_INTEGRATIONS.pop("pyspark.ml", None)
