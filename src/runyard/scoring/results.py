"""Predictions as a column of a type of Spark, chosen from what the model returned as MLflow chooses it."""

from collections.abc import Sequence
from typing import Any

from runyard.core.libraries import lazy, np, pd
from runyard.exceptions import InvalidParameter
from runyard.scoring.spark_types import SCALARS

pa = lazy("pyarrow")
T = lazy("pyspark.sql.types")
arrow = lazy("pyspark.sql.pandas.types")

_INT32 = ("int8", "uint8", "int16", "uint16", "int32")
_FITTING = {"integer": _INT32, "long": (*_INT32, "uint32", "int64"), "boolean": ("bool",)}


def column_of(prediction: Any, rows: int, kind: Any) -> Any:
    """The predictions for a batch as an Arrow array.

    For a scalar it is the leftmost column of this type; for an array all of them; for a struct those of the fields'
    names. Whole numbers fit in wider ones and in fractions; everything fits in text. Missing values are null.

    Parameters
    ----------
    prediction: What ``predict`` returned: an array, a table, a list, or a dictionary of columns.
    rows: How many rows were predicted for.
    kind: The type of Spark.

    Raises
    ------
    InvalidParameter: There are more or fewer predictions than rows, or none has this type.
    """
    table = table_of(prediction)
    if len(table) != rows:
        raise InvalidParameter(f"The model returned {len(table)} predictions for {rows} rows; it must be one for each.")
    if isinstance(kind, T.StructType):
        return _struct(table, kind)
    if isinstance(kind, T.ArrayType):
        return _lists(table, kind)
    if isinstance(kind, T.MapType):
        return _nested(table.iloc[:, 0], kind)
    return _scalars(_fitting(table, kind.typeName())[0], kind)


def table_of(prediction: Any) -> "pd.DataFrame":
    """What a model returned as a table: the columns of tables, matrices and records, else a single one.

    Raises
    ------
    InvalidParameter: It has no rows, such as a single number.
    """
    if isinstance(prediction, pd.DataFrame):
        return prediction
    if isinstance(prediction, pd.Series):
        return prediction.to_frame()
    if hasattr(prediction, "toarray"):  # a sparse matrix
        prediction = prediction.toarray()
    if isinstance(prediction, dict):
        return pd.DataFrame({name: _column(values) for name, values in prediction.items()})
    if isinstance(prediction, list | tuple):
        return pd.DataFrame(list(prediction))
    if isinstance(prediction, np.ndarray) and prediction.ndim:
        return pd.DataFrame(prediction if prediction.ndim <= 2 else {0: list(prediction)})
    raise InvalidParameter(
        f"The model returned {type(prediction).__name__} {str(prediction)[:80]!r}: no row for each prediction."
    )


def _column(values: Any) -> Any:
    return list(values) if getattr(values, "ndim", 1) > 1 else values


def _fitting(table: "pd.DataFrame", name: str) -> list["pd.Series[Any]"]:
    """The columns that have a scalar type, from the left.

    Raises
    ------
    InvalidParameter: None has.
    """
    columns = [table.iloc[:, place] for place in range(table.shape[1])]
    found = [column for column in columns if _fits(column.dtype, name)]
    if not found:
        returned = ", ".join(f"{column.name!r}: {column.dtype}" for column in columns)
        raise InvalidParameter(
            f"The model returned no column of type {name} (it returned {returned}). Give another result_type; "
            "everything fits in 'string' and 'array<string>'."
        )
    return found


def _fits(dtype: Any, name: str) -> bool:
    if name == "string":
        return True
    plain = getattr(dtype, "numpy_dtype", dtype)  # of nullable types
    if not isinstance(plain, np.dtype):
        return False
    return str(plain) in _FITTING[name] if name in _FITTING else plain.kind in "iuf"


def _scalars(column: "pd.Series[Any]", kind: Any) -> Any:
    wanted = arrow.to_arrow_type(kind)
    name = kind.typeName()
    if name == "string":
        return pa.array(_texts(column), wanted)
    values = pa.array(column, from_pandas=True)
    try:
        return values.cast(wanted, safe=name in _FITTING)
    except pa.ArrowInvalid as problem:
        raise InvalidParameter(f"The model's column {column.name!r} does not fit in {name}: {problem}.") from None


def _texts(column: "pd.Series[Any]") -> list[str | None]:
    gaps = column.isna().tolist()
    return [None if gap else str(value) for gap, value in zip(gaps, column.tolist(), strict=True)]


def _lists(table: "pd.DataFrame", kind: Any) -> Any:
    """An array for each row: of all columns that fit, or of the only column when it has arrays itself."""
    element = kind.elementType
    if _has_arrays(table) or isinstance(element, T.ArrayType | T.StructType | T.MapType):
        return _nested(table.iloc[:, 0] if table.shape[1] == 1 else _rows(table), kind)
    name = element.typeName()
    columns = [_scalars(column, element) for column in _fitting(table, name)]
    width, rows = len(columns), len(table)
    if all(not column.null_count for column in columns) and name not in ("string", "boolean"):
        flat = pa.array(np.column_stack([column.to_numpy() for column in columns]).ravel())
    else:
        order = np.arange(width * rows).reshape(width, rows).T.ravel()
        flat = pa.concat_arrays(columns).take(pa.array(order))
    offsets = pa.array(np.arange(rows + 1, dtype=np.int32) * width)
    return pa.ListArray.from_arrays(offsets, flat)


def _has_arrays(table: "pd.DataFrame") -> bool:
    if table.shape[1] != 1 or table.iloc[:, 0].dtype != object:
        return False
    return any(isinstance(value, list | tuple | np.ndarray) for value in table.iloc[:, 0])


def _rows(table: "pd.DataFrame") -> "pd.Series[Any]":
    return pd.Series([list(row) for row in table.itertuples(index=False, name=None)])


def _struct(table: "pd.DataFrame", kind: Any) -> Any:
    names = [str(name) for name in table.columns]
    missing = [field.name for field in kind.fields if field.name not in names]
    if missing and len(names) == 1 and isinstance(next(iter(table.iloc[:, 0]), None), dict):
        return _nested(table.iloc[:, 0], kind)
    if missing:
        raise InvalidParameter(
            f"The model returned no column {missing[0]!r}, which the result_type has as a field; it returned "
            f"{', '.join(map(repr, names))}."
        )
    parts = [_field(table.iloc[:, names.index(field.name)], field.dataType) for field in kind.fields]
    fields = list(arrow.to_arrow_type(kind))
    return pa.StructArray.from_arrays(parts, fields=fields)


def _field(column: "pd.Series[Any]", kind: Any) -> Any:
    if isinstance(kind, T.ArrayType | T.MapType | T.StructType):
        return _nested(column, kind)
    name, plain = kind.typeName(), getattr(column.dtype, "numpy_dtype", column.dtype)
    wanted = "b" if name == "boolean" else "iuf"  # the field is named, so that any number may become any other
    if name in SCALARS and name != "string" and not (isinstance(plain, np.dtype) and plain.kind in wanted):
        raise InvalidParameter(
            f"The model's column {column.name!r} of {column.dtype} is not {name}, as the result_type has it."
        )
    return _scalars(column, kind)


def _nested(column: "pd.Series[Any]", kind: Any) -> Any:
    try:
        return pa.array([_value(value, kind) for value in column], arrow.to_arrow_type(kind))
    except (TypeError, ValueError, pa.ArrowException) as problem:
        raise InvalidParameter(f"The model's predictions are no {kind.simpleString()}: {problem}.") from None


def _value(value: Any, kind: Any) -> Any:
    """A value as Arrow takes it."""
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return None
    if isinstance(kind, T.ArrayType):
        if not isinstance(value, Sequence | np.ndarray) or isinstance(value, str | bytes):
            raise TypeError(f"{value!r} is not a list")
        return [_value(one, kind.elementType) for one in value]
    if isinstance(kind, T.MapType):
        return {str(key): _value(one, kind.valueType) for key, one in value.items()}
    if isinstance(kind, T.StructType):
        return {field.name: _value(value.get(field.name), field.dataType) for field in kind.fields}
    if kind.typeName() == "string":
        return str(value)
    return value.item() if isinstance(value, np.generic) else value
