"""Every entity under one roof: ``from runyard.entities import Run, Metric``."""

from runyard._lazy import on_first_use, stubbed

_PUBLIC = stubbed(__name__)
__getattr__, __dir__ = on_first_use(__name__, _PUBLIC)
__all__ = list(_PUBLIC)
__path__: list[str] = []  # so that the modules of MLflow's in the table of names can be imported, one for each entity
