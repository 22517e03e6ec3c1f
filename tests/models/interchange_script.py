"""Saves models, or loads what somebody else saved: python interchange_script.py MODULE save|load FOLDER.

Every model is saved with an input as its example; beside it `expected.json` has what it gave for it. Loading predicts
the example of each model and prints the answers by the model's name.
"""

import importlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

MODULE, ACTION, FOLDER = sys.argv[1], sys.argv[2], Path(sys.argv[3])
mlflow = importlib.import_module(MODULE)
IS_OLD = getattr(mlflow, "__version__", "3").startswith("2")

ROWS = pd.DataFrame({"a": [0.5, 1.5, 2.5, 4.0], "b": [1.0, 0.0, 1.0, 0.0], "c": [3, 2, 1, 0]})
NUMBERS = pd.Series([1.0, 2.5, 2.0, 4.5])
CLASSES = pd.Series(["no", "yes", "no", "yes"])
PLAIN: dict[str, Any] = {"pip_requirements": ["scikit-learn", "pandas", "cloudpickle"]}


class Shifted(mlflow.pyfunc.PythonModel):
    """Adds what its file says, and what it is asked to."""

    def load_context(self, context):
        """Read the file."""
        self.shift = float(Path(context.artifacts["shift"]).read_text())

    def predict(self, context, model_input, params=None):
        """The first column, shifted."""
        return (model_input["a"] + self.shift + (params or {}).get("more", 0)).tolist()


def shout(lines: list[str]) -> list[str]:
    """The lines in capitals."""
    return [line.upper() for line in lines]


LOADER = """
class Doubler:
    def __init__(self, factor):
        self.factor = factor

    def predict(self, data, params=None):
        return data["a"] * self.factor


def _load_pyfunc(path):
    return Doubler(float(open(path).read()))
"""

SCRIPT = """
import mlflow
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel


class Counting(PythonModel):
    def predict(self, context, model_input, params=None):
        return [len(model_input)]


set_model(Counting())
"""


def save(folder: Path) -> None:
    """Save a model of every kind."""
    sklearn, pyfunc, infer = mlflow.sklearn, mlflow.pyfunc, mlflow.models.infer_signature
    line = LinearRegression().fit(ROWS, NUMBERS)
    pickled = {"serialization_format": "cloudpickle"}
    keep(folder / "line", ROWS, sklearn.save_model, line, signature=infer(ROWS, NUMBERS), **pickled)
    pipeline = make_pipeline(StandardScaler(), LogisticRegression()).fit(ROWS, CLASSES)
    keep(folder / "pipeline", ROWS, sklearn.save_model, pipeline, **pickled)
    chances = {"pyfunc_predict_fn": "predict_proba", "serialization_format": "pickle"}
    keep(folder / "chances", ROWS, sklearn.save_model, pipeline, **chances)
    arrays = ROWS.to_numpy()
    keep(folder / "arrays", arrays, sklearn.save_model, LinearRegression().fit(arrays, NUMBERS), **pickled)
    if not IS_OLD:
        keep(folder / "skops", ROWS, sklearn.save_model, line, serialization_format="skops")
    (folder / "shift.txt").write_text("10")
    signature = infer(ROWS, [1.0], params={"more": 0.5})
    shift = {"artifacts": {"shift": str(folder / "shift.txt")}, "signature": signature}
    keep(folder / "python", ROWS, pyfunc.save_model, python_model=Shifted(), **shift)
    keep(folder / "function", ["a", "b"], pyfunc.save_model, python_model=shout)
    (folder / "doubling.py").write_text(LOADER)
    (folder / "factor.txt").write_text("2")
    loader = {"loader_module": "doubling", "data_path": str(folder / "factor.txt")}
    keep(folder / "loader", ROWS, pyfunc.save_model, code_paths=[str(folder / "doubling.py")], **loader)
    (folder / "counting.py").write_text(SCRIPT)
    if MODULE == "mlflow":
        keep(folder / "code", ROWS, pyfunc.save_model, python_model=str(folder / "counting.py"))


def keep(path: Path, example: Any, function: Any, *model: Any, **options: Any) -> None:
    """Save a model with its example, and what it says of it."""
    function(*model, path=str(path), input_example=example, **PLAIN, **options)
    (path / "expected.json").write_text(json.dumps(answer(path)))


def answer(path: Path) -> list[Any]:
    """What the model at a path says of its example."""
    model = mlflow.pyfunc.load_model(str(path))
    example = model.metadata.load_input_example(str(path))
    return np.asarray(model.predict(example)).tolist()


if ACTION == "save":
    save(FOLDER)
else:
    found = sorted(path.parent for path in FOLDER.glob("*/MLmodel"))
    print(json.dumps({path.name: answer(path) for path in found}))
