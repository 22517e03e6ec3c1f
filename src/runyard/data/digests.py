"""Digests of data: the first eight digits of an MD5 over a sample, the same numbers as MLflow's."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from runyard.data.dataset import DIGITS
from runyard.exceptions import MissingPackage

try:
    import numpy as np
    import pandas as pd
except ModuleNotFoundError as problem:
    raise MissingPackage(str(problem.name), "ml", "Describing data") from None

SAMPLED = 10_000


def _md5(parts: Iterable[Any]) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    for part in parts:
        digest.update(part)
    return digest.hexdigest()[:DIGITS]


def digest_of_frame(frame: pd.DataFrame) -> str:
    """The digest of a table: its first rows' numbers and strings, its length, the names of its columns."""
    first = frame.head(SAMPLED)
    text = first.columns[(first.map(type) == str).all(axis=0)]  # noqa: E721  (columns of exactly this type)
    numbers = first.select_dtypes(include=[np.number]).columns
    rows = pd.util.hash_pandas_object(first[text.union(numbers)])
    names = [str(name).encode() for name in frame.columns]
    return _md5([rows.to_numpy(), np.int64(len(frame)), *names])


def digest_of_arrays(features: Any, targets: Any) -> str:
    """The digest of arrays or of dictionaries of them: their first elements and their shapes."""
    return _md5([part for given in (features, targets) if given is not None for part in _parts(given)])


def _parts(given: Any) -> list[Any]:
    if isinstance(given, Mapping):
        return [part for name in sorted(given) for part in _parts_of_array(given[name])]
    return _parts_of_array(given)


def _parts_of_array(array: np.ndarray[Any, Any]) -> list[Any]:
    first = array.flatten()[:SAMPLED]
    try:
        content: Any = pd.util.hash_array(first)
    except TypeError:  # elements that cannot be hashed: their number has to do
        content = np.int64(first.size)
    return [content, *(np.int64(length) for length in array.shape)]
