"""The types of Spark that predictions can have: given as text or as a type, or taken from the signature."""

from typing import Any

from runyard.core.libraries import lazy, np
from runyard.exceptions import InvalidParameter
from runyard.models.model import Model
from runyard.types.datatypes import Array, DataType, Map, Object
from runyard.types.schema import ColSpec, Schema, TensorSpec

T = lazy("pyspark.sql.types")

SCALARS = ("integer", "long", "float", "double", "string", "boolean")
_ALLOWED = (
    "It can be int, long, float, double, string or boolean, an array of these in any number of dimensions, a map from "
    "string to one of these, or a struct with such fields."
)
_NAMES = {
    DataType.boolean: "BooleanType",
    DataType.integer: "IntegerType",
    DataType.long: "LongType",
    DataType.float: "FloatType",
    DataType.double: "DoubleType",
    DataType.string: "StringType",
    DataType.binary: "BinaryType",
    DataType.datetime: "TimestampType",
}


def wanted_type(given: Any, model: Model) -> Any:
    """The type of the column of predictions.

    Parameters
    ----------
    given: Text such as ``array<double>`` or ``label string, score double``, or a type of Spark. The type of the
        signature's outputs when None, and double if it has none.

    Raises
    ------
    InvalidParameter: Predictions cannot have this type.
    """
    if given is None:
        outputs = model.get_output_schema()
        return T.DoubleType() if outputs is None else type_of(outputs)
    wanted = _parsed(given) if isinstance(given, str) else given
    if not isinstance(wanted, T.DataType) or not _can_be(wanted):
        shown = given if isinstance(given, str) else getattr(wanted, "simpleString", lambda: repr(wanted))()
        raise InvalidParameter(f"Predictions cannot have the result_type {shown!r}. {_ALLOWED}")
    return wanted


def type_of(schema: Schema) -> Any:
    """The type of Spark for outputs: the one for a single output, a struct for several.

    Raises
    ------
    InvalidParameter: Spark has none for an output.
    """
    kinds = [_of_output(one) for one in schema.inputs]
    if len(kinds) == 1:
        return kinds[0]
    names = map(str, schema.input_names())
    return T.StructType([T.StructField(name, kind) for name, kind in zip(names, kinds, strict=True)])


def _parsed(text: str) -> Any:
    try:
        return T._parse_datatype_string(text)
    except Exception as problem:
        if type(problem).__name__ != "ParseException" and text.strip():
            raise
        raise InvalidParameter(f"The result_type {text!r} is not a type that Spark knows. {_ALLOWED}") from problem


def _can_be(kind: Any) -> bool:
    if isinstance(kind, T.ArrayType):
        return _can_be(kind.elementType)
    if isinstance(kind, T.MapType):
        return isinstance(kind.keyType, T.StringType) and _can_be(kind.valueType)
    if isinstance(kind, T.StructType):
        return bool(kind.fields) and all(_can_be(field.dataType) for field in kind.fields)
    return kind.typeName() in SCALARS


def _of_output(output: ColSpec | TensorSpec) -> Any:
    if isinstance(output, ColSpec):
        return _of_type(output.type)
    kind = _of_type(_scalar_of(output))
    for _ in output.shape[1:] or (1,):  # MLflow makes arrays of one element of a tensor with one dimension
        kind = T.ArrayType(kind)
    return kind


def _scalar_of(tensor: TensorSpec) -> DataType:
    """The type that holds every element of a tensor."""
    kind, size = tensor.type.kind, tensor.type.itemsize
    if kind in "US":
        return DataType.string
    if kind == "b":
        return DataType.boolean
    if kind in "iu" and np.can_cast(tensor.type, np.int64):
        return DataType.integer if np.can_cast(tensor.type, np.int32) else DataType.long
    if kind == "f" and size <= 8:
        return DataType.float if size <= 4 else DataType.double
    raise InvalidParameter(f"Spark has no type for tensors of {tensor.type.name!r}. Give a result_type.")


def _of_type(kind: Any) -> Any:
    if isinstance(kind, DataType):
        return getattr(T, _NAMES[kind])()
    if isinstance(kind, Array):
        return T.ArrayType(_of_type(kind.dtype))
    if isinstance(kind, Map):
        return T.MapType(T.StringType(), _of_type(kind.value_type))
    if isinstance(kind, Object):
        return T.StructType([T.StructField(one.name, _of_type(one.dtype), not one.required) for one in kind.properties])
    raise InvalidParameter(f"Spark has no type for an output of {kind!r}. Give a result_type.")
