"""``mlflow.utils.class_utils``: finding a class by its full name."""

import importlib


def _get_class_from_string(fully_qualified_class_name: str) -> type:
    """The class that ``package.module.Name`` names."""
    module, _, name = fully_qualified_class_name.rpartition(".")
    found: type = getattr(importlib.import_module(module), name)
    return found
