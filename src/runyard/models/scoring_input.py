"""Reads what a scoring request brings: JSON in its four forms, or CSV, typed as the model's signature says.

The protocol is MLflow's. Where MLflow would silently change a value (2.5 for an integer column becomes 2, bytes that
are not base64 become none) the request is refused instead.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from runyard.exceptions import BadRequest
from runyard.models.scoring_columns import cast_frame, typed_column, uniform_dtype

if TYPE_CHECKING:
    import pandas as pd

    from runyard.types.schema import Schema

FORMS = ("dataframe_split", "dataframe_records", "instances", "inputs")
"""The keys of a JSON body that hold data; a body has exactly one of them."""

CHAT_KEYS = frozenset({"messages", "prompt", "input"})
"""Keys of bodies in the style of chat services: the whole object is the model's input."""

_SHORT = 64 * 1024


class ScoringInput(NamedTuple):
    """What a request asks of a model.

    Attributes
    ----------
    data: The argument of `predict`: a DataFrame, an array, a dict of arrays, or the values as they came.
    params: The second argument; None when the request has none.
    is_bare: True when the answer is the prediction itself, without the object around it.
    """

    data: Any
    params: dict[str, Any] | None
    is_bare: bool = False


def parse_json(body: bytes | str, schema: Schema | None = None, *, as_given: bool = False) -> ScoringInput:
    """Read a JSON body.

    Parameters
    ----------
    body: UTF-8 text of an object with one of `FORMS` and optionally ``params``. NaN and Infinity may be written bare.
    schema: Inputs of the model's signature, if it has one.
    as_given: Hand on the values of ``inputs`` and ``instances`` as they came, for models whose type hints check them.

    Raises
    ------
    BadRequest: The body is not such an object, or a value does not fit the schema's type.
    """
    decoded = _decoded(body)
    if not isinstance(decoded, dict):
        raise BadRequest(f"The body must be a JSON object with one of {', '.join(FORMS)}; it is {_kind(decoded)}.")
    present = [form for form in FORMS if form in decoded]
    if not present and not CHAT_KEYS.isdisjoint(decoded):
        return ScoringInput(decoded, None, is_bare=True)
    if len(present) != 1:
        found = f"it has {' and '.join(present)}" if present else f"its keys are {sorted(decoded)[:20]}"
        raise BadRequest(f"The body must have exactly one of {', '.join(FORMS)}; {found}.")
    params = decoded.get("params")
    if params is not None and not isinstance(params, dict):
        raise BadRequest(f"`params` must be an object; it is {_kind(params)}.")
    return ScoringInput(_data(present[0], decoded[present[0]], schema, as_given), params)


def parse_csv(body: bytes | str, schema: Schema | None = None) -> pd.DataFrame:
    """Read a CSV body: a line of column names, then rows.

    Raises
    ------
    BadRequest: It is not CSV in UTF-8, or a value does not fit the schema's type.
    """
    import pandas as pd  # noqa: PLC0415  (heavy, and only served models come here)

    try:
        text = body.decode("utf-8-sig") if isinstance(body, bytes) else body
        if len(text) <= _SHORT and (table := _short_table(text, schema)) is not None:
            return table
        names = {} if schema is None or schema.is_tensor_spec() else _text_columns(schema)
        frame = pd.read_csv(io.StringIO(text), dtype=names or None)
    except (ValueError, pd.errors.ParserError, pd.errors.EmptyDataError) as problem:
        raise BadRequest(f"The body cannot be read as CSV with a header: {problem}") from None
    if not isinstance(frame.index, pd.RangeIndex):
        raise BadRequest("A row of the CSV body has more values than its header has names.")
    return cast_frame(frame, schema)


def _short_table(text: str, schema: Schema | None) -> pd.DataFrame | None:
    """The frame of a few rows of numbers, read without the reader made for millions; None when it is something else."""
    columns, *rows = csv.reader(text.splitlines()) if text.strip() else [[]]
    dtype = uniform_dtype(columns, schema)
    return None if dtype is None or not rows or "_" in text else _numbers(rows, columns, None, dtype)


def _decoded(body: bytes | str) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        pass  # it may hold NaN or Infinity, which only the slower reader takes
    try:
        return json.loads(body.decode("utf-8-sig") if isinstance(body, bytes) else body)
    except UnicodeDecodeError:
        raise BadRequest("The body is not UTF-8.") from None
    except (ValueError, RecursionError) as problem:
        reason = "it is nested too deeply" if isinstance(problem, RecursionError) else problem
        raise BadRequest(f"The body is not valid JSON: {reason}.") from None


def _data(form: str, value: Any, schema: Schema | None, as_given: bool) -> Any:
    try:
        if form == "dataframe_split":
            return _split(value, schema)
        if form == "dataframe_records":
            return _records(value, schema)
        if as_given:
            return value
        if schema is None or schema.is_tensor_spec():
            return _arrays(form, value, schema)
        return _columns(value, schema)
    except (ValueError, TypeError, OverflowError) as problem:
        raise BadRequest(f"`{form}` cannot be read: {problem}") from None


def _split(value: Any, schema: Schema | None) -> Any:
    import pandas as pd  # noqa: PLC0415  (heavy, and only served models come here)

    if not isinstance(value, dict) or not isinstance(value.get("data"), list):
        raise BadRequest(
            "`dataframe_split` must be an object with a list `data`, and optionally `columns` and `index`."
        )
    rows, columns, index = value["data"], value.get("columns"), value.get("index")
    for name, given in (("columns", columns), ("index", index)):
        if given is not None and not isinstance(given, list):
            raise BadRequest(f"`{name}` of `dataframe_split` must be a list; it is {_kind(given)}.")
    dtype = uniform_dtype(columns, schema)
    if dtype is not None and rows:
        frame = _numbers(rows, columns, index, dtype)
        if frame is not None:
            return frame
    if columns is not None and (odd := next((row for row in rows if _width(row) != len(columns)), None)) is not None:
        raise BadRequest(f"`dataframe_split` has {len(columns)} columns, and a row with {_width(odd)} values.")
    return _fitted(pd.DataFrame(rows, columns=columns, index=index), schema)


def _numbers(rows: list[Any], columns: list[Any] | None, index: list[Any] | None, dtype: Any) -> Any:
    """The frame of a table of numbers that share a type, made in one step; None when it is not one."""
    import numpy as np  # noqa: PLC0415
    import pandas as pd  # noqa: PLC0415

    try:
        table = np.array(rows, dtype=dtype)
    except (ValueError, TypeError):
        return None
    if table.ndim != 2 or (columns is not None and table.shape[1] != len(columns)):
        return None
    return pd.DataFrame(table, columns=columns, index=index, copy=False)


def _records(value: Any, schema: Schema | None) -> Any:
    import pandas as pd  # noqa: PLC0415

    if not isinstance(value, list) or not all(isinstance(record, dict) for record in value):
        raise BadRequest("`dataframe_records` must be a list of objects, one for each row.")
    names = list(value[0]) if value else []
    dtype = uniform_dtype(names, schema)
    if dtype is not None and all(record.keys() == value[0].keys() for record in value):
        frame = _numbers([list(map(record.__getitem__, names)) for record in value], names, None, dtype)
        if frame is not None:
            return frame
    return _fitted(pd.DataFrame(value), schema)


def _fitted(frame: pd.DataFrame, schema: Schema | None) -> Any:
    """The frame as the signature wants it: columns of its types, or tensors."""
    if schema is None or not schema.is_tensor_spec():
        return cast_frame(frame, schema)
    import numpy as np  # noqa: PLC0415

    if schema.has_input_names():
        return {
            spec.name: np.array(frame[spec.name].tolist(), dtype=spec.type)
            for spec in schema.inputs
            if spec.name in frame.columns
        }
    return frame.to_numpy(dtype=schema.inputs[0].type)


def _arrays(form: str, value: Any, schema: Schema | None) -> Any:
    """Tensors: one array, or named ones."""
    if form == "instances" and isinstance(value, list) and value and isinstance(value[0], dict):
        value = _turned(value)
    if isinstance(value, dict):
        if schema is not None and not schema.has_input_names():
            raise BadRequest("The model takes one array without a name; the request names several.")
        types = {} if schema is None else {spec.name: spec.type for spec in schema.inputs}
        return {name: _array(one, types.get(name)) for name, one in value.items()}
    if isinstance(value, list) and any(isinstance(one, dict) for one in value):
        return value
    return _array(value, None if schema is None or schema.has_input_names() else schema.inputs[0].type)


def _turned(rows: Sequence[Any]) -> dict[str, list[Any]]:
    """Rows of named values as named columns."""
    names = rows[0].keys()
    if not all(isinstance(row, dict) and row.keys() == names for row in rows):
        raise BadRequest("Every object of `instances` must have the same keys.")
    return {name: [row[name] for row in rows] for name in names}


def _array(value: Any, dtype: Any) -> Any:
    import numpy as np  # noqa: PLC0415

    if dtype is not None and dtype.kind in "iu":
        return typed_column(value, dtype)
    return np.array(value, dtype=dtype)


def _columns(value: Any, schema: Schema) -> Any:
    """Values for a signature of columns: by name, row by row, or a plain table."""
    import numpy as np  # noqa: PLC0415
    import pandas as pd  # noqa: PLC0415

    if any(not hasattr(spec.type, "to_numpy") for spec in schema.inputs):
        return value  # objects, lists and maps: enforcing the schema reads them as they are
    if isinstance(value, Mapping):
        scalars = all(not isinstance(one, list) for one in value.values())
        return cast_frame(pd.DataFrame([value] if scalars else value), schema)
    if isinstance(value, list) and any(isinstance(row, dict) for row in value):
        return _records(value, schema)
    dtype = uniform_dtype(None, schema)
    table = np.array(value, dtype=object if dtype is None else dtype)
    return cast_frame(pd.DataFrame(np.atleast_1d(table), copy=False), schema)


def _text_columns(schema: Schema) -> dict[Any, Any]:
    """Columns that CSV's reader must leave as text, lest 007 becomes 7."""
    kept = ("string", "binary", "datetime")
    return {spec.name: object for spec in schema.inputs if getattr(spec.type, "name", "") in kept and spec.name}


def _width(row: Any) -> int:
    return len(row) if isinstance(row, list) else 1


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")
