"""Describing the data that runs use: ``runyard.data.from_pandas(frame, source="data.csv")``."""

from typing import TYPE_CHECKING

from runyard._lazy import on_first_use

_PUBLIC = {
    "Dataset": "runyard.data.dataset",
    "DatasetSource": "runyard.data.dataset_source",
    "from_numpy": "runyard.data.numpy_dataset",
    "from_pandas": "runyard.data.pandas_dataset",
    "get_source": "runyard.data.lookup",
}

if TYPE_CHECKING:
    from runyard.data.dataset import Dataset as Dataset
    from runyard.data.dataset_source import DatasetSource as DatasetSource
    from runyard.data.lookup import get_source as get_source
    from runyard.data.numpy_dataset import from_numpy as from_numpy
    from runyard.data.pandas_dataset import from_pandas as from_pandas

__getattr__, __dir__ = on_first_use(__name__, _PUBLIC)
__all__ = list(_PUBLIC)
