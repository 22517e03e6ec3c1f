"""Values as JSON and CSV write them, as arrays of a signature's types. No value changes by it.

Each function takes a list, in which None and NaN stand for a missing value, and says of a value that does not fit
which it is and why, as a ValueError.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any

from runyard.core.libraries import np, pd
from runyard.types.datatypes import Array, DataType, Map, Object
from runyard.types.moments import SEND_ISO, checked, moment_of, shown

_TRUTHS = {"true": True, "false": False, "1": True, "0": False, "1.0": True, "0.0": False}
_NULLABLE = {"int32": "Int32", "int64": "Int64"}
_EXACT = 2**53
"""Fractions up to here tell neighbouring whole numbers apart."""


def fractions(values: Any, dtype: Any) -> Any:
    """An array of floating-point numbers, NaN where one is missing.

    Parameters
    ----------
    values: A list, or an array of numbers.

    Raises
    ------
    ValueError: A value is not a number, or too large for the type.
    """
    found = values if isinstance(values, np.ndarray) else np.array([_fraction(one) for one in values], dtype="float64")
    with np.errstate(over="ignore"):
        made = found.astype(dtype)
    if (lost := np.isinf(made) & ~np.isinf(found)).any():
        raise ValueError(f"{shown(found[lost][0])} is out of the range of {np.dtype(dtype)}")
    return made


def _fraction(value: Any) -> float:
    if is_gap(value):
        return float("nan")
    if isinstance(value, (int, float, str)) and not (isinstance(value, str) and "_" in value):
        try:
            return float(value)
        except (ValueError, OverflowError):
            pass
    raise ValueError(f"{shown(value)} is not a number")


def whole_numbers(values: Sequence[Any], dtype: Any, *, required: bool = True) -> Any:
    """An array of whole numbers; a nullable one of pandas when some are missing.

    Parameters
    ----------
    required: Whether no value may be missing.

    Raises
    ------
    ValueError: A value is missing that must not be, has a fraction, or is out of the type's range.
    """
    found = [None if is_gap(one) else _whole(one) for one in values]
    limits, given = np.iinfo(np.dtype(dtype)), [one for one in found if one is not None]
    for edge in (min(given, default=0), max(given, default=0)):
        if not limits.min <= edge <= limits.max:
            raise ValueError(f"{shown(edge)} is out of the range of {np.dtype(dtype)}")
    if len(given) == len(found):
        return np.array(found, dtype=dtype)
    if required:
        raise ValueError("a value is missing")
    return pd.array(found, dtype=_NULLABLE[str(np.dtype(dtype))])  # type: ignore[call-overload]


def _whole(value: Any) -> int:
    if isinstance(value, str) and "_" not in value:
        try:
            value = int(value)
        except ValueError:
            value = _fraction(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float) and value.is_integer():
        if abs(value) > _EXACT:
            raise ValueError(f"{shown(value)} is too large a fraction to be a certain whole number")
        return int(value)
    raise ValueError(f"{shown(value)} is not a whole number")


def truths(values: Sequence[Any], *, required: bool = True) -> Any:
    """An array of booleans; of objects, with None in it, when some are missing.

    Raises
    ------
    ValueError: A value is neither true nor false, or missing where none may be.
    """
    found = [None if is_gap(one) else _TRUTHS.get(str(one).lower(), one) for one in values]
    for one in found:
        if one is not None and not isinstance(one, bool):
            raise ValueError(f"{shown(one)} is neither true nor false")
    if None not in found:
        return np.array(found, dtype=bool)
    if required:
        raise ValueError("a value is missing")
    return np.array(found, dtype=object)


def texts(values: Sequence[Any]) -> list[str | None]:
    """Texts; numbers become the text of them, as MLflow's server has it.

    Raises
    ------
    ValueError: A value is a boolean, a list or an object, whose text is not defined.
    """
    return [None if is_gap(one) else _text(one) for one in values]


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    raise ValueError(f"{shown(value)} is not text")


def moments(values: Sequence[Any]) -> Any:
    """Times without a zone, as an index of pandas, counted in nanoseconds unless they are too far away for these;
    those with a zone are moved to UTC.

    Raises
    ------
    ValueError: A value is a number, whose unit is unknown, or not a date of ISO 8601.
    """
    given = [None if is_gap(one) or one == "" else checked(one) for one in values]
    try:
        found = _in_utc(given)
    except (ValueError, OverflowError):  # it does not say well which value it was
        raise ValueError(f"{shown(next(filter(_is_no_date, given), given))} is not a date: {SEND_ISO}") from None
    try:
        return found.as_unit("ns")
    except pd.errors.OutOfBoundsDatetime:
        return found


def _in_utc(given: list[Any]) -> Any:
    return pd.to_datetime(given, utc=True, format="ISO8601").tz_localize(None)


def _is_no_date(value: Any) -> bool:
    try:
        _in_utc([value])
    except (ValueError, OverflowError):
        return True
    return False


def binaries(values: Sequence[Any]) -> list[bytes | None]:
    """Bytes from base64.

    Raises
    ------
    ValueError: A value is not that.
    """
    return [None if is_gap(one) else _unpacked(one) for one in values]


def _unpacked(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    try:
        return base64.b64decode(str(value).replace("\n", ""), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"{shown(value)} is not base64, which binary values must be") from None


def nested(value: Any, kind: Any) -> Any:
    """A list or an object with the dates and bytes in it read; the signature finds other errors.

    Raises
    ------
    ValueError: Something in it is not a date, or not base64.
    """
    if value is None:
        return None
    if isinstance(kind, DataType):
        return _PACKED[kind](value) if kind in _PACKED else value
    if isinstance(kind, Array) and isinstance(value, list):
        if isinstance(kind.dtype, DataType) and kind.dtype not in _PACKED:
            return value
        return [nested(one, kind.dtype) for one in value]
    if isinstance(kind, Map) and isinstance(value, dict):
        return {name: nested(one, kind.value_type) for name, one in value.items()}
    if isinstance(kind, Object) and isinstance(value, dict):
        kinds = {field.name: field.dtype for field in kind.properties}
        return {name: nested(one, kinds.get(name)) for name, one in value.items()}
    return value


_PACKED: dict[DataType, Callable[[Any], Any]] = {DataType.datetime: moment_of, DataType.binary: _unpacked}


def is_gap(value: Any) -> bool:
    """Whether it is a missing value."""
    return value is None or (isinstance(value, float) and value != value)
