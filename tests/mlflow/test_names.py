"""The table of MLflow's names: each leads somewhere, under `runyard` too, and none hides a module of ours."""

import importlib
from importlib.machinery import PathFinder

import pytest

from runyard.mlflow.names import HOMES


@pytest.mark.parametrize("name", HOMES)
def test_each_name_can_be_had_without_the_alias(name: str) -> None:
    """`import runyard as mlflow; mlflow.tracking.client` works in scripts that changed that one line."""
    module, _, last = f"runyard.{name}".rpartition(".")

    assert getattr(importlib.import_module(module), last) is not None


@pytest.mark.parametrize("name", [name for name, home in HOMES.items() if home.endswith(":")])
def test_each_module_can_be_imported_without_the_alias(name: str) -> None:
    """It is the module at its home, so that no state exists twice."""
    assert importlib.import_module(f"runyard.{name}") is importlib.import_module(HOMES[name].rstrip(":"))


@pytest.mark.parametrize("name", HOMES)
def test_what_has_the_same_place_in_both_is_not_in_the_table(name: str) -> None:
    """A module of our own wins over the table: the line would do nothing."""
    parent = importlib.import_module(f"runyard.{name.rpartition('.')[0]}")

    assert PathFinder.find_spec(f"runyard.{name}", getattr(parent, "__path__", [])) is None


def test_table_is_sorted() -> None:
    """It is there to be read."""
    assert list(HOMES) == sorted(HOMES)
