"""``mlflow.utils.class_utils``: classes by their full names."""

import importlib


def _get_fully_qualified_class_name(obj: object) -> str:
    """The full name of an object's class."""
    kind = type(obj)
    return f"{kind.__module__}.{kind.__qualname__}"


def _get_class_from_string(fully_qualified_class_name: str) -> type:
    """The class that ``package.module.Name`` names."""
    module, _, name = fully_qualified_class_name.rpartition(".")
    found: type = getattr(importlib.import_module(module), name)
    return found
