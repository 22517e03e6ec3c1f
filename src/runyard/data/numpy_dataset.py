"""Datasets that are numpy arrays."""

import os
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from runyard.data.dataset import Dataset
from runyard.data.dataset_source import DatasetSource
from runyard.data.digests import digest_of_arrays
from runyard.data.evaluation_dataset import EvaluationDataset
from runyard.data.schema import TensorDatasetSchema, tensors_of
from runyard.data.sources import resolved
from runyard.data.tables import PyFuncInputsOutputs
from runyard.exceptions import InvalidParameter

if TYPE_CHECKING:
    import numpy as np

    Arrays = np.ndarray[Any, Any] | dict[str, np.ndarray[Any, Any]]


class NumpyDataset(Dataset):
    """An array, or several by name, with targets and source."""

    def __init__(
        self,
        features: "Arrays",
        source: DatasetSource,
        targets: "Arrays | None" = None,
        name: str | None = None,
        digest: str | None = None,
    ) -> None:
        super().__init__(source, name, digest)
        self._features = features
        self._targets = targets

    @property
    def features(self) -> "Arrays":
        """What a model sees."""
        return self._features

    @property
    def targets(self) -> "Arrays | None":
        """What it is to answer."""
        return self._targets

    @property
    def profile(self) -> dict[str, Any]:
        """Shapes and sizes."""
        sizes = _sizes("features", self._features)
        return sizes if self._targets is None else sizes | _sizes("targets", self._targets)

    @cached_property
    def schema(self) -> TensorDatasetSchema:
        """Element types and shapes."""
        targets = None if self._targets is None else tensors_of(self._targets)
        return TensorDatasetSchema(tensors_of(self._features), targets)

    def to_pyfunc(self) -> PyFuncInputsOutputs:
        """What a model is given, and what it is to answer."""
        return PyFuncInputsOutputs(self._features, self._targets)

    def to_evaluation_dataset(
        self, path: str | None = None, feature_names: list[str] | None = None
    ) -> EvaluationDataset:
        """The dataset as `runyard.evaluate` uses it.

        Parameters
        ----------
        path: Where the data came from, in words.
        feature_names: What the columns are called.
        """
        if isinstance(self._features, dict) or isinstance(self._targets, dict):
            raise InvalidParameter("A dataset of several named arrays cannot be evaluated: give one array.")
        rows = pd.DataFrame(self._features, columns=feature_names)
        true = None if self._targets is None else pd.Series(self._targets, name="target")
        return EvaluationDataset(rows, true, None, self, path)

    def _compute_digest(self) -> str:
        return digest_of_arrays(self._features, self._targets)


def _sizes(name: str, data: "Arrays") -> dict[str, Any]:
    if isinstance(data, dict):
        return {
            f"{name}_shape": {key: array.shape for key, array in data.items()},
            f"{name}_size": {key: int(array.size) for key, array in data.items()},
            f"{name}_nbytes": {key: int(array.nbytes) for key, array in data.items()},
        }
    return {f"{name}_shape": data.shape, f"{name}_size": int(data.size), f"{name}_nbytes": int(data.nbytes)}


def from_numpy(
    features: "Arrays",
    source: str | os.PathLike[str] | DatasetSource | None = None,
    targets: "Arrays | None" = None,
    name: str | None = None,
    digest: str | None = None,
) -> NumpyDataset:
    """A dataset from numpy arrays, to be noted with `log_input`.

    Parameters
    ----------
    features: An array, or a dictionary of arrays.
    source: The path or address they were read from; the running program when left out.
    targets: What is to be predicted, likewise.
    name: What to call it; ``dataset`` when left out.
    digest: Identifies its version; computed from the data when left out.
    """
    return NumpyDataset(features, resolved(source), targets, name, digest)
