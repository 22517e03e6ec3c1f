"""Pythons of real mlflow clients that have loaded what programs import of them."""

from pathlib import Path

from tests.support.environments import environment
from tests.support.programs import forked_python

_LOADED = (
    "git",
    "mlflow.cli",
    "mlflow.pyfunc",
    "mlflow.sklearn",
    "pandas",
    "sklearn.linear_model",
    "sklearn.pipeline",
    "skops.io",
)


def real_client(name: str = "mlskinny3") -> Path:
    """The Python of a client. To load it takes longer than most programs, which are forks of one for all tests."""
    return forked_python(_LOADED, environment(name))
