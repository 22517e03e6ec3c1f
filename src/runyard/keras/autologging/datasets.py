"""What Keras is trained on, as datasets that are noted with the run."""

import hashlib
from collections.abc import Mapping
from typing import Any

from runyard.autologging.datasets import dataset_of
from runyard.core.libraries import np
from runyard.data import from_numpy
from runyard.data.dataset import DIGITS, Dataset
from runyard.data.schema import TensorDatasetSchema
from runyard.data.sources import resolved
from runyard.types.schema import Schema, TensorSpec


def dataset_of_tensors(data: Any, targets: Any = None) -> Dataset | None:
    """A dataset of tables, arrays, tensors of any library, dictionaries of them, or a `tf.data.Dataset`; None for
    what gives its rows only once or one batch after the other.
    """
    if hasattr(data, "element_spec") and hasattr(data, "cardinality"):
        return PipelineDataset(data)
    if isinstance(data, Mapping):
        arrays = {str(name): _array(one) for name, one in data.items()}
        return from_numpy(arrays, targets=None if targets is None else _arrays(targets))
    return dataset_of(data if hasattr(data, "iloc") else _array(data), _array(targets))


class PipelineDataset(Dataset):
    """A `tf.data.Dataset`: it is described by its elements, and not read.

    Parameters
    ----------
    data: The dataset.
    """

    def __init__(self, data: Any) -> None:
        super().__init__(resolved(None))
        spec = data.element_spec
        is_pair = isinstance(spec, tuple) and len(spec) > 1
        self._features: Any = spec[0] if is_pair else spec
        self._targets: Any = spec[1] if is_pair else None
        self._number = int(data.cardinality())

    @property
    def profile(self) -> dict[str, Any]:
        """The number of its elements, which often are batches, where it is known."""
        return {"features_cardinality": self._number} if self._number >= 0 else {}

    @property
    def schema(self) -> TensorDatasetSchema | None:
        """Types and shapes; None where they have no name."""
        try:
            targets = None if self._targets is None else _schema(self._targets)
            return TensorDatasetSchema(_schema(self._features), targets)
        except (AttributeError, TypeError, ValueError):
            return None

    def _compute_digest(self) -> str:
        described = repr((self._features, self._targets, self._number))
        return hashlib.md5(described.encode(), usedforsecurity=False).hexdigest()[:DIGITS]


def _schema(spec: Any) -> Schema:
    named = spec.items() if isinstance(spec, Mapping) else [(None, spec)]
    return Schema(
        [
            TensorSpec(np.dtype(one.dtype.as_numpy_dtype), [-1 if size is None else size for size in one.shape], name)
            for name, one in named
        ]
    )


def _arrays(data: Any) -> Any:
    return {str(name): _array(one) for name, one in data.items()} if isinstance(data, Mapping) else _array(data)


def _array(data: Any) -> Any:
    """A tensor as an array; other data as it is."""
    if data is None or isinstance(data, np.ndarray) or not hasattr(data, "shape") or hasattr(data, "toarray"):
        return data
    return np.asarray(data.detach().cpu() if hasattr(data, "detach") else data)
