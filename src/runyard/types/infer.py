"""The schema of data somebody has: tables, arrays, dictionaries, lists, single values."""

import datetime
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from runyard.exceptions import InvalidParameter
from runyard.types.datatypes import AnyDataType, AnyType, Array, DataType, Map, Object, Property
from runyard.types.params import ParamSchema, ParamSpec
from runyard.types.schema import ColSpec, Schema, TensorSpec

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

_KINDS = {
    "b": DataType.boolean,
    "f": DataType.double,
    "M": DataType.datetime,
    "U": DataType.string,
    "S": DataType.binary,
}
_SMALL = {"f": (DataType.float, 4), "i": (DataType.integer, 4), "u": (DataType.integer, 2)}
_SCALARS: tuple[tuple[type | tuple[type, ...], DataType], ...] = (
    (bool, DataType.boolean),
    (str, DataType.string),
    ((bytes, bytearray), DataType.binary),
    (int, DataType.long),
    (float, DataType.double),
    (datetime.date, DataType.datetime),
)


class UnclearTypeError(ValueError):
    """Data whose types have no name in a schema."""


def infer_schema(data: Any) -> Schema:
    """The schema of data. Data whose types no schema can name has a single column of any type.

    Parameters
    ----------
    data: A pandas DataFrame or Series; a numpy array or a dictionary of them; a sparse matrix of scipy (CSR or CSC);
        a dictionary or a list of plain values, nested as one likes; a single value.
    """
    try:
        return _schema(data)
    except UnclearTypeError:
        return Schema([ColSpec(AnyType())])


def _schema(data: Any) -> Schema:
    import numpy as np  # noqa: PLC0415  (slow to load)

    if isinstance(data, Mapping):
        return _of_dictionary(data)
    if isinstance(data, np.ndarray):
        return Schema([tensor_spec(data)])
    kind = type(data).__module__.partition(".")[0]
    if kind == "scipy" and hasattr(data, "indptr"):
        return Schema([TensorSpec(data.data.dtype, (-1, *data.shape[1:]))])
    if kind == "pandas" and hasattr(data, "columns"):
        return Schema(columns_of(data))
    if kind == "pandas" and hasattr(data, "name") and hasattr(data, "iloc"):
        return Schema([_column(data, data.name)])
    if isinstance(data, list):
        return _of_list(data)
    return Schema([ColSpec(type_of(data))])


def _of_dictionary(data: Mapping[Any, Any]) -> Schema:
    import numpy as np  # noqa: PLC0415  (slow to load)

    if not data or not all(isinstance(name, str) for name in data):
        raise UnclearTypeError("names")
    if all(isinstance(value, np.ndarray) for value in data.values()):
        return Schema([tensor_spec(value, name) for name, value in data.items()])
    return Schema([_field(name, value) for name, value in data.items()])


def _of_list(data: list[Any]) -> Schema:
    if data and all(isinstance(one, Mapping) for one in data):
        merged = type_of_all(data)
        assert isinstance(merged, Object)
        fields = {field.name: field for field in merged.properties}
        names = dict.fromkeys(name for one in data for name in one)
        return Schema([ColSpec(fields[name].dtype, name, fields[name].required) for name in names])
    return Schema([ColSpec(type_of_all(data))])


def _field(name: str, value: Any) -> ColSpec:
    return ColSpec(AnyType() if value is None or _is_empty_list(value) else type_of(value), name, value is not None)


def tensor_spec(array: "np.ndarray[Any, Any]", name: str | None = None) -> TensorSpec:
    """The element type and shape of an array; its first dimension is open.

    Raises
    ------
    UnclearTypeError: It has no dimension.
    """
    if not array.shape:
        raise UnclearTypeError("an array without a dimension")
    return TensorSpec(array.dtype, (-1, *array.shape[1:]), name)


def columns_of(frame: "pd.DataFrame") -> list[ColSpec]:
    """The columns of a table.

    Raises
    ------
    UnclearTypeError: There are none, two have one name, or one has a type that no schema can name.
    """
    if frame.columns.empty or not frame.columns.is_unique:
        raise UnclearTypeError("columns")
    return [_column(frame[name], name) for name in frame.columns]


def _column(values: "pd.Series[Any]", name: Any) -> ColSpec:
    return ColSpec(_type_of_column(values), name, required=not bool(values.isna().any()))


def _type_of_column(values: "pd.Series[Any]") -> AnyDataType:
    dtype: Any = values.dtype
    if str(dtype) == "category":
        return _type_of_column(values.astype(dtype.categories.dtype))
    named = _number_type(dtype.kind, dtype.itemsize) if hasattr(dtype, "itemsize") else _KINDS.get(dtype.kind)
    if named:
        return named
    if dtype.kind not in "OSUT" and str(dtype) not in ("string", "str"):
        raise UnclearTypeError(str(dtype))
    present = values.dropna()
    if present.empty:
        return AnyType()
    found = type_of_all(present)
    if isinstance(found, Object) and len(present) < len(values):  # some rows have no object at all
        return Object([Property(field.name, field.dtype, required=False) for field in found.properties])
    return found


def _number_type(kind: str, size: int) -> DataType | None:
    """The type of a numpy type; None for types without one, such as 64-bit unsigned integers."""
    if kind in _SMALL and size <= _SMALL[kind][1]:
        return _SMALL[kind][0]
    if kind == "i" or (kind == "u" and size == 4):
        return DataType.long
    return _KINDS.get(kind)


def type_of(value: Any) -> AnyDataType:
    """The type of one value.

    Raises
    ------
    UnclearTypeError: No schema can name it.
    """
    if type(value).__module__.partition(".")[0] == "pandas":
        raise UnclearTypeError(type(value).__name__)
    if hasattr(value, "dtype") and hasattr(value, "shape"):  # of numpy
        if value.shape:
            return Array(type_of_all(value))
        named = _number_type(value.dtype.kind, value.dtype.itemsize)
        if named:
            return named
        raise UnclearTypeError(str(value.dtype))
    for kinds, scalar in _SCALARS:
        if isinstance(value, kinds):
            return scalar
    if isinstance(value, Mapping):
        if not value or not all(isinstance(name, str) for name in value):
            raise UnclearTypeError("names")
        return Object([_property(name, value[name]) for name in value])
    if isinstance(value, list):
        return Array(type_of_all(value))
    raise UnclearTypeError(type(value).__name__)


def _property(name: str, value: Any) -> Property:
    if value is None or _is_empty_list(value):
        return Property(name, AnyType(), required=False)
    return Property(name, type_of(value))


def _is_empty_list(value: Any) -> bool:
    return isinstance(value, list) and not value


def type_of_all(values: Iterable[Any]) -> AnyDataType:
    """The one type of several values; any type when none of them says.

    Raises
    ------
    UnclearTypeError: They have no common type.
    """
    found: AnyDataType = AnyType()
    for value in values:
        if value is not None:
            found = _common(found, type_of(value))
    return found


def _common(one: AnyDataType, other: AnyDataType) -> AnyDataType:
    if one == other or isinstance(other, AnyType):
        return one
    if isinstance(one, AnyType):
        return other
    if isinstance(one, Array) and isinstance(other, Array):
        return Array(_common(one.dtype, other.dtype))
    if isinstance(one, Object) and isinstance(other, Object):
        mine, theirs = ({field.name: field for field in side.properties} for side in (one, other))
        return Object([_common_property(mine.get(name), theirs.get(name)) for name in {**mine, **theirs}])
    if isinstance(one, Map) and isinstance(other, Map):
        return Map(_common(one.value_type, other.value_type))
    raise UnclearTypeError(f"both {one!r} and {other!r}")


def _common_property(one: Property | None, other: Property | None) -> Property:
    """A field that some objects may lack; a missing or empty one is not required."""
    if one is None or other is None:
        field = one or other
        assert field is not None
        return Property(field.name, field.dtype, required=False)
    return Property(one.name, _common(one.dtype, other.dtype), one.required and other.required)


def infer_param_schema(parameters: Mapping[Any, Any]) -> ParamSchema:
    """The schema of parameters, whose values become the defaults.

    Raises
    ------
    InvalidParameter: A value is neither a scalar, nor a list of scalars, nor an object.
    """
    if not isinstance(parameters, Mapping):
        raise InvalidParameter(f"Parameters are a dictionary, not {type(parameters).__name__}.")
    return ParamSchema([_param(str(name), value) for name, value in parameters.items()])


def _param(name: str, value: Any) -> ParamSpec:
    listed = isinstance(value, list) or bool(getattr(value, "shape", ()))
    try:
        kind = type_of(value)
    except UnclearTypeError as problem:
        raise InvalidParameter(
            f"The parameter {name!r} cannot be {value!r} ({problem}): give a scalar, a list of scalars or an object."
        ) from None
    if listed:
        assert isinstance(kind, Array)
        kind = DataType.datetime if isinstance(kind.dtype, AnyType) else kind.dtype  # as MLflow types an empty list
    if not isinstance(kind, DataType | Object) or (listed and not isinstance(kind, DataType)):
        raise InvalidParameter(f"The parameter {name!r} cannot be {value!r}: a list holds scalars only.")
    return ParamSpec(name, kind, value, (-1,) if listed else None)
