"""``mlflow.utils``: what other libraries take from it. Its modules load when they are first used."""

from runyard._lazy import on_first_use

__getattr__, __dir__ = on_first_use(__name__, {})
