"""The forms in which a JSON request has its data, each as the model's signature wants it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from runyard.core.libraries import np, pd
from runyard.exceptions import BadRequest
from runyard.models.enforcement import takes_anything
from runyard.models.scoring_columns import as_named, is_table, named_by_place, typed_table, uniform_dtype
from runyard.models.scoring_tensors import tensors_of_rows, tensors_of_values, turned
from runyard.models.scoring_values import nested
from runyard.types.datatypes import Array, Map, Object

if TYPE_CHECKING:
    from runyard.types.schema import Schema


def of_split(value: Any, schema: Schema | None) -> Any:
    """``dataframe_split``: rows, and optionally the names of columns and rows.

    Raises
    ------
    BadRequest: It is no such object, or a value does not fit.
    ValueError: A value does not fit an array.
    """
    if not isinstance(value, dict) or not isinstance(value.get("data"), list):
        raise BadRequest(
            "`dataframe_split` must be an object with a list `data`, and optionally `columns` and `index`."
        )
    rows, columns, index = value["data"], value.get("columns"), value.get("index")
    for name, given in (("columns", columns), ("index", index)):
        if given is not None and not isinstance(given, list):
            raise BadRequest(f"`{name}` of `dataframe_split` must be a list; it is {kind_of(given)}.")
    if index is not None and len(index) != len(rows):
        raise BadRequest(f"`dataframe_split` has {len(rows)} rows, and an index of {len(index)}.")
    if columns is not None and not all(map(_is_name, columns)):
        raise BadRequest(
            "`columns` of `dataframe_split` must be texts or numbers, or lists of these for several levels."
        )
    if columns is None:
        width = _width(rows[0]) if rows else 0 if schema is None else len(schema)
        columns = named_by_place(width, schema)
    return of_rows(rows, columns, index, schema)


def of_records(value: Any, schema: Schema | None, form: str = "dataframe_records") -> Any:
    """``dataframe_records``: a list of objects, one for each row; a field that one lacks is missing in its row.

    Raises
    ------
    BadRequest: It is no such list, or a value does not fit.
    ValueError: A value does not fit an array.
    """
    if not isinstance(value, list) or not all(isinstance(record, dict) for record in value):
        raise BadRequest(f"`{form}` must be a list of objects, one for each row.")
    if not value and schema is not None and not takes_anything(schema):
        return of_rows([], schema.input_names(), None, schema)
    if schema is None:
        return pd.DataFrame(value)
    names = list(value[0]) if value else []
    if not all(record.keys() == value[0].keys() for record in value):
        names = list(dict.fromkeys(name for record in value for name in record))
        return of_rows([[record.get(name) for name in names] for record in value], names, None, schema)
    return of_rows([list(map(record.__getitem__, names)) for record in value], names, None, schema)


def of_values(form: str, value: Any, schema: Schema | None) -> Any:
    """``instances``, row by row, or ``inputs``, column by column; either may also be a plain table or an array.

    Raises
    ------
    BadRequest: It is nothing that the signature knows, or a value does not fit.
    ValueError: A value does not fit an array.
    """
    if schema is None or schema.is_tensor_spec():
        if schema is None and form == "instances" and isinstance(value, list) and value and isinstance(value[0], dict):
            value = turned(value)
        return tensors_of_values(value, schema)
    if not is_table(schema):
        return value
    if isinstance(value, Mapping):
        return _of_columns(value, schema)
    is_object = len(schema) == 1 and not schema.has_input_names() and _is_object(schema.inputs[0].type)
    if isinstance(value, list) and (not value or (any(isinstance(row, dict) for row in value) and not is_object)):
        return of_records(value, schema, form)
    return _of_plain_rows(form, value, schema)


def unpacked(value: Any, schema: Schema | None) -> Any:
    """The values of a list as they came, with the bytes and dates in them read.

    Raises
    ------
    ValueError: Something in it is not a date, or not base64.
    """
    if schema is None or schema.has_input_names() or schema.is_tensor_spec() or not isinstance(value, list):
        return value
    return [nested(one, schema.inputs[0].type) for one in value]


def of_rows(rows: Sequence[Any], columns: list[Any] | None, index: list[Any] | None, schema: Schema | None) -> Any:
    """A table as the signature wants it: with columns of its types, or as arrays.

    Parameters
    ----------
    columns: Their names, as the request or the signature has them; None for none.

    Raises
    ------
    BadRequest: Rows have different lengths, or a value does not fit.
    ValueError: A value does not fit an array.
    """
    dtype = uniform_dtype(columns, schema) if rows else None
    if dtype is not None and (frame := numbers(rows, columns, index, dtype)) is not None:
        return frame  # the most usual request, and the quickest
    names = None if columns is None else as_named(columns, schema)
    width = len(names) if names is not None else _width(rows[0]) if rows else 0
    if (odd := next((row for row in rows if _width(row) != width), None)) is not None:
        raise BadRequest(f"The table has {width} columns, and a row with {_width(odd)} values.")
    if schema is not None and schema.is_tensor_spec():
        return tensors_of_rows(rows, names, schema)
    if schema is None or not is_table(schema):
        return pd.DataFrame(rows, columns=names, index=index)
    rows = [row if isinstance(row, list) else [row] for row in rows]
    return typed_table(rows, list(range(width)) if names is None else names, index, schema)


def numbers(rows: Sequence[Any], columns: list[Any] | None, index: list[Any] | None, dtype: Any) -> Any:
    """The frame of a table of numbers that share a type, made in one step; None when it is not one."""
    try:
        table = np.array(rows, dtype="float64")
    except (ValueError, TypeError, OverflowError):
        return None
    if table.ndim != 2 or (columns is not None and table.shape[1] != len(columns)):
        return None
    if dtype == "float32":
        with np.errstate(over="ignore"):
            table = table.astype(dtype)
        if np.isinf(table).any():  # maybe a number that is too large for it
            return None
    return pd.DataFrame(table, columns=columns, index=index, copy=False)


def _of_columns(value: Mapping[str, Any], schema: Schema) -> Any:
    """Named values: those of one row, or a list of them for each column."""
    names = as_named(list(value), schema)
    if schema.has_input_names():
        kinds = {spec.name: spec.type for spec in schema.inputs}
    else:
        kinds = {name: spec.type for name, spec in zip(names, schema.inputs, strict=False)}
        if len(schema) == 1 and _is_object(schema.inputs[0].type):
            return of_rows([[dict(value)]], None, None, schema)  # the object is the only input itself
    columns = dict(zip(names, value.values(), strict=True))
    known = {name: one for name, one in columns.items() if name in kinds} or columns
    if not all(_is_column(one, kinds.get(name)) for name, one in known.items()):
        return of_rows([list(columns.values())], names, None, schema)
    lengths = {len(one) for one in columns.values() if isinstance(one, list)}
    if len(lengths) > 1 or not all(isinstance(one, list) for one in columns.values()):
        raise ValueError("its columns have different lengths; each needs a value for every row")
    return of_rows([list(row) for row in zip(*columns.values(), strict=True)], names, None, schema)


def _is_object(kind: Any) -> bool:
    return isinstance(kind, Object | Map)


def _is_column(value: Any, kind: Any) -> bool:
    """Whether it is a list of values of this kind, rather than one."""
    return (
        isinstance(value, list) and _depth(value) > _depth_of(kind)
        if isinstance(kind, Array)
        else isinstance(value, list)
    )


def _depth(value: Any) -> int:
    """How deep its lists are nested, judged by the first item of each."""
    depth = 0
    while isinstance(value, list):
        depth, value = depth + 1, next((one for one in value if one is not None), None)
    return depth


def _depth_of(kind: Any) -> int:
    depth = 0
    while isinstance(kind, Array):
        depth, kind = depth + 1, kind.dtype
    return depth


def _of_plain_rows(form: str, value: Any, schema: Schema) -> Any:
    """Rows of values without names: the signature has the names, by place."""
    if not isinstance(value, list):
        value = [value]
    kinds = [spec.type for spec in schema.inputs]
    if len(kinds) == 1:
        depth = _depth_of(kinds[0])
        rows = [row if isinstance(row, list) and _depth(row) == depth + 1 else [row] for row in value]
    else:
        rows = value
    width = _width(rows[0]) if rows else len(kinds)
    if schema.has_input_names() and (width != len(kinds) or not all(isinstance(row, list) for row in rows)):
        raise BadRequest(
            f"The model takes the columns {schema.input_names()!r}: `{form}` must have objects with them, or rows of "
            f"{len(kinds)} values."
        )
    return of_rows(rows, named_by_place(width, schema), None, schema)


def _is_name(name: Any) -> bool:
    return not isinstance(name, dict) and (
        not isinstance(name, list) or not any(isinstance(one, list | dict) for one in name)
    )


def _width(row: Any) -> int:
    return len(row) if isinstance(row, list) else 1


def kind_of(value: Any) -> str:
    """What JSON calls it."""
    names = {dict: "an object", list: "a list", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")
