"""Infers the schema of data: tables, arrays, dictionaries, lists, single values."""

import datetime
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from runyard.core.libraries import np
from runyard.exceptions import InvalidParameter
from runyard.types.datatypes import AnyDataType, AnyType, Array, DataType, Map, Object, Property
from runyard.types.params import ParamSchema, ParamSpec
from runyard.types.schema import ColSpec, Schema, TensorSpec

if TYPE_CHECKING:
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


_NAMES = (str, int, float)


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
        return schema_of(data)
    except UnclearTypeError:
        return Schema([ColSpec(AnyType())])


def schema_of(data: Any) -> Schema:
    """The schema of data, of the kinds that `infer_schema` takes.

    Raises
    ------
    UnclearTypeError: No schema can name its types.
    """
    if isinstance(data, Mapping):
        return _of_dictionary(data)
    if isinstance(data, np.ndarray):
        return Schema([tensor_spec(data)])
    kind = type(data).__module__.partition(".")[0]
    if kind == "scipy":
        if type(data).__name__ not in ("csr_matrix", "csc_matrix"):
            raise UnclearTypeError("only these two are tensors")
        return Schema([TensorSpec(data.data.dtype, (-1, *data.shape[1:]))])
    if kind == "pandas" and hasattr(data, "columns"):
        return Schema(columns_of(data))
    if kind == "pandas" and hasattr(data, "name") and hasattr(data, "iloc"):
        column = _column(data, data.name)
        if column.name is None and not column.required:
            raise UnclearTypeError("a column without a name cannot be optional")
        return Schema([column])
    if isinstance(data, list):
        return _of_list(data)
    return Schema([ColSpec(type_of(data))])


def _of_dictionary(data: Mapping[Any, Any]) -> Schema:
    if not data or not all(isinstance(name, str) for name in data):
        raise UnclearTypeError("names")
    if all(isinstance(value, np.ndarray) for value in data.values()):
        return Schema([tensor_spec(value, name) for name, value in data.items()])
    return Schema([_field(name, value) for name, value in data.items()])


def _of_list(data: list[Any]) -> Schema:
    if not data:
        return Schema([ColSpec(DataType.string)])  # as MLflow has it
    if all(isinstance(one, Mapping) for one in data):
        names = dict.fromkeys(name for one in data for name in one)
        if not names or not all(isinstance(name, str) for name in names):
            raise UnclearTypeError("names")
        return Schema([_column_of_rows(name, data) for name in names])
    return Schema([ColSpec(type_of_all(data))])


def _column_of_rows(name: str, rows: list[Mapping[str, Any]]) -> ColSpec:
    values = [row[name] for row in rows if name in row]
    return ColSpec(type_of_all(values), name, len(values) == len(rows) and all(one is not None for one in values))


def _field(name: str, value: Any) -> ColSpec:
    has_gap = value is None or (isinstance(value, list) and any(one is None for one in value))
    return ColSpec(AnyType() if value is None else type_of(value), name, not has_gap)


def tensor_spec(array: "np.ndarray[Any, Any]", name: str | None = None) -> TensorSpec:
    """The element type and shape of an array; its first dimension is open.

    Raises
    ------
    UnclearTypeError: It has no dimension, or its elements have a type that a name alone does not tell.
    """
    if not array.shape or array.dtype.kind in "VT":
        raise UnclearTypeError("an array without a dimension, or of records")
    return TensorSpec(array.dtype, (-1, *array.shape[1:]), name)


def columns_of(frame: "pd.DataFrame") -> list[ColSpec]:
    """The columns of a table.

    Raises
    ------
    UnclearTypeError: There are none, two have one name, or one has a type that no schema can name.
    """
    if frame.columns.empty or not frame.columns.is_unique:
        raise UnclearTypeError("there are no columns, or several of one name")
    found = []
    for name in frame.columns:
        try:
            found.append(_column(frame[name], name))
        except UnclearTypeError as problem:
            raise UnclearTypeError(f"column {name!r} has {problem}") from None
    return found


def _column(values: "pd.Series[Any]", name: Any) -> ColSpec:
    parts = name if isinstance(name, tuple) else (name,)
    if not all(one is None or (isinstance(one, _NAMES) and one == one) for one in parts):
        raise UnclearTypeError(f"{name!r} is not a name that JSON has")
    return ColSpec(_type_of_column(values), name, required=not bool(values.isna().any()))


def _type_of_column(values: "pd.Series[Any]") -> AnyDataType:
    dtype: Any = values.dtype
    if str(dtype) == "category":
        return _type_of_column(dtype.categories.to_series())
    named = _number_type(dtype.kind, dtype.itemsize) if hasattr(dtype, "itemsize") else _KINDS.get(dtype.kind)
    if named:
        return named
    if dtype.kind not in "OSUT" and str(dtype) not in ("string", "str"):
        raise UnclearTypeError(str(dtype))
    given = (value for value, gap in zip(values, values.isna(), strict=True) if value is None or not gap)
    return type_of_all(one.to_pydatetime(warn=False) if hasattr(one, "to_pydatetime") else one for one in given)


def _number_type(kind: str, size: int) -> DataType | None:
    """The type of a numpy type; None for types without one, such as unsigned integers of 64 bits."""
    if kind in _SMALL and size <= _SMALL[kind][1]:
        return _SMALL[kind][0]
    if kind == "i" or (kind == "u" and size == 4):
        return DataType.long
    return None if kind == "f" and size > 8 else _KINDS.get(kind)


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
        if named and str(value.dtype) != "float16":
            return named
        raise UnclearTypeError(str(value.dtype))
    for kinds, scalar in _SCALARS:
        if isinstance(value, kinds):
            if isinstance(value, int) and not -(2**63) <= value < 2**63:
                raise UnclearTypeError("whole numbers beyond 64 bits")
            return scalar
    if isinstance(value, Mapping):
        if not all(isinstance(name, str) for name in value):
            raise UnclearTypeError("names")
        return AnyType() if not value else Object([_property(name, value[name]) for name in value])
    if isinstance(value, list):
        return Array(type_of_all(value)) if value else AnyType()
    raise UnclearTypeError(type(value).__name__)


def _property(name: str, value: Any) -> Property:
    kind = AnyType() if value is None else type_of(value)
    return Property(name, kind, required=not isinstance(kind, AnyType))


def type_of_all(values: Iterable[Any]) -> AnyDataType:
    """The one type of several values; any type when none of them says.

    Raises
    ------
    UnclearTypeError: They have no common type.
    """
    found: AnyDataType | None = None
    has_gaps, empty = False, set[type]()
    for value in values:
        if isinstance(value, Mapping | list) and not value:
            empty.add(list if isinstance(value, list) else Mapping)
        if value is None or (isinstance(value, Mapping) and not value):
            has_gaps = True
        else:
            kind = type_of(value)
            found = kind if found is None else _common(found, kind)
    if found is None:
        return AnyType()
    if not empty <= _EMPTY.get(type(found), set()):
        raise UnclearTypeError(f"both {found!r} and an empty list or object")
    return _maybe_empty(found) if has_gaps else found


_EMPTY: dict[type, set[type]] = {Array: {list}, Object: {Mapping}, Map: {Mapping}, AnyType: {list, Mapping}}


def _maybe_empty(kind: AnyDataType) -> AnyDataType:
    """The type where some values are empty: no field is sure when the whole object may be missing."""
    if not isinstance(kind, Object):
        return kind
    return Object([Property(field.name, field.dtype, required=False) for field in kind.properties])


def _common(one: AnyDataType, other: AnyDataType) -> AnyDataType:
    if one == other:
        return one
    if isinstance(one, AnyType) or isinstance(other, AnyType):
        return _maybe_empty(other if isinstance(one, AnyType) else one)
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
    is_list = isinstance(value, list) or (hasattr(value, "tolist") and len(value.shape) == 1)
    try:
        kind = _type_of_items(list(value)) if is_list else type_of(value)
    except UnclearTypeError as problem:
        raise InvalidParameter(
            f"The parameter {name!r} cannot be {value!r} ({problem}): give a scalar, a list of scalars or an object."
        ) from None
    if not isinstance(kind, DataType | Object) or (is_list and not isinstance(kind, DataType)):
        raise InvalidParameter(f"The parameter {name!r} cannot be {value!r}: a list holds scalars only.")
    return ParamSpec(name, kind, value, (-1,) if is_list else None)


def _type_of_items(values: list[Any]) -> AnyDataType:
    """The type of a parameter's list: mixed numbers are fractions, and an empty list is what MLflow takes it for."""
    if not values:
        return DataType.datetime
    if {type(one) for one in values} == {int, float}:
        return DataType.double
    return type_of_all(values)
