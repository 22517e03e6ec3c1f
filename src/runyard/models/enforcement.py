"""Checks the input of ``predict`` against the signature: columns, tensors, parameters."""

import datetime
import logging
from collections.abc import Mapping
from typing import Any

from runyard.core.libraries import np, pd
from runyard.exceptions import InvalidParameter
from runyard.models.frame_columns import typed
from runyard.models.tensors import enforce_tensors
from runyard.types.datatypes import AnyType, Array, DataType, Map, Object
from runyard.types.params import ParamSchema
from runyard.types.schema import Schema

log = logging.getLogger(__name__)

_VALUES = (str, bytes, bytearray, bool, int, float, datetime.date)


def enforce_schema(data: Any, schema: Schema) -> Any:
    """The input in the types and the order of a signature: a DataFrame for columns; arrays, or a dictionary of them,
    for tensors.

    Columns that the signature does not know are dropped, and numbers widened where no value changes.

    Raises
    ------
    InvalidParameter: Something is missing, or has another type or shape.
    """
    if schema.is_tensor_spec():
        return enforce_tensors(data, schema)
    if takes_anything(schema):
        return _anything(data, schema)
    frame = _frame(data, schema)
    if not frame.columns.is_unique:
        twice = frame.columns[frame.columns.duplicated()][0]
        raise InvalidParameter(f"The input has several columns called {twice!r}; the signature needs different names.")
    names = _names(frame, schema)
    kinds: dict[Any, Any] = (
        schema.input_dict() if schema.has_input_names() else dict(zip(names, schema.inputs, strict=True))
    )
    given = {name: frame[name] for name in names}
    columns = {name: typed(given[name], kinds[name].type, required=kinds[name].required) for name in names}
    if list(frame.columns) == names and all(columns[name] is column for name, column in given.items()):
        return frame
    return pd.DataFrame(columns, index=frame.index if columns else None)


def takes_anything(schema: Schema) -> bool:
    """Whether it is the schema of data of unknown types."""
    return not schema.has_input_names() and len(schema) == 1 and isinstance(schema.inputs[0].type, AnyType)


def _anything(data: Any, schema: Schema) -> Any:
    """The data, as a table where it makes one. All of its columns belong to it."""
    try:
        return _frame(data, schema)
    except InvalidParameter:
        if data is None:
            raise
        return data


def validate_schema(data: Any, expected_schema: Schema) -> None:
    """Check that this input fits the schema.

    Raises
    ------
    InvalidParameter: It does not.
    """
    enforce_schema(data, expected_schema)


def _names(frame: "pd.DataFrame", schema: Schema) -> list[Any]:
    """The columns of the input that the signature asks for, in its order."""
    present = list(frame.columns)
    if not schema.has_input_names():
        if len(present) < len(schema):
            raise InvalidParameter(f"The signature has {len(schema)} inputs, and the input {len(present)} columns.")
        return present[: len(schema)]
    missing = [name for name in schema.required_input_names() if name not in present]
    if missing:
        known = set(schema.input_names())
        extra = [name for name in present if name not in known]
        given = f" It has {extra!r}, which the signature does not know." if extra else ""
        raise InvalidParameter(f"The input lacks {missing!r}, which the model's signature requires.{given}")
    return [name for name in schema.input_names() if name in present]


def _frame(data: Any, schema: Schema) -> "pd.DataFrame":
    """The data as a table, if it can be one."""
    if isinstance(data, pd.DataFrame):
        return data
    try:
        if isinstance(data, pd.Series):
            return data.to_frame()
        if isinstance(data, Mapping):
            return _frame_of_mapping(data, schema)
        if isinstance(data, list):
            if not data and (schema.has_input_names() or len(schema) == 1):
                return pd.DataFrame({name: pd.Series(dtype=object) for name in schema.input_names()})
            return pd.DataFrame({0: pd.Series(data, dtype=object)} if _is_one_nested(schema) else data)
        if isinstance(data, np.ndarray):
            return pd.DataFrame(data)
        if isinstance(data, (*_VALUES, np.generic)):
            return pd.DataFrame([data])
    except (ValueError, TypeError) as problem:
        reason = str(problem).rstrip(".")
        raise InvalidParameter(f"The input makes no table with the columns of the signature: {reason}.") from None
    raise InvalidParameter(
        f"The signature has columns, so the input is a DataFrame, or lists, dictionaries or an array that make one, "
        f"not {type(data).__name__}."
    )


def _frame_of_mapping(data: Mapping[Any, Any], schema: Schema) -> "pd.DataFrame":
    """A single row where the values are those of one; else columns.

    Lists of texts for columns of texts alone are values of one row, as MLflow has it: a conversation, say.
    """
    if _is_one_nested(schema):
        return pd.DataFrame({0: pd.Series([dict(data)], dtype=object)})
    is_row = any(isinstance(one.type, Array | Object | Map) for one in schema.inputs)
    is_row = is_row or (
        all(one.type is DataType.string for one in schema.inputs) and all(map(_is_text_or_texts, data.values()))
    )
    if is_row or all(
        value is None or isinstance(value, (*_VALUES, Mapping)) or _is_scalar(value) for value in data.values()
    ):
        return pd.DataFrame([dict(data)])
    return pd.DataFrame(dict(data))


def _is_text_or_texts(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, list) and all(isinstance(one, str) for one in value))


def _is_scalar(value: Any) -> bool:
    return hasattr(value, "dtype") and getattr(value, "shape", None) == ()


def _is_one_nested(schema: Schema) -> bool:
    """Whether each item of a list is an input, not a row of inputs."""
    return not schema.has_input_names() and len(schema) == 1 and isinstance(schema.inputs[0].type, Array | Object | Map)


def enforce_params(params: Any, schema: ParamSchema | None) -> dict[str, Any] | None:
    """The parameters of a call with the defaults of the signature; those it does not know are left out, with a warning.

    Raises
    ------
    InvalidParameter: They are not a dictionary, or values are of another type.
    """
    if schema is None:
        if params:
            log.warning("The model's signature has no parameters, so those given are left out: %s.", params)
        return None if params is None else {}
    given = {} if params is None else params
    if not isinstance(given, dict):
        raise InvalidParameter(f"Parameters are a dictionary, not {type(given).__name__}.")
    given = {str(name): value for name, value in given.items()}
    known = {one.name: one for one in schema.params}
    unknown = sorted(given.keys() - known)
    if unknown:
        log.warning("The model's signature has no parameters %s; they are left out.", ", ".join(unknown))
    found, wrong = {}, []
    for name, spec in known.items():
        try:
            found[name] = spec.converted(given[name]) if name in given else spec.default
        except InvalidParameter as problem:
            wrong.append(problem.message)
    if wrong:
        raise InvalidParameter(" ".join(wrong))
    return found
