"""CSV as the table of a scoring request. Only an empty cell is a missing value: NA may be Namibia."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from runyard.core.libraries import pd
from runyard.exceptions import BadRequest
from runyard.models.enforcement import takes_anything
from runyard.models.scoring_columns import as_named, cast_frame, uniform_dtype
from runyard.models.scoring_forms import numbers, of_rows
from runyard.types.datatypes import AnyType, DataType
from runyard.types.moments import shown

if TYPE_CHECKING:
    from runyard.types.schema import Schema

_SHORT = 64 * 1024
_MISSING = ["", "NA", "N/A", "n/a", "NaN", "nan", "null", "NULL", "None", "<NA>", "#N/A"]
"""What stands for a missing number; in a column of texts all but the first are words."""


def table_of(text: str, schema: Schema | None) -> Any:
    """The table as the signature wants it.

    Raises
    ------
    BadRequest: A name comes twice, a row is too long, or a value does not fit the schema's type.
    ValueError: It is not CSV with a header.
    """
    lines = (row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row)
    columns = next(lines, None)
    if columns is None:
        raise ValueError("it is empty")
    if schema is None or takes_anything(schema):
        return _read(text, columns, {})
    rows = list(lines) if len(text) <= _SHORT else []
    if (table := _numbers(text, rows, columns, schema)) is not None:
        return table
    names = as_named(columns, schema)
    kinds = _kinds(names, schema)
    is_tensor = schema.is_tensor_spec()
    if len(text) <= _SHORT and not any(isinstance(kind, AnyType) for kind in kinds):
        return of_rows([_cells(row, kinds) for row in rows], names, None, schema)
    if len(set(names)) < len(names):
        raise BadRequest(f"The column {shown(next(name for name in names if names.count(name) > 1))} is given twice.")
    frame = _read(text, columns, {name: str if is_tensor else kind for name, kind in zip(columns, kinds, strict=True)})
    if is_tensor:
        return of_rows([_cells(row, kinds) for row in frame.to_numpy().tolist()], names, None, schema)
    for column, kind in zip(columns, kinds, strict=True):
        if _is_nested(kind):
            frame[column] = frame[column].map(_decoded).astype(object)
    frame.columns = names
    return cast_frame(frame, schema)


def _numbers(text: str, rows: Sequence[Any], columns: list[Any], schema: Schema) -> Any:
    """The frame of fractions alone, made in one step; None when it is something else. Python reads 1_0 as ten."""
    dtype = uniform_dtype(columns, schema) if rows else None
    return None if dtype is None or "_" in text[text.find("\n") :] else numbers(rows, columns, None, dtype)


def _kinds(names: Sequence[Any], schema: Schema) -> list[Any]:
    """The type of each column by the signature; None where it has none."""
    if schema.has_input_names():
        kinds = {spec.name: spec.type for spec in schema.inputs}
        unnamed = schema.inputs[0].type if schema.is_tensor_spec() and len(schema) == 1 else None
        return [kinds.get(name, unnamed) for name in names]
    kinds_by_place = [spec.type for spec in schema.inputs]
    if schema.is_tensor_spec():
        return kinds_by_place * len(names)
    return [kinds_by_place[place] if place < len(kinds_by_place) else None for place in range(len(names))]


def _cells(row: Sequence[Any], kinds: Sequence[Any]) -> list[Any]:
    """The cells of a row, as the readers of values take them; what is missing at its end is empty."""
    if len(row) > len(kinds):
        raise BadRequest("A row of the CSV body has more values than its header has names.")
    cells = [
        None if not isinstance(cell, str) or cell in (_MISSING if _is_number(kind) else "") else cell
        for cell, kind in zip(row, kinds, strict=False)
    ]
    cells = [_decoded(cell) if _is_nested(kind) else cell for cell, kind in zip(cells, kinds, strict=False)]
    return cells + [None] * (len(kinds) - len(cells))


def _is_number(kind: Any) -> bool:
    """Whether it is a type whose values are not texts: of columns, or of tensors."""
    if isinstance(kind, DataType):
        return kind not in (DataType.string, DataType.binary)
    return getattr(kind, "kind", "O") in "biuf"


def _is_nested(kind: Any) -> bool:
    """Whether a cell may hold a list or an object."""
    return kind is not None and not isinstance(kind, DataType | AnyType)


def _decoded(cell: Any) -> Any:
    """A cell that holds a list or an object holds its JSON."""
    if not isinstance(cell, str) or not cell.lstrip().startswith(("[", "{")):
        return cell
    try:
        return json.loads(cell)
    except ValueError:
        raise ValueError(f"{shown(cell)} is not JSON, which cells with lists or objects must be") from None


def _read(text: str, columns: Sequence[str], kinds: dict[str, Any]) -> pd.DataFrame:
    """A large table, or one of unknown types, by the reader made for millions of rows.

    Parameters
    ----------
    kinds: The types that columns have by the signature; ``str`` for one to leave as it is. The types of others are
        guessed.
    """
    plain: Any = {name: object for name in columns if _is_kept(kinds.get(name))}
    missing: Any = {name: _MISSING if _is_number(kinds.get(name)) else [""] for name in columns}
    try:
        frame = pd.read_csv(io.StringIO(text), dtype=plain or None, keep_default_na=False, na_values=missing)
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as problem:
        raise ValueError(str(problem).strip().rpartition("error: ")[2]) from None
    if not isinstance(frame.index, pd.RangeIndex):
        raise BadRequest("A row of the CSV body has more values than its header has names.")
    for name in frame.columns:
        if kinds.get(name) is None or isinstance(kinds[name], AnyType):
            frame[name] = _guessed(frame[name])
    return frame


def _is_kept(kind: Any) -> bool:
    """Whether the reader must leave it as text. Or else 007 becomes 7, and a whole number beside a gap a fraction."""
    return kind is not None and kind not in (DataType.float, DataType.double, DataType.boolean, AnyType())


def _guessed(column: pd.Series[Any]) -> pd.Series[Any]:
    """A column of unknown type: numbers where all but the words for a missing one are some."""
    words = column.isin(_MISSING)
    if column.dtype.kind in "iufbM" or not words.any() or words.all():
        return column
    try:
        return pd.to_numeric(column.where(~words))
    except (ValueError, TypeError):
        return column
