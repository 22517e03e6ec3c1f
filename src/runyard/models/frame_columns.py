"""Gives a column of a table the type that a signature asks for, where no value changes by it."""

from typing import TYPE_CHECKING, Any

from runyard.exceptions import InvalidParameter
from runyard.types.datatypes import AnyDataType, AnyType, DataType
from runyard.types.values import fitted

if TYPE_CHECKING:
    import pandas as pd

_FRACTIONS = (DataType.float, DataType.double)
_TEXTS = ("object", "str", "string")
_GAP_HINT = (
    " Whole numbers turn into fractions when some are missing: log the model with an example whose whole-number "
    "columns are of floating point, so that the signature allows gaps."
)


def typed(values: "pd.Series[Any]", kind: AnyDataType, *, required: bool) -> "pd.Series[Any]":
    """The column in the type of the signature.

    Numbers are widened (integer to long, float to double, integer to double), never narrowed. Text is not read as
    numbers or times.

    Raises
    ------
    InvalidParameter: A value would change, or is missing where the type has no gaps.
    """
    if isinstance(kind, AnyType):
        return values
    if not isinstance(kind, DataType):
        return _nested(values, kind, required=required)
    categories: Any = getattr(values.dtype, "categories", None)
    if categories is not None:
        values = values.astype(categories.dtype)
    if kind in (DataType.string, DataType.binary):
        return _texts(values, kind)
    if values.dtype == object:
        values = _inferred(values)
    if kind is DataType.datetime:
        return _moments(values)
    return _numbers(values, kind, required=required)


def _nested(values: "pd.Series[Any]", kind: AnyDataType, *, required: bool) -> "pd.Series[Any]":
    import pandas as pd  # noqa: PLC0415  (slow to load)

    where = f"column {values.name!r}"
    rows = [None if one is None or _is_nan(one) else one for one in values.tolist()]
    found = [None if one is None and not required else fitted(one, kind, where) for one in rows]
    return pd.Series(found, index=values.index, name=values.name, dtype=object)


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and value != value


def _texts(values: "pd.Series[Any]", kind: DataType) -> "pd.Series[Any]":
    if str(values.dtype) not in _TEXTS and values.dtype.kind not in "SU":
        raise _mismatch(values, kind)
    return values


def _inferred(values: "pd.Series[Any]") -> "pd.Series[Any]":
    """A column of objects as the one type that its values have, if they have one."""
    import pandas as pd  # noqa: PLC0415  (slow to load)

    if any(isinstance(one, str) for one in values):
        return values
    return pd.Series(values.tolist(), index=values.index, name=values.name)


def _moments(values: "pd.Series[Any]") -> "pd.Series[Any]":
    import datetime  # noqa: PLC0415

    import pandas as pd  # noqa: PLC0415  (slow to load)

    if values.dtype == object and all(isinstance(one, datetime.date) for one in values.dropna()):
        values = pd.Series(pd.to_datetime(values), index=values.index, name=values.name)
    if values.dtype.kind != "M":
        raise _mismatch(values, DataType.datetime, " Turn texts into times with pandas.to_datetime first.")
    if getattr(values.dtype, "tz", None) is not None:
        raise _mismatch(values, DataType.datetime, " Times have no zone in a signature: use .dt.tz_localize(None).")
    return values.astype("datetime64[ns]")


def _numbers(values: "pd.Series[Any]", kind: DataType, *, required: bool) -> "pd.Series[Any]":
    """Booleans and numbers."""
    wanted, have = kind.to_pandas(), values.dtype
    if have == wanted:
        return values
    is_object = str(have) == "object"
    has_gaps = bool(values.isna().any())
    if kind is DataType.boolean and is_object and has_gaps and not required and _are_booleans(values):
        return values  # no type of numpy holds both
    if is_object and kind in _FRACTIONS and has_gaps and bool(values.isna().all()):
        return values.astype(wanted)
    if has_gaps and kind not in _FRACTIONS:
        raise _mismatch(values, kind, _GAP_HINT if kind is not DataType.boolean else " A value is missing.")
    if not _is_widening(values, kind):
        raise _mismatch(values, kind)
    return values.astype(have.type if hasattr(have, "numpy_dtype") and not has_gaps else wanted).astype(wanted)


def _are_booleans(values: "pd.Series[Any]") -> bool:
    return all(isinstance(one, bool) for one in values.dropna())


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
        f"Column {values.name!r} holds {values.dtype}, which cannot become {kind!r} ({kind.to_pandas()}) unchanged, "
        f"as the model's signature asks.{hint}"
    )
