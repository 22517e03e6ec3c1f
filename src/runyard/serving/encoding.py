"""Encodes predictions as JSON text: NaN and Infinity are null unless the caller wants those words."""

from __future__ import annotations

import base64
import datetime
import json
import math
import sys
from collections.abc import Mapping
from typing import Any

import orjson

from runyard.exceptions import RunyardException

_PLAIN = (str, int, float, bool, type(None))
_NUMBERS = "biuf"
_MAX_DEPTH = 200


class NotEncodable(RunyardException):
    """A prediction that has no form in JSON."""


def encode(predictions: Any, *, is_bare: bool = False, bare_nan: bool = False) -> bytes:
    """The body of an answer.

    Parameters
    ----------
    predictions: What `predict` returned: arrays become lists, frames lists of records, times ISO 8601, bytes base64.
    is_bare: Leave out the object around the predictions.
    bare_nan: Write NaN and Infinity as those words, which strict readers refuse.

    Raises
    ------
    NotEncodable: It holds something that JSON has no form for.
    """
    value = _plain(predictions, 0)
    body = value if is_bare else {"predictions": value}
    if bare_nan:
        return json.dumps(body).encode()
    try:
        return orjson.dumps(body)
    except orjson.JSONEncodeError:  # whole numbers over 64 bits, halves of surrogate pairs
        return json.dumps(_without_nan(body), allow_nan=False).encode()


def _plain(value: Any, depth: int) -> Any:
    if isinstance(value, _PLAIN) and type(value) in _PLAIN:
        return value
    if depth > _MAX_DEPTH:
        raise NotEncodable("The model returned something nested too deeply for JSON, or that contains itself.")
    numpy, pandas = sys.modules.get("numpy"), sys.modules.get("pandas")
    if numpy is not None and isinstance(value, numpy.ndarray):
        return _array(value, depth)
    if isinstance(value, (list, tuple)):
        return [_plain(one, depth + 1) for one in value]
    if isinstance(value, Mapping):
        return {str(key): _plain(one, depth + 1) for key, one in value.items()}
    if pandas is not None:
        if isinstance(value, pandas.DataFrame):
            return _records(value, depth)
        if isinstance(value, pandas.Series):
            name = "0" if value.name is None else str(value.name)
            return [{name: one} for one in _column(value, depth)]
        if value is pandas.NaT or value is pandas.NA:
            return None
    if numpy is not None and isinstance(value, numpy.generic):
        return _array(numpy.asarray(value), depth)
    return _scalar(value, depth)


def _scalar(value: Any, depth: int) -> Any:
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, (bytes, bytearray)):
        return base64.encodebytes(bytes(value)).decode()
    if isinstance(value, _PLAIN):  # an enumeration's member, or another kind of number or text
        return next(kind(value) for kind in (str, int, float) if isinstance(value, kind))
    for form in ("model_dump", "toarray"):  # pydantic's objects, sparse matrices
        if hasattr(value, form) and not isinstance(value, type):
            return _plain(getattr(value, form)(), depth + 1)
    raise NotEncodable(
        f"The model returned {type(value).__name__}, which has no form in JSON. "
        "Return numbers, texts, lists, dicts, numpy arrays or pandas objects."
    )


def _array(array: Any, depth: int) -> Any:
    kind = array.dtype.kind
    if kind in _NUMBERS or kind == "U":
        return array.tolist()
    if kind == "M":
        return _plain(array.astype("datetime64[us]").tolist(), depth + 1)
    if kind in "mcV":
        raise NotEncodable(f"The model returned an array of {array.dtype}, which has no form in JSON.")
    return _plain(array.tolist(), depth + 1)


def _records(frame: Any, depth: int) -> list[dict[str, Any]]:
    names = [str(name) for name in frame.columns]
    columns = [_column(frame.iloc[:, position], depth) for position in range(len(names))]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _column(column: Any, depth: int) -> list[Any]:
    kind = getattr(column.dtype, "kind", "O")
    if kind == "m":
        raise NotEncodable("The model returned durations, which have no form in JSON. Return seconds.")
    if kind in _NUMBERS and isinstance(column.dtype, sys.modules["numpy"].dtype):
        return column.tolist()  # type: ignore[no-any-return]
    return [_plain(one, depth + 2) for one in column.tolist()]


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nan(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_without_nan(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
