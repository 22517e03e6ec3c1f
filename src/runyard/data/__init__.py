"""Describing the data that runs use: ``runyard.data.from_pandas(frame, source="data.csv")``."""

from runyard._lazy import on_first_use, stubbed

_PUBLIC = stubbed(__name__)
__getattr__, __dir__ = on_first_use(__name__, _PUBLIC)
__all__ = list(_PUBLIC)
