"""Gives a column of a table the type that a signature asks for, where no value changes by it."""

import datetime
from typing import Any

from runyard.core.libraries import pd
from runyard.exceptions import InvalidParameter
from runyard.types.datatypes import AnyDataType, AnyType, DataType
from runyard.types.moments import shown
from runyard.types.values import fitted

NULLABLE: Any = {DataType.integer: "Int32", DataType.long: "Int64"}
"""The types of pandas for whole numbers some of which are missing."""

_TEXTS = ("object", "str", "string")
_EXACT = 2**53
_GAP = " A value is missing, and by the signature the column has none missing."
_DATES = " Dates are texts of ISO 8601 in a request, and datetime values in Python."


def typed(values: "pd.Series[Any]", kind: AnyDataType, *, required: bool) -> "pd.Series[Any]":
    """The column in the type of the signature.

    Numbers are widened (integer to long, float to double, integer to double), never narrowed. Text is not read as
    numbers or times. Times with a zone are moved to UTC. Whole numbers some of which are missing are nullable ones of
    pandas.

    Parameters
    ----------
    required: Whether no value may be missing. Texts, fractions and times have a value for it in any case.

    Raises
    ------
    InvalidParameter: A value would change, or is missing where none may be.
    """
    if isinstance(kind, AnyType):
        return values
    if not isinstance(kind, DataType):
        return _nested(values, kind, required=required)
    if not required and values.dtype != kind.to_pandas() and len(values) and bool(values.isna().all()):
        return _missing(values, kind)
    values = _without_categories(values)
    if kind in (DataType.string, DataType.binary):
        return _texts(values, kind)
    if kind in NULLABLE:
        return _whole_numbers(values, kind, required=required)
    if values.dtype == object:
        values = _inferred(values)
    if kind is DataType.datetime:
        return _moments(values)
    return _booleans(values, required=required) if kind is DataType.boolean else _fractions(values, kind)


def _missing(values: "pd.Series[Any]", kind: DataType) -> "pd.Series[Any]":
    """A column of gaps, whatever says that they are some."""
    dtype = NULLABLE.get(kind, "datetime64[ns]" if kind is DataType.datetime else kind.to_pandas())
    found = [None] * len(values)
    return pd.Series(found, index=values.index, name=values.name, dtype=object if kind is DataType.boolean else dtype)


def _nested(values: "pd.Series[Any]", kind: AnyDataType, *, required: bool) -> "pd.Series[Any]":
    where = f"column {shown(values.name)}"
    found = [None if one is None and not required else fitted(one, kind, where) for one in _without_gaps(values)]
    return pd.Series(found, index=values.index, name=values.name, dtype=object)


def _without_gaps(values: "pd.Series[Any]") -> list[Any]:
    """The values, with None for whatever says that one is missing."""
    return [None if gap else one for one, gap in zip(values.tolist(), values.isna(), strict=True)]


def _without_categories(values: "pd.Series[Any]") -> "pd.Series[Any]":
    """Categories as the values they stand for. Numpy has no whole number or boolean for a gap, so they are objects."""
    categories: Any = getattr(values.dtype, "categories", None)
    if categories is None:
        return values
    has_gaps = categories.dtype.kind in "iub" and bool(values.isna().any())
    return values.astype(object if has_gaps else categories.dtype)


def _texts(values: "pd.Series[Any]", kind: DataType) -> "pd.Series[Any]":
    if str(values.dtype) not in _TEXTS and values.dtype.kind not in "SU":
        raise _mismatch(values, kind)
    return values


def _inferred(values: "pd.Series[Any]") -> "pd.Series[Any]":
    """A column of objects as the one type that its values have, if they have one."""
    if any(isinstance(one, str) for one in values):
        return values
    try:
        return pd.Series(_without_gaps(values), index=values.index, name=values.name)
    except (ValueError, TypeError, OverflowError):  # what pandas cannot hold together stays a column of objects
        return values


def _moments(values: "pd.Series[Any]") -> "pd.Series[Any]":
    given = values.dropna()
    if values.dtype.kind != "M" and all(isinstance(one, datetime.date) for one in given):
        values = pd.Series(pd.to_datetime(values.astype(object), utc=True), index=values.index, name=values.name)
    if values.dtype.kind != "M":
        raise _mismatch(values, DataType.datetime, _DATES)
    return in_nanoseconds(values)


def in_nanoseconds(moments: "pd.Series[Any]") -> "pd.Series[Any]":
    """Times in UTC that do not say so, counted in nanoseconds unless they are too far away for these."""
    kind: Any = moments.dtype
    if getattr(kind, "tz", None) is not None or getattr(getattr(kind, "pyarrow_dtype", None), "tz", None):
        moments = moments.dt.tz_convert("UTC").dt.tz_localize(None)
    try:
        return moments.astype("datetime64[ns]")
    except pd.errors.OutOfBoundsDatetime:
        return moments


def _whole_numbers(values: "pd.Series[Any]", kind: DataType, *, required: bool) -> "pd.Series[Any]":
    if values.dtype == kind.to_pandas():
        return values
    if not bool(values.isna().any()):
        plain = _inferred(values) if values.dtype == object else values
        if not _is_widening(plain, kind):
            raise _mismatch(values, kind)
        return plain.astype(kind.to_pandas())
    if required:
        raise _mismatch(values, kind, _GAP)
    if values.dtype != object and values.dtype.kind != "f":
        if not _is_widening(values, kind):
            raise _mismatch(values, kind)
        return values.astype(NULLABLE[kind])
    found = [None if gap else _whole(one) for one, gap in zip(values.tolist(), values.isna(), strict=True)]
    bits = kind.to_pandas().itemsize * 8 - 1
    if any(
        one is None or not -(2**bits) <= one < 2**bits for one, gap in zip(found, values.isna(), strict=True) if not gap
    ):
        raise _mismatch(values, kind)
    return pd.Series(pd.array(found, dtype=NULLABLE[kind]), index=values.index, name=values.name)


def _whole(value: Any) -> int | None:
    """The whole number that a value is, maybe as a fraction, which is how pandas reads a column with gaps."""
    plain = value.item() if hasattr(value, "item") else value
    if isinstance(plain, float):
        return int(plain) if plain.is_integer() and abs(plain) <= _EXACT else None
    return plain if isinstance(plain, int) and not isinstance(plain, bool) else None


def _booleans(values: "pd.Series[Any]", *, required: bool) -> "pd.Series[Any]":
    if values.dtype == bool:
        return values
    given = values.dropna()
    if len(given) < len(values):
        if required:
            raise _mismatch(values, DataType.boolean, _GAP)
        if values.dtype == object and all(type(one).__name__ in ("bool", "bool_") for one in given):
            return values.astype(object)  # no type of numpy holds both
    if not _is_widening(values, DataType.boolean):
        raise _mismatch(values, DataType.boolean)
    return values.astype("boolean" if len(given) < len(values) else bool)


def _fractions(values: "pd.Series[Any]", kind: DataType) -> "pd.Series[Any]":
    wanted: Any = kind.to_pandas()
    have: Any = values.dtype
    if have == wanted:
        return values
    has_gaps = bool(values.isna().any())
    if have == "object" and has_gaps and bool(values.isna().all()):
        return values.astype(wanted)
    if not _is_widening(values, kind) or (has_gaps and have.kind in "iu"):
        raise _mismatch(values, kind)
    return values.astype(wanted)


def _is_widening(values: "pd.Series[Any]", kind: DataType) -> bool:
    have: Any = getattr(values.dtype, "numpy_dtype", values.dtype)
    code, size = have.kind, getattr(have, "itemsize", 0)
    if kind is DataType.boolean:
        return bool(code == "b")
    if kind in (DataType.integer, DataType.long):
        room = 4 if kind is DataType.integer else 8
        return bool((code == "i" and size <= room) or (code == "u" and size < room))
    room = 4 if kind is DataType.float else 8
    if code in "iu" and size == 8:
        return code == "i" and bool(values.isin((0, 1)).all())  # flags, which MLflow lets through
    return bool((code == "f" and size <= room) or (code in "iu" and size < room))


def _mismatch(values: "pd.Series[Any]", kind: DataType, hint: str = "") -> InvalidParameter:
    return InvalidParameter(
        f"Column {shown(values.name)} holds {values.dtype}, which cannot become {kind!r} ({kind.to_pandas()}) "
        f"unchanged, as the model's signature asks.{hint}"
    )
