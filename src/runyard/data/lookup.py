"""From a dataset, in whatever form, to its source."""

from runyard.data.dataset import Dataset
from runyard.data.dataset_source import DatasetSource
from runyard.data.sources import source_from_json
from runyard.exceptions import InvalidParameter
from runyard.tracking.inputs.entities import Dataset as DatasetEntity
from runyard.tracking.inputs.entities import DatasetInput


def get_source(dataset: Dataset | DatasetEntity | DatasetInput) -> DatasetSource:
    """Where a dataset comes from: one made here, or one that a run reports in its inputs.

    Raises
    ------
    InvalidParameter: It is not a dataset, or its source is of a type that cannot be rebuilt.
    """
    if isinstance(dataset, Dataset):
        return dataset.source
    if isinstance(dataset, DatasetInput):
        dataset = dataset.dataset
    if isinstance(dataset, DatasetEntity):
        return source_from_json(dataset.source, dataset.source_type)
    raise InvalidParameter(f"{dataset!r} is not a dataset: give what from_pandas returned, or an entry of run.inputs.")
