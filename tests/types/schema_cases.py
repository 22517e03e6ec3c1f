"""Asks MLflow and Runyard the same questions about types, signatures and examples, and writes the answers as JSON.

The questions are expressions; `python tests/types/schema_cases.py FILE`, with an interpreter that has the real
mlflow, answers those in a file anew.
"""

import datetime
import decimal
import importlib
import json
import logging
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

DATA = Path(__file__).resolve().parent.parent / "recorded"
_TYPES = "Schema ColSpec TensorSpec ParamSpec ParamSchema DataType Array Object Property Map AnyType"
_TEXTS = ("object", "str", "string")


def recorded(name: str) -> dict[str, Any]:
    """The answers of the real mlflow, by question."""
    found: dict[str, Any] = json.loads((DATA / f"{name}-mlflow-3.17.2.json").read_text(encoding="utf-8"))
    return found


def names_of(package: str) -> dict[str, Any]:
    """What the questions of a package's own may use."""
    types, signature = (importlib.import_module(f"{package}.{name}") for name in ("types.schema", "models.signature"))
    found = {name: getattr(types, name) for name in _TYPES.split()}
    found |= {name: getattr(signature, name) for name in ("infer_signature", "ModelSignature")}
    found |= {"np": np, "pd": pd, "sp": sparse, "datetime": datetime, "decimal": decimal}
    if package == "mlflow":
        utils = importlib.import_module("mlflow.models.utils")
        return found | {"enforce": utils._enforce_schema, "enforce_params": utils._enforce_params_schema}
    utils = importlib.import_module("runyard.models.enforcement")
    return found | {"enforce": utils.enforce_schema, "enforce_params": utils.enforce_params}


def answer(package: str, question: str) -> Any:
    """What a package makes of an expression: its value described as JSON; ``refused`` for an error."""
    names = names_of(package)
    refusals: type[Exception] | tuple[type[Exception], ...] = Exception
    if package == "runyard":
        refusals = importlib.import_module("runyard.exceptions").RunyardException
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            if question.startswith("example: "):
                return _saved(package, eval(question.removeprefix("example: "), names))
            return described(eval(question, names))
        except refusals:
            return "refused"


def described(value: Any) -> Any:
    """A value as JSON, with its types; numpy's numbers count as Python's, and all kinds of text columns as one."""
    if isinstance(value, pd.DataFrame):
        columns = {str(name): _array(value.iloc[:, place]) for place, name in enumerate(value.columns)}
        return {"frame": columns, "index": described(value.index.tolist())}
    if isinstance(value, np.ndarray):
        return {"array": _array(value), "shape": list(value.shape)}
    if sparse.issparse(value):
        return {"sparse": [type(value).__name__, str(value.dtype), value.toarray().tolist()]}
    if isinstance(value, dict):
        return {"dict": {str(name): described(one) for name, one in value.items()}}
    if isinstance(value, list | tuple):
        return [described(one) for one in value]
    if isinstance(value, np.generic):
        return described(value.item())
    if isinstance(value, float):
        return value if np.isfinite(value) else str(value)
    if value is None or isinstance(value, bool | int | str):
        return value
    return value.to_dict() if hasattr(value, "to_dict") else f"{type(value).__name__}({value!s})"


def _array(values: Any) -> list[Any]:
    name = str(values.dtype)
    return ["text" if name in _TEXTS else name, described(np.asarray(values, dtype=object).ravel().tolist())]


def _saved(package: str, example: Any) -> Any:
    """What is written for an example, and what is read again."""
    with tempfile.TemporaryDirectory() as folder:
        if package == "mlflow":
            info, loaded = _saved_by_mlflow(example, folder)
        else:
            ours = importlib.import_module("runyard.models.example")
            info = ours.save_example(example, Path(folder))
            loaded = None if info is None else [load(Path(folder), info) for load in _loaders(ours)]
        files = {file.name: file.read_text(encoding="utf-8") for file in sorted(Path(folder).iterdir())}
    return {"info": info, "files": files, "loaded": described(loaded)}


def _loaders(ours: Any) -> tuple[Any, Any]:
    return ours.load_example, ours.load_example_params


def _saved_by_mlflow(example: Any, folder: str) -> tuple[Any, Any]:
    utils = importlib.import_module("mlflow.models.utils")
    model = importlib.import_module("mlflow.models").Model()
    utils._save_example(model, example, folder)
    info = model.saved_input_example_info
    if info is None:
        return None, None
    return info, [utils._read_example(model, folder), utils._read_example_params(model, folder)]


if __name__ == "__main__":
    logging.disable()
    file = Path(sys.argv[1])
    questions = json.loads(file.read_text(encoding="utf-8"))
    answers = {question: answer("mlflow", question) for question in questions}
    file.write_text(json.dumps(answers, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
