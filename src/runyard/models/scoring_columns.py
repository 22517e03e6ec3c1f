"""Gives the columns and arrays of a scoring request the types of the model's signature."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from runyard.core.libraries import pd
from runyard.exceptions import BadRequest
from runyard.models import scoring_values as values
from runyard.models.enforcement import takes_anything
from runyard.types.datatypes import AnyType, DataType
from runyard.types.moments import shown

if TYPE_CHECKING:
    from runyard.types.schema import Schema

_FLOATS = {"float": "float32", "double": "float64"}
_INTEGERS = {"integer": "int32", "long": "int64"}


def is_table(schema: Schema | None) -> bool:
    """Whether the signature has types of columns."""
    return schema is not None and not schema.is_tensor_spec() and not takes_anything(schema)


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
    if columns is None:
        found = set(kinds.values())
    elif None in kinds or any(isinstance(name, (list, dict)) for name in columns):
        return None
    else:
        found = {kinds.get(name, "") for name in columns}
        if len(set(columns)) != len(columns):
            return None
    return _FLOATS.get(found.pop()) if len(found) == 1 else None


def as_named(columns: Sequence[Any], schema: Schema | None) -> list[Any]:
    """The names of a request's columns as the signature has them: JSON and CSV write the number 0 as text, and a name
    of several levels as a list or as the text of one.
    """
    given = [tuple(name) if isinstance(name, list) else name for name in columns]
    if not is_table(schema) or schema is None:
        return given
    odd = {str(spec.name): spec.name for spec in schema.inputs if spec.name is not None and spec.name != str(spec.name)}
    return [odd.get(name, name) if isinstance(name, str) else name for name in given] if odd else given


def named_by_place(width: int, schema: Schema | None) -> list[Any] | None:
    """The names that a row of values without names has: those of the signature, when it has as many inputs."""
    if schema is None or not is_table(schema) or not schema.has_input_names() or len(schema) != width:
        return None
    return schema.input_names()


def typed_table(
    rows: Sequence[Sequence[Any]], names: Sequence[Any], index: Sequence[Any] | None, schema: Schema
) -> pd.DataFrame:
    """Rows of values as a frame whose columns have the signature's types; those it does not know stay as they are.

    Raises
    ------
    BadRequest: A name comes twice, or a value does not fit.
    """
    if len(set(names)) < len(names):
        raise BadRequest(f"The column {shown(next(name for name in names if names.count(name) > 1))} is given twice.")
    specs = _specs(names, schema)
    columns: Any = zip(*rows, strict=True) if rows else ((),) * len(names)
    frame = pd.DataFrame(
        {name: _fitting(name, column, specs.get(name)) for name, column in zip(names, columns, strict=True)}
    )
    if index is not None:
        frame.index = pd.Index(index)
    return frame


def cast_frame(frame: pd.DataFrame, schema: Schema | None) -> pd.DataFrame:
    """The frame with the columns the signature knows converted to its types; others stay as they are.

    Raises
    ------
    BadRequest: A name comes twice, or a value does not fit.
    """
    if schema is None or not is_table(schema):
        return frame
    if not frame.columns.is_unique:
        raise BadRequest(f"The column {shown(frame.columns[frame.columns.duplicated()][0])} is given twice.")
    specs = _specs(list(frame.columns), schema)
    columns: dict[Any, Any] = {}
    for name in frame.columns:
        columns[name], spec = frame[name], specs.get(name)
        if spec is not None and not _has_type(columns[name], spec.type):
            columns[name] = _fitting(name, columns[name].tolist(), spec)
    made = pd.DataFrame({name: getattr(column, "array", column) for name, column in columns.items()})
    made.index = frame.index
    return made


def _specs(names: Sequence[Any], schema: Schema) -> dict[Any, Any]:
    """The inputs of the signature by the names of a table's columns."""
    if schema.has_input_names():
        return {spec.name: spec for spec in schema.inputs}
    return dict(zip(names, schema.inputs, strict=False))


def _has_type(column: pd.Series[Any], kind: Any) -> bool:
    return isinstance(kind, AnyType) or (isinstance(kind, DataType) and column.dtype == kind.to_numpy())


def _fitting(name: Any, column: Sequence[Any], spec: Any) -> Any:
    """The values of a column in the type of its input."""
    if spec is None:
        return list(column)
    try:
        return _converted(column, spec.type, spec.required)
    except ValueError as problem:
        raise BadRequest(f"Column {shown(name)} does not fit the signature's type {spec.type!r}: {problem}.") from None


def _converted(column: Sequence[Any], kind: Any, required: bool) -> Any:
    """Values in a type, as a list or an array.

    Raises
    ------
    ValueError: A value does not fit.
    """
    name = getattr(kind, "name", "")
    if name in _FLOATS:
        return values.fractions(column, _FLOATS[name])
    if name in _INTEGERS:
        return values.whole_numbers(column, _INTEGERS[name], required=required)
    if name == "boolean":
        return values.truths(column, required=required)
    if name in _LISTS and column:
        return _LISTS[name](column)
    if not column:
        return pd.Series(dtype="datetime64[ns]" if name == "datetime" else object)
    return list(column) if isinstance(kind, AnyType) else [values.nested(one, kind) for one in column]


_LISTS: dict[str, Callable[[Sequence[Any]], Any]] = {
    "string": values.texts,
    "binary": values.binaries,
    "datetime": values.moments,
}
