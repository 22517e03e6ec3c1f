"""Models for tests of predicting elsewhere, in a module that workers import."""

import json
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import runyard


class Told(runyard.pyfunc.PythonModel):
    """Returns what its configuration says: an expression of the input ``x``, its number of rows ``n``, np and pd."""

    def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
        """The value of the expression."""
        known = {"x": model_input, "n": len(model_input), "np": np, "pd": pd, "params": params, "os": os}
        return eval(context.model_config["gives"], known)


class Seen(runyard.pyfunc.PythonModel):
    """Returns, for each row, what it was given: the columns with their types, or the shapes of tensors."""

    def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
        """A text for each row."""
        if isinstance(model_input, pd.DataFrame):
            seen: Any = {str(name): str(kind) for name, kind in model_input.dtypes.items()}
            first = [repr(value) for value in model_input.iloc[0]]
            return [json.dumps([seen, first, params])] * len(model_input)
        if isinstance(model_input, dict):
            seen = {name: [str(values.dtype), *values.shape[1:]] for name, values in model_input.items()}
            return [json.dumps(seen)] * len(next(iter(model_input.values())))
        return [json.dumps([str(model_input.dtype), *model_input.shape[1:]])] * len(model_input)


class Counted(runyard.pyfunc.PythonModel):
    """Writes a file for each time that it is loaded, and one for each call, into the folder of its configuration."""

    def load_context(self, context: Any) -> None:
        """Note the load."""
        self.folder = Path(context.model_config["folder"])
        (self.folder / f"load-{os.getpid()}-{time.time_ns()}").touch()

    def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
        """The sum of each row."""
        (self.folder / f"call-{os.getpid()}-{time.time_ns()}").touch()
        return model_input.sum(axis=1)


class Sum(runyard.pyfunc.PythonModel):
    """Twice the column ``a``, and ``b``."""

    def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
        """The sums."""
        return (2 * model_input["a"] + model_input["b"]).to_numpy()


class Failing(Sum):
    """Refuses numbers below zero, and ends its process at 666."""

    def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
        """The sums, if it comes so far."""
        least = model_input["a"].min()
        if least < 0:
            raise ValueError(f"{least} is negative")
        if least == 666:
            os._exit(3)
        return super().predict(context, model_input)


def told(params: Any) -> Any:
    """What the param ``gives`` says, an expression."""
    return eval(params["gives"], {"np": np, "pd": pd})
