"""Describing the data that runs use: ``runyard.data.from_pandas(frame, source="data.csv")``."""

from typing import TYPE_CHECKING

from runyard._lazy import on_first_use

_PUBLIC = {
    "Dataset": "runyard.data.dataset",
    "DatasetSource": "runyard.data.dataset_source",
    "NumpyDataset": "runyard.data.numpy_dataset",
    "PandasDataset": "runyard.data.pandas_dataset",
    "PolarsDataset": "runyard.data.polars_dataset",
    "from_numpy": "runyard.data.numpy_dataset",
    "from_pandas": "runyard.data.pandas_dataset",
    "from_polars": "runyard.data.polars_dataset",
    "get_dataset_source_from_json": "runyard.data.dataset_source_registry",
    "get_registered_sources": "runyard.data.dataset_source_registry",
    "get_source": "runyard.data.lookup",
}

if TYPE_CHECKING:
    from runyard.data.dataset import Dataset as Dataset
    from runyard.data.dataset_source import DatasetSource as DatasetSource
    from runyard.data.lookup import get_source as get_source
    from runyard.data.numpy_dataset import from_numpy as from_numpy
    from runyard.data.pandas_dataset import from_pandas as from_pandas
    from runyard.data.polars_dataset import from_polars as from_polars

__getattr__, __dir__ = on_first_use(__name__, _PUBLIC)
__all__ = list(_PUBLIC)
