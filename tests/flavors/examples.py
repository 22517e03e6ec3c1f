"""Models to try a flavor with. `tests/<flavor>/examples.py` has them in a list called `EXAMPLES`."""

import importlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import yaml

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Example:
    """A model of a flavor, and what is expected of it.

    Attributes
    ----------
    name: What kind of model it is, unique in its flavor.
    train: Makes it: something real, small and quick.
    rows: An input of pyfunc: a table or an array.
    native: What the model itself gives for these rows.
    forms: Other inputs of pyfunc that mean the same rows.
    options: For ``save_model``, of us and of MLflow.
    served: Does it take its rows from the body of a request? Columns without a name for tensors are lists there.
    differing: Keys of the MLmodel file's flavors that differ from MLflow's on purpose.
    tolerance: How far predictions may differ after loading, relative.
    """

    name: str
    train: Callable[[], Any]
    rows: Any
    native: Callable[[Any, Any], Any]
    forms: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    served: bool = True
    differing: frozenset[str] = frozenset()
    tolerance: float = 1e-6


def examples_of(folder: str) -> list[Example]:
    """The examples in a folder of tests."""
    module: ModuleType = importlib.import_module(f"tests.{folder}.examples")
    found: list[Example] = module.EXAMPLES
    return found


def as_numbers(predicted: Any) -> Any:
    """Predictions in one shape, to compare them: an array, or lists of texts."""
    if isinstance(predicted, pd.DataFrame):
        predicted = pd.DataFrame({name: _cells(predicted[name]) for name in predicted})
    if isinstance(predicted, pd.DataFrame) and any(isinstance(cell, list) for cell in predicted.iloc[0]):
        predicted = {name: predicted[name].tolist() for name in predicted}
    if isinstance(predicted, pd.DataFrame | pd.Series):
        predicted = predicted.to_numpy()
    if isinstance(predicted, Mapping):
        predicted = np.column_stack([np.asarray(predicted[name]) for name in sorted(predicted)])
    found = np.asarray(predicted)
    return found.astype(float) if found.dtype.kind in "fiub" else np.asarray(predicted, dtype=object).tolist()


def _cells(column: Any) -> Any:
    """A column with dates as texts, as in JSON, and dictionaries as lists."""
    if column.dtype.kind == "M":
        return column.dt.strftime("%Y-%m-%dT%H:%M:%S")
    return column.map(lambda cell: list(cell.values()) if isinstance(cell, dict) else cell)


def same(predicted: Any, expected: Any, example: Example) -> None:
    """Check that predictions are equal, as far as the example says."""
    one, other = as_numbers(predicted), as_numbers(expected)
    if isinstance(other, np.ndarray):
        np.testing.assert_allclose(np.ravel(one), np.ravel(other), rtol=example.tolerance, atol=example.tolerance)
    else:
        pairs = list(zip(_flat(one), _flat(other), strict=True))
        texts = [pair for pair in pairs if any(isinstance(value, str | dict) for value in pair)]
        assert [text for text, _ in texts] == [text for _, text in texts]
        numbers = np.array([pair for pair in pairs if pair not in texts], dtype=float).reshape(-1, 2)
        np.testing.assert_allclose(numbers[:, 0], numbers[:, 1], rtol=example.tolerance, atol=example.tolerance)


def _flat(values: Any) -> list[Any]:
    return list(np.asarray(values, dtype=object).ravel())


def described(folder: Path) -> dict[str, Any]:
    """The MLmodel file of a folder."""
    found: dict[str, Any] = yaml.safe_load((folder / "MLmodel").read_text(encoding="utf-8"))
    return found


def paths() -> dict[str, str]:
    """What a program of the tests needs in its environment to import us and them."""
    return {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])}
