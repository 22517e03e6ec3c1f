"""shap: explanations of predictions, and explainers saved, logged and loaded as models."""

from runyard._lazy import on_first_use, stubbed

_PUBLIC = stubbed(__name__)
__getattr__, __dir__ = on_first_use(__name__, _PUBLIC)
__all__ = [name for name in _PUBLIC if not name.startswith("_")]
