"""Reading the pickles of models. That runs the code in them, in the caller's own process and at the caller's word."""

import pickle
from collections.abc import Callable
from functools import partial, reduce
from typing import Any

from runyard.models.modules import current


class ModelUnpickler(pickle.Unpickler):
    """Looks for the classes that a pickle names in the modules that its model brings, before all others."""

    def find_class(self, module: str, name: str) -> Any:
        """What the pickle names."""
        modules = current()
        if modules is not None and module.partition(".")[0] in modules.names:
            return reduce(getattr, name.split("."), modules.named(module))
        found = super().find_class(module, name)
        if name == "_make_function" and module.startswith("cloudpickle"):
            return partial(_made_by, found)
        return found


def _made_by(make: Callable[..., Any], code: Any, namespace: dict[str, Any], *others: Any) -> Any:
    """A function whose code is in the pickle. What it imports is the model's own."""
    if (modules := current()) is not None:
        modules.adopt(namespace)
    return make(code, namespace, *others)
