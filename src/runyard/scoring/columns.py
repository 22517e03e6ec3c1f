"""Data as plain Python values, for processes whose versions of numpy and pandas differ: their pickles may not fit."""

import pickle
from typing import Any

from runyard.core.libraries import np, pd

_RAW = "biufM"
"""Kinds of numpy types whose bytes say everything."""
_PLAIN = (str, int, float, bool, bytes, type(None))


def packed(value: Any) -> bytes:
    """Tables, arrays, and lists and dictionaries of them, as bytes."""
    return pickle.dumps(_packed(value), protocol=5)


def unpacked(data: bytes) -> Any:
    """What was packed, as objects of the numpy and pandas that are here."""
    return _unpacked(pickle.loads(data))  # noqa: S301  (of a process that we started ourselves)


def _packed(value: Any) -> Any:
    if type(value) in _PLAIN:
        return value
    if isinstance(value, pd.DataFrame):
        names = [name.item() if isinstance(name, np.generic) else name for name in value.columns]
        return ("frame", names, [_packed(value.iloc[:, place].to_numpy()) for place in range(len(names))])
    if isinstance(value, pd.Series):
        return ("series", value.name, _packed(value.to_numpy()))
    if isinstance(value, np.ndarray):
        if value.dtype.kind in _RAW:
            return ("array", value.dtype.str, value.shape, np.ascontiguousarray(value).tobytes())
        return ("objects", value.shape, [_packed(one) for one in value.ravel().tolist()])
    if isinstance(value, dict):
        return ("dict", [(key, _packed(one)) for key, one in value.items()])
    if isinstance(value, list | tuple):
        return ("list", [_packed(one) for one in value])
    return _packed_scalar(value)


def _packed_scalar(value: Any) -> Any:
    if value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, pd.Timestamp):
        return ("scalar", value.to_pydatetime())
    if isinstance(value, np.generic):
        return _packed(value.item())
    if hasattr(value, "toarray"):  # a sparse matrix
        return _packed(value.toarray())
    return ("scalar", value)


def _unpacked(value: Any) -> Any:
    if not isinstance(value, tuple):
        return value
    kind, *parts = value
    return _READERS[kind](*parts)


def _frame(names: list[Any], columns: list[Any]) -> Any:
    frame = pd.DataFrame(dict(enumerate(map(_unpacked, columns))))
    frame.columns = names
    return frame


def _array(dtype: str, shape: tuple[int, ...], data: bytes) -> Any:
    return np.frombuffer(data, dtype=dtype).reshape(shape).copy()


def _objects(shape: tuple[int, ...], items: list[Any]) -> Any:
    array = np.empty(len(items), dtype=object)
    for place, item in enumerate(items):
        array[place] = _unpacked(item)
    return array.reshape(shape)


_READERS: dict[str, Any] = {
    "frame": _frame,
    "series": lambda name, values: pd.Series(_unpacked(values), name=name),
    "array": _array,
    "objects": _objects,
    "dict": lambda items: {key: _unpacked(one) for key, one in items},
    "list": lambda items: [_unpacked(one) for one in items],
    "scalar": lambda one: one,
}
