"""Gives the columns of a scoring request the types of the model's signature, and never changes a value doing so."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from runyard.exceptions import BadRequest

if TYPE_CHECKING:
    import pandas as pd

    from runyard.types.schema import Schema

_FLOATS = {"float": "float32", "double": "float64"}
_INTEGERS = {"integer": "int32", "long": "int64"}
_TRUTHS = {"true": True, "false": False, "1": True, "0": False, "1.0": True, "0.0": False}


def uniform_dtype(columns: Sequence[Any] | None, schema: Schema | None) -> Any:
    """The numpy type all these columns share, when they are floating-point numbers of one kind; else None.

    Parameters
    ----------
    columns: Names of the columns a request has; None for all of the schema's.
    schema: Inputs of the signature.
    """
    if schema is None or schema.is_tensor_spec():
        return None
    kinds = {spec.name: getattr(spec.type, "name", "") for spec in schema.inputs}
    found = set(kinds.values()) if columns is None else {kinds.get(name, "") for name in columns if _hashable(name)}
    if columns is not None and (len(set(map(str, columns))) != len(columns) or None in kinds):
        return None
    return _FLOATS.get(found.pop()) if len(found) == 1 else None


def cast_frame(frame: pd.DataFrame, schema: Schema | None) -> pd.DataFrame:
    """The frame with the columns the signature knows converted to its types; others stay as they are.

    Raises
    ------
    BadRequest: A name comes twice, or a value does not fit.
    """
    if schema is None or schema.is_tensor_spec():
        return frame
    if not frame.columns.is_unique:
        twice = frame.columns[frame.columns.duplicated()][0]
        raise BadRequest(f"The column {twice!r} is given twice.")
    named = schema.has_input_names()
    for position, spec in enumerate(schema.inputs):
        name = spec.name if named else frame.columns[position] if position < frame.shape[1] else None
        if name is None or name not in frame.columns:
            continue  # enforcing the schema tells what is missing
        convert = _CONVERTERS.get(getattr(spec.type, "name", ""))
        if convert is None:
            continue
        try:
            converted = convert(column := frame[name])
        except (ValueError, TypeError, OverflowError) as problem:
            raise BadRequest(
                f"Column {name!r} does not fit the signature's type {spec.type.name}: {problem}."
            ) from None
        if converted is not column:
            frame = frame.assign(**{name: converted}) if isinstance(name, str) else _replaced(frame, name, converted)
    return frame


def typed_column(values: Any, dtype: Any) -> Any:
    """An array of whole numbers.

    Raises
    ------
    ValueError: A value is missing, has a fraction, or is out of the type's range.
    """
    import numpy as np  # noqa: PLC0415  (heavy, and only served models come here)

    given = np.asarray(values)
    if given.dtype.kind == "O":
        if any(one is None for one in given.flat):
            raise ValueError("a value is missing")
        given = np.array(given.tolist(), dtype=None)
    if given.dtype.kind in "UST":
        given = np.array([_number(one) for one in given.flat]).reshape(given.shape)
    wanted = np.dtype(dtype)
    if given.dtype.kind == "f":
        odd = given[~(np.isfinite(given) & (given == np.floor(given)))]
        if odd.size:
            raise ValueError("a value is missing" if np.isnan(odd[0]) else f"{odd[0]!s} is not a whole number")
    if given.size and given.dtype.kind in "iuf":
        limits = np.iinfo(wanted)
        for edge in (given.min(), given.max()):
            if not limits.min <= int(edge) <= limits.max:
                raise ValueError(f"{edge!s} is out of the range of {wanted}")
    return given.astype(wanted)


def _integers(dtype: str) -> Callable[[pd.Series[Any]], Any]:
    return lambda column: column if str(column.dtype) == dtype else typed_column(column.to_numpy(), dtype)


def _floats(dtype: str) -> Callable[[pd.Series[Any]], Any]:
    return lambda column: column if str(column.dtype) == dtype else column.to_numpy().astype(dtype)


def _number(text: Any) -> int | float:
    try:
        return int(text)
    except ValueError:
        return float(text)


def _booleans(column: pd.Series[Any]) -> Any:
    import numpy as np  # noqa: PLC0415

    if column.dtype == np.bool_:
        return column
    found = [_TRUTHS.get(str(one).lower()) for one in column.tolist()]
    if None in found:
        raise ValueError(f"{column.tolist()[found.index(None)]!r} is neither true nor false")
    return np.array(found, dtype=bool)


def _moments(column: pd.Series[Any]) -> Any:
    """Times without a zone; those with one are moved to UTC first, whole numbers count nanoseconds."""
    import pandas as pd  # noqa: PLC0415

    if column.dtype.kind in "iuf":
        found = pd.to_datetime(column)
    else:
        found = pd.to_datetime(column, utc=True, format="ISO8601").dt.tz_localize(None)
    return found.astype("datetime64[ns]")


def _bytes(column: pd.Series[Any]) -> Any:
    import pandas as pd  # noqa: PLC0415

    return pd.Series([_unpacked(one) for one in column.tolist()], index=column.index, dtype=object)


def _unpacked(value: Any) -> Any:
    if value is None or isinstance(value, (bytes, float)):
        return value
    try:
        return base64.b64decode(str(value).replace("\n", ""), validate=True)
    except binascii.Error:
        raise ValueError("binary values must be base64") from None


def _replaced(frame: pd.DataFrame, name: Any, column: Any) -> pd.DataFrame:
    changed = frame.copy(deep=False)
    changed[name] = column
    return changed


def _hashable(name: Any) -> bool:
    return isinstance(name, (str, int, float))


_CONVERTERS: dict[str, Callable[[pd.Series[Any]], Any]] = {
    **{name: _floats(dtype) for name, dtype in _FLOATS.items()},
    **{name: _integers(dtype) for name, dtype in _INTEGERS.items()},
    "boolean": _booleans,
    "datetime": _moments,
    "binary": _bytes,
}
