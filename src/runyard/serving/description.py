"""The description of a served model on its pages and in OpenAPI, derived from its signature."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_TYPES: dict[str, dict[str, Any]] = {
    "boolean": {"type": "boolean"},
    "integer": {"type": "integer", "format": "int32"},
    "long": {"type": "integer", "format": "int64"},
    "float": {"type": "number", "format": "float"},
    "double": {"type": "number", "format": "double"},
    "string": {"type": "string"},
    "binary": {"type": "string", "format": "byte"},
    "datetime": {"type": "string", "format": "date-time"},
}
_SAMPLES = {"boolean": False, "string": "text", "binary": "YWJj", "datetime": "2026-01-01T00:00:00"}
_NAMES = {"b": "boolean", "U": "string", "S": "binary", "M": "datetime"}
_EXAMPLE_FILE = "serving_input_example.json"


@dataclass(frozen=True)
class Column:
    """One input, output or parameter, as people read it."""

    name: str
    type: str
    required: bool
    default: str = ""


@dataclass(frozen=True)
class Described:
    """The description of a served model, for people and programs.

    Attributes
    ----------
    name: The address it was loaded from.
    version: What `/version` answers.
    inputs, outputs, params: Its signature; empty without one.
    is_tensor: Whether the inputs are tensors.
    example: JSON text of a body to begin with.
    openapi: The OpenAPI document.
    """

    name: str
    version: str
    inputs: tuple[Column, ...]
    outputs: tuple[Column, ...]
    params: tuple[Column, ...]
    is_tensor: bool
    example: str
    openapi: dict[str, Any]


def describe(metadata: Any, name: str, version: str, folder: Path | None = None) -> Described:
    """What to say of a model.

    Parameters
    ----------
    metadata: Its MLmodel, with `signature`.
    name: The address it was loaded from.
    version: Version of the server's protocol.
    folder: Where its files are; the example of its author is there, if there is one.
    """
    signature = metadata.signature
    inputs = None if signature is None else signature.inputs
    outputs = None if signature is None else signature.outputs
    params = getattr(signature, "params", None)
    example = _example(inputs, folder)
    return Described(
        name=name,
        version=version,
        inputs=_columns(inputs),
        outputs=_columns(outputs),
        params=tuple(
            Column(one.name, _type_name(one), False, json.dumps(one.default, default=str))
            for one in (() if params is None else params.params)
        ),
        is_tensor=inputs is not None and inputs.is_tensor_spec(),
        example=json.dumps(example, indent=2, ensure_ascii=False),
        openapi=_document(name, version, inputs, params, example),
    )


def _columns(schema: Any) -> tuple[Column, ...]:
    specs = () if schema is None else schema.inputs
    return tuple(
        Column(str(position if one.name is None else one.name), _type_name(one), getattr(one, "required", True))
        for position, one in enumerate(specs)
    )


def _type_name(spec: Any) -> str:
    """A type in a few words."""
    if hasattr(spec, "dtype"):
        kind = getattr(spec.dtype, "name", spec.dtype)
        return f"list of {kind}" if getattr(spec, "shape", None) else str(kind)
    shape = getattr(spec, "shape", None)
    if shape is not None:
        return f"{spec.type} tensor {' × '.join('any' if size < 0 else str(size) for size in shape)}"
    return str(getattr(spec.type, "name", spec.type))


def _example(schema: Any, folder: Path | None) -> Any:
    """A body to begin with: the author's own, or one made of zeros."""
    if folder is not None and (file := folder / _EXAMPLE_FILE).is_file():
        try:
            return json.loads(file.read_text())
        except ValueError:
            pass  # it is only an example; the model itself is fine
    if schema is None:
        return {"inputs": [[0]]}
    if schema.is_tensor_spec():
        tensors = {one.name: _filled([max(size, 1) for size in one.shape], one.type.kind) for one in schema.inputs}
        return {"inputs": tensors if schema.has_input_names() else tensors[None]}
    names = [str(position if one.name is None else one.name) for position, one in enumerate(schema.inputs)]
    row = [_SAMPLES.get(getattr(one.type, "name", ""), 0) for one in schema.inputs]
    if not all(hasattr(one.type, "to_numpy") for one in schema.inputs):
        return {"inputs": [dict.fromkeys(names)]}
    if not schema.has_input_names():
        return {"dataframe_split": {"data": [row]}}
    return {"dataframe_split": {"columns": names, "data": [row]}}


def _filled(shape: Sequence[int], kind: str) -> Any:
    """Nested lists of one value, which is of a kind of numpy's types."""
    return [_filled(shape[1:], kind) for _ in range(shape[0])] if shape else _SAMPLES.get(_NAMES.get(kind, ""), 0)


_PROBLEMS = {
    "400": "The body or a value in it is wrong, or the model raised.",
    "415": "The Content-Type is neither application/json nor text/csv (or application/csv).",
    "503": "Too many requests wait. Try again.",
    "504": "The time limit has passed.",
}
_NAN = {
    "name": "nan",
    "in": "query",
    "description": "Write NaN and Infinity as null, or as those words.",
    "schema": {"type": "string", "enum": ["null", "bare"]},
}
_ERROR = {
    "type": "object",
    "properties": {"error_code": {"type": "string"}, "message": {"type": "string"}},
}


def _document(name: str, version: str, inputs: Any, params: Any, example: Any) -> dict[str, Any]:
    """The OpenAPI document."""
    health = {"get": {"summary": "Is the model loaded?", "responses": {"200": {"description": "Yes."}}}}
    invocations = {
        "operationId": "invocations",
        "summary": "Predict",
        "parameters": [_NAN],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": _body(inputs, params), "example": example},
                **{name: {"schema": {"type": "string"}} for name in ("text/csv", "application/csv")},
            },
        },
        "responses": _responses(),
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": name, "version": version},
        "paths": {"/invocations": {"post": invocations}, "/ping": health, "/health": health},
        "components": {"schemas": {"Error": _ERROR}},
    }


def _body(inputs: Any, params: Any) -> dict[str, Any]:
    forms = {
        "dataframe_split": _split_form(inputs),
        "dataframe_records": {"type": "array", "items": _row(inputs)},
        "instances": {"description": "Row by row: a list of values, lists or objects."},
        "inputs": {"description": "Column by column, or tensors."},
    }
    extra = {} if params is None else {"params": _params(params)}
    return {
        "oneOf": [
            {"type": "object", "title": key, "required": [key], "properties": {key: form, **extra}}
            for key, form in forms.items()
        ]
    }


def _responses() -> dict[str, Any]:
    error = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    answer = {"application/json": {"schema": {"type": "object"}}}
    return {
        "200": {"description": "Predictions.", "content": answer},
        **{code: {"description": text, "content": error} for code, text in _PROBLEMS.items()},
    }


def _split_form(schema: Any) -> dict[str, Any]:
    columns: dict[str, Any] = {"type": "array"}
    if schema is not None and schema.has_input_names():
        columns["example"] = [one.name for one in schema.inputs]
    rows = {"type": "array", "items": {"type": "array"}}
    return {"type": "object", "required": ["data"], "properties": {"columns": columns, "data": rows}}


def _row(schema: Any) -> dict[str, Any]:
    if schema is None or not schema.has_input_names():
        return {"type": "object"}
    fields = {str(one.name): _type(one) for one in schema.inputs}
    required = [str(one.name) for one in schema.inputs if getattr(one, "required", True)]
    return {"type": "object", "properties": fields, "required": required}


def _type(spec: Any) -> dict[str, Any]:
    if getattr(spec, "shape", None) is not None:
        return {"type": "array", "description": _type_name(spec)}
    return _TYPES.get(getattr(spec.type, "name", ""), {"description": _type_name(spec)})


def _params(params: Any) -> dict[str, Any]:
    fields = {
        one.name: {
            **_TYPES.get(getattr(one.dtype, "name", ""), {}),
            "default": json.loads(json.dumps(one.default, default=str)),
        }
        for one in params.params
        if not getattr(one, "shape", None)
    }
    return {"type": "object", "properties": fields}
