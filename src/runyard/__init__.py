"""Experiment tracking that speaks MLflow's protocol. ``import runyard as mlflow`` runs a training script unchanged.

Nothing heavy loads until a name is used: the stub beside this file says where each lives.
"""

from runyard._lazy import on_first_use, stubbed
from runyard._missing import register_mlflow

_PUBLIC = stubbed(__name__)
_OTHERWISE = {"__version__": "runyard.version:COMPATIBLE", "utils": "runyard.utils:"}
"""What a stub cannot say: a name that differs from the one at home, and a module that is made of a table."""


def _mlflow() -> object:
    from runyard import mlflow  # noqa: PLC0415  (only when a name is missing below)

    return mlflow


register_mlflow(_mlflow)
__getattr__, __dir__ = on_first_use(__name__, {**_PUBLIC, **_OTHERWISE})
__all__ = list(_PUBLIC)
