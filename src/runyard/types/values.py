"""Checks plain values against types: scalars, and nested lists and dictionaries."""

import datetime
from collections.abc import Callable
from typing import Any

from runyard.core.libraries import np
from runyard.exceptions import InvalidParameter
from runyard.types.datatypes import AnyDataType, Array, DataType, Map, Object
from runyard.types.moments import shown

_EXACT = 2**53
"""Whole numbers up to here have an exact floating-point number."""


def fitted(value: Any, kind: AnyDataType, where: str) -> Any:
    """The value as the type has it: whole numbers become fractions where those are asked for, nothing else changes.

    Parameters
    ----------
    where: What an error names, such as ``column 'a'``.

    Raises
    ------
    InvalidParameter: It is of another type.
    """
    if isinstance(kind, DataType):
        return _scalar(value, kind, where)
    if isinstance(kind, Array):
        return _array(value, kind, where)
    if isinstance(kind, Object):
        return _object(value, kind, where)
    if isinstance(kind, Map):
        return {name: fitted(one, kind.value_type, f"{where}[{name!r}]") for name, one in _names(value, kind, where)}
    return value


def _scalar(value: Any, kind: DataType, where: str) -> Any:
    if kind is DataType.datetime and type(value).__name__ == "datetime64":
        return value
    plain: Any = value
    if hasattr(value, "item") and getattr(value, "shape", ()) == ():
        plain = value.item()
    if kind in _PYTHON and isinstance(plain, _PYTHON[kind]):
        return plain
    if kind in _CONVERTERS and isinstance(plain, int | float) and not isinstance(plain, bool):
        number = _CONVERTERS[kind](plain)
        if number is not None:
            return number
    raise refused(value, kind, where)


def _whole(bits: int) -> Callable[[float], int | None]:
    return lambda value: value if isinstance(value, int) and -(2**bits) <= value < 2**bits else None


def _fraction(value: float) -> float | None:
    is_exact = type(value) is float or abs(value) <= _EXACT
    return float(value) if is_exact else None


_CONVERTERS: dict[DataType, Callable[[float], float | None]] = {
    DataType.integer: _whole(31),
    DataType.long: _whole(63),
    DataType.float: _fraction,
    DataType.double: _fraction,
}
_PYTHON: dict[DataType, type | tuple[type, ...]] = {
    DataType.boolean: bool,
    DataType.string: str,
    DataType.binary: (bytes, bytearray),
    DataType.datetime: (datetime.date,),
}


def _array(value: Any, kind: Array, where: str) -> Any:
    is_numpy = hasattr(value, "dtype") and bool(getattr(value, "shape", ()))
    if not isinstance(value, list) and not is_numpy:
        raise refused(value, kind, where)
    if is_numpy:
        cast = _cast(value, kind)
        if cast is not None:
            return cast
    items = [_item(one, kind.dtype, f"{where}[{place}]") for place, one in enumerate(value)]
    return type_as(value, items) if is_numpy else items


def type_as(array: Any, items: list[Any]) -> Any:
    """The items as an array, of objects where the array they come from is one."""
    return np.array(items, dtype=object if array.dtype == object else None)


def _cast(array: Any, kind: Array) -> Any:
    """A whole array of numbers at once; None when that is not safe, or there are other things in it."""
    depth, leaf = 1, kind.dtype
    while isinstance(leaf, Array):
        depth, leaf = depth + 1, leaf.dtype
    if not isinstance(leaf, DataType) or array.ndim != depth or array.dtype.kind not in "biuf":
        return None
    wanted = leaf.to_numpy()
    if (array.dtype.kind == "b") != (wanted.kind == "b") or wanted.kind not in "biuf":
        return None
    exact = array.dtype.kind == wanted.kind or array.dtype.itemsize < wanted.itemsize
    return array.astype(wanted, copy=False) if exact and np.can_cast(array.dtype, wanted, "safe") else None


def _item(value: Any, kind: AnyDataType, where: str) -> Any:
    """An item of a list, which may have gaps: no schema says that it has none."""
    if value is None and kind in (DataType.float, DataType.double):
        return float("nan")
    return None if value is None else fitted(value, kind, where)


def _object(value: Any, kind: Object, where: str) -> dict[str, Any]:
    known = {field.name: field for field in kind.properties}
    given = dict(_names(value, kind, where))
    unknown = sorted(given.keys() - known)
    missing = sorted(name for name, field in known.items() if field.required and name not in given)
    if unknown or missing:
        wrong = [f"{text} {', '.join(names)}" for text, names in (("lacks", missing), ("also has", unknown)) if names]
        raise InvalidParameter(f"The object in {where} {' and '.join(wrong)}; its fields are {', '.join(known)}.")
    return {
        name: None if one is None and not known[name].required else fitted(one, known[name].dtype, f"{where}[{name!r}]")
        for name, one in given.items()
    }


def _names(value: Any, kind: AnyDataType, where: str) -> Any:
    if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
        raise refused(value, kind, where)
    return value.items()


def refused(value: Any, kind: AnyDataType, where: str) -> InvalidParameter:
    """The error about a value of another type."""
    return InvalidParameter(
        f"{where[:1].upper()}{where[1:]} must be {kind!r}; it is {shown(value)} ({type(value).__name__})."
    )
