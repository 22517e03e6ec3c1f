"""The OpenAPI description of the protocol, generated from the messages."""

import dataclasses
import inspect
import types
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from runyard.core import limits as rules
from runyard.protocol.catalog import load_messages
from runyard.protocol.message import OPERATIONS, Message
from runyard.protocol.types import Choice, IdMark
from runyard.server.settings import Limits
from runyard.version import VERSION

Schema = dict[str, Any]

_SCALARS: dict[Any, Schema] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer", "format": "int64"},
    float: {"oneOf": [{"type": "number", "format": "double"}, {"enum": ["NaN", "Infinity", "-Infinity"]}]},
}
_ERROR: Schema = {
    "type": "object",
    "required": ["error_code", "message"],
    "properties": {
        "error_code": {"type": "string", "description": "What kind of error it is, such as INVALID_PARAMETER_VALUE."},
        "message": {"type": "string", "description": "What was wrong, with which value, and what to do."},
    },
}
_ANSWERS = {
    "400": "The request breaks a rule: a field is missing, has the wrong type or a value that is not allowed.",
    "403": "The request came from a page of another site, or the caller may not do this.",
    "404": "What the request names is not there.",
    "413": "The body is over the limit.",
    "415": "The body is packed in a way the server does not know.",
    "503": "Too much is waiting, or the database cannot be reached; see Retry-After.",
    "507": "The server's disk is full; nothing was stored.",
}


def specification(static_prefix: str = "") -> Schema:
    """The whole description, as `/api/openapi.json` serves it."""
    load_messages()
    parts: dict[str, Schema] = {}
    paths: dict[str, Schema] = {}
    for kind in OPERATIONS.values():
        for method in kind.operation.methods:
            paths.setdefault(kind.operation.main_path, {})[method.lower()] = _operation(kind, method, parts)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Runyard", "version": VERSION, "description": _introduction()},
        "servers": [{"url": static_prefix or "/"}],
        "paths": dict(sorted(paths.items())),
        "components": {"schemas": {"Error": _ERROR, **dict(sorted(parts.items()))}},
    }


def _introduction() -> str:
    allowed = Limits()
    return (
        "MLflow's tracking protocol. Every path below /api/2.0/mlflow answers also below /api/3.0/mlflow, "
        "/ajax-api/2.0/mlflow, /ajax-api/3.0/mlflow and /api/2.0/preview/mlflow. Fields may be spelled in snake_case "
        "or lowerCamelCase; unknown fields are ignored. Fields that are unset are left out of answers. "
        f"Bodies have at most {allowed.json_body // 2**20} MB, also when unpacked (gzip, deflate). "
        f"A batch has at most {rules.MAX_BATCH_METRICS:,} metrics, {rules.MAX_BATCH_PARAMS} params and "
        f"{rules.MAX_BATCH_TAGS} tags; keys have at most {rules.MAX_KEY} characters, "
        f"values {rules.MAX_TEXT_VALUE:,}; a page of a search has at most {rules.MAX_SEARCH_RESULTS:,} entries."
    )


def _operation(kind: type[Message], method: str, parts: dict[str, Schema]) -> Schema:
    operation = kind.operation
    described: Schema = {
        "operationId": operation.name if method == operation.methods[0] else f"{operation.name}_by_{method.lower()}",
        "summary": operation.name.replace("_", " ").capitalize(),
        "description": inspect.getdoc(kind) or "",
        "tags": [operation.path.partition("/")[0]],
        "x-permission": operation.needs,
        "responses": {
            "200": {"description": "Done; for a write, stored durably.", "content": _json({"type": "object"})},
            **{
                status: {"description": text, "content": _json(_reference("Error"))}
                for status, text in _ANSWERS.items()
            },
        },
    }
    schema = _object(kind, parts)
    in_path = {name for name in schema["properties"] if f"{{{name}}}" in operation.path}
    parameters = [_parameter(name, schema, "path") for name in sorted(in_path)]
    if method == "GET":
        parameters += [_parameter(name, schema, "query") for name in schema["properties"] if name not in in_path]
    else:
        described["requestBody"] = {"required": True, "content": _json(schema)}
    if parameters:
        described["parameters"] = parameters
    return described


def _parameter(name: str, schema: Schema, place: str) -> Schema:
    required = place == "path" or name in schema.get("required", ())
    return {"name": name, "in": place, "required": required, "schema": schema["properties"][name]}


def _json(schema: Schema) -> Schema:
    return {"application/json": {"schema": schema}}


def _reference(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _object(kind: type, parts: dict[str, Schema]) -> Schema:
    """The schema of a message or of an object within one."""
    hints = get_type_hints(kind, include_extras=True)
    properties: dict[str, Schema] = {}
    required: list[str] = []
    for field in dataclasses.fields(kind):
        properties[field.name] = _typed(hints[field.name], parts)
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            required.append(field.name)
        elif isinstance(field.default, str | int | float) and field.default != "":
            properties[field.name] = {**properties[field.name], "default": field.default}
    schema: Schema = {"type": "object", "properties": properties}
    return {**schema, "required": required} if required else schema


def _typed(hint: Any, parts: dict[str, Schema]) -> Schema:
    origin = get_origin(hint)
    if origin is Annotated:
        for mark in hint.__metadata__:
            if isinstance(mark, Choice):
                return {"type": "string", "enum": list(mark.names)}
            if isinstance(mark, IdMark):
                return {"type": "string", "pattern": "^[0-9]+$"}
        return _typed(get_args(hint)[0], parts)
    if origin in (Union, types.UnionType):
        [inner] = [part for part in get_args(hint) if part is not type(None)]
        return _typed(inner, parts)
    if origin is list:
        return {"type": "array", "items": _typed(get_args(hint)[0], parts)}
    if hint in _SCALARS:
        return _SCALARS[hint]
    if hint.__name__ not in parts:
        parts[hint.__name__] = {}  # known from here on, should it hold itself
        parts[hint.__name__] = {**_object(hint, parts), "description": inspect.getdoc(hint) or ""}
    return _reference(hint.__name__)
