"""Predicting on many cores and machines: on Spark, Dask and Ray."""

from runyard._lazy import on_first_use, stubbed

_PUBLIC = stubbed(__name__)
__getattr__, __dir__ = on_first_use(__name__, _PUBLIC)
__all__ = list(_PUBLIC)
