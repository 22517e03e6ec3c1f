"""Models made by hand, each for one thing that a served model may do."""

import os
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from runyard.models.signature import ModelSignature
from runyard.serving.app import Served
from runyard.serving.description import describe
from runyard.types.schema import ColSpec, ParamSchema, ParamSpec, Schema

COLUMNS = ModelSignature(
    Schema([ColSpec("double", "a"), ColSpec("long", "b"), ColSpec("string", "c", required=False)]),
    Schema([ColSpec("double")]),
    ParamSchema([ParamSpec("factor", "double", 1.0)]),
)


@dataclass
class Metadata:
    """What a model says of itself."""

    signature: ModelSignature | None = None


@dataclass
class Sums:
    """Adds a and b and multiplies by a parameter; knows how many calls it had and what it saw last."""

    metadata: Metadata = field(default_factory=lambda: Metadata(COLUMNS))
    calls: int = 0
    seen: Any = None

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """One number for each row."""
        self.calls, self.seen = self.calls + 1, data
        return ((data["a"] + data["b"]) * (params or {}).get("factor", 1.0)).to_numpy()


@dataclass
class Anything:
    """Does what its input says: returns a value, sleeps, raises, or ends its process."""

    metadata: Metadata = field(default_factory=Metadata)

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """Obey."""
        wish = str(data["do"][0]) if isinstance(data, dict) and "do" in data else "echo"
        if wish == "sleep":
            time.sleep(float(data["seconds"][0]))
            return "slept"
        if wish == "raise":
            raise ValueError("the rows are upside down")
        if wish == "exit":
            raise SystemExit(3)
        if wish == "die":
            os._exit(1)
        returned = {"nan": np.array([1.0, np.nan, np.inf]), "object": object(), "pid": os.getpid()}
        return returned.get(wish, data)


MODELS = {"sums": Sums, "anything": Anything}


def served(name: str) -> Served:
    """The model of that name, as servers take it."""
    model = MODELS[name]()
    return Served(model, describe(model.metadata, name, "test"))
