"""The OpenAPI description of the protocol, generated from the messages."""

import inspect
from collections.abc import Iterable
from typing import Any, get_args, get_origin

from runyard.core import limits as rules
from runyard.core.wire import IdMark, is_declared, plain, wire_fields
from runyard.gate.slices import load_messages
from runyard.http.settings import Limits
from runyard.protocol.message import OPERATIONS, AnyMessage
from runyard.protocol.operation import Operation
from runyard.protocol.types import Choice
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
    "description": "What is answered when something is wrong.",
    "required": ["error_code", "message"],
    "properties": {
        "error_code": {"type": "string", "description": "What kind of error it is, such as INVALID_PARAMETER_VALUE."},
        "message": {"type": "string", "description": "What was wrong, with which value, and what to do."},
        "request_id": {"type": "string", "description": "The request's id, also in X-Request-ID and the server's log."},
    },
}
_ANSWERS = {
    "400": "The request breaks a rule: a field is missing, has the wrong type or a value that is not allowed.",
    "403": "The request came from a page of another site, or the caller may not do this.",
    "404": "What the request names is not there.",
    "409": "What is there does not allow it.",
    "412": "The file has changed since it had the tag of `If-Match`, or is there already.",
    "413": "The body is over the limit.",
    "415": "The body is packed in a way the server does not know.",
    "416": "The file ends before the part that `Range` asks for.",
    "422": "The database needs longer for this than the server lets a read take.",
    "501": "This server cannot do it: it keeps artifacts in a folder.",
    "503": "Too much is waiting, or the database cannot be reached; see Retry-After.",
    "504": "The server did not finish in time; a write may be stored yet.",
    "507": "The server's disk is full; nothing was stored.",
}
_OF_FILES = {"412", "416", "501"}
"""Statuses of artifacts alone."""
_CONFLICTS = {
    "create_model_version": "The run is being removed for good.",
    "promote_model_version": "With `fail`: the condition does not hold.",
    "restore_run": "The run is being removed for good.",
    "update_saved_view": "The view was changed since the time given.",
}
"""Operations that answer 409, and when."""


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


def _operation(kind: type[AnyMessage], method: str, parts: dict[str, Schema]) -> Schema:
    operation = kind.operation
    described: Schema = {
        "operationId": operation.name if method == operation.methods[0] else f"{operation.name}_by_{method.lower()}",
        "summary": operation.name.replace("_", " ").capitalize(),
        "description": _summary(kind),
        "tags": [operation.path.partition("/")[0]],
        "responses": {
            "200": {"description": _first_paragraph(kind.answer), "content": _json(_typed(kind.answer, (), parts))},
            **refusals(_statuses(operation, method), _CONFLICTS.get(operation.name, "")),
        },
    }
    schema = _object(kind, parts)
    in_path = {name for name in schema["properties"] if f"{{{name}}}" in operation.path}
    parameters = [_parameter(name, schema, "path") for name in sorted(in_path)]
    if method == "GET":
        parameters += [_parameter(name, schema, "query") for name in schema["properties"] if name not in in_path]
    else:
        parameters += [_parameter(name, schema, "query") for name in sorted(operation.in_query)]
        described["requestBody"] = {"required": True, "content": _json(schema)}
    if parameters:
        described["parameters"] = parameters
    return described


def _statuses(operation: Operation, method: str) -> list[str]:
    """The statuses of refusals."""
    never = _OF_FILES | (set() if operation.name in _CONFLICTS else {"409"})
    never |= {"413", "415"} if method == "GET" else set()
    never |= {"507"} if operation.kind == "read" else {"422"}
    return [status for status in _ANSWERS if status not in never]


def refusals(statuses: Iterable[str], conflict: str = "") -> Schema:
    """The description of answers with these statuses.

    Parameters
    ----------
    conflict: What 409 means here.
    """
    return {
        status: {
            "description": conflict if conflict and status == "409" else _ANSWERS[status],
            "content": _json(_reference("Error")),
        }
        for status in statuses
    }


def _parameter(name: str, schema: Schema, place: str) -> Schema:
    required = place == "path" or name in schema.get("required", ())
    return {"name": name, "in": place, "required": required, "schema": schema["properties"][name]}


def _json(schema: Schema) -> Schema:
    return {"application/json": {"schema": schema}}


def _reference(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _object(kind: type, parts: dict[str, Schema]) -> Schema:
    """The schema of a message, of an answer, or of an object within one."""
    schema: Schema = {"type": "object", "properties": {}}
    described = _attributes(kind)
    for field in wire_fields(kind):
        typed = _typed(field.kind, field.marks, parts)
        if type(field.default) in (str, int, float, bool) and field.default != "":
            typed = {**typed, "default": field.default}
        if field.name in described:
            typed = {**typed, "description": described[field.name]}
        owner = schema
        for name in field.path[:-1]:  # a nested field: info.name
            owner = owner["properties"].setdefault(name, {"type": "object", "properties": {}})
        names = [field.path[-1], *([field.also] if field.also else [])]
        owner["properties"].update(dict.fromkeys(names, typed))
        if field.required:
            owner.setdefault("required", []).append(field.path[-1])
    return schema


def _hinted(hint: Any, parts: dict[str, Schema]) -> Schema:
    kind, optional, marks = plain(hint)
    typed = _typed(kind, marks, parts)
    return {"anyOf": [typed, {"type": "null"}]} if optional else typed


def _typed(kind: Any, marks: tuple[Any, ...], parts: dict[str, Schema]) -> Schema:
    for mark in marks:
        if isinstance(mark, Choice):
            return {"type": "string", "enum": list(mark.names)}
        if isinstance(mark, IdMark):
            return {"type": "string", "pattern": "^[0-9]+$"}
    if get_origin(kind) is list:
        return {"type": "array", "items": _hinted(get_args(kind)[0], parts)}
    if get_origin(kind) is dict:
        return {"type": "object", "additionalProperties": _hinted(get_args(kind)[1], parts)}
    if kind in _SCALARS:
        return _SCALARS[kind]
    if not is_declared(kind):  # an enumeration, sent as its name
        return {"type": "string", "enum": [one.to_wire() for one in kind]}
    if kind.__name__ not in parts:
        parts[kind.__name__] = {}  # registered first: it may contain itself
        parts[kind.__name__] = {**_object(kind, parts), "description": _first_paragraph(kind)}
    return _reference(kind.__name__)


def _summary(kind: Any) -> str:
    """A class's docstring before its attributes."""
    return _documentation(kind).partition("\n\nAttributes\n")[0]


def _documentation(kind: Any) -> str:
    return inspect.cleandoc(kind.__doc__ or "").replace("``", "`")


def _first_paragraph(kind: Any) -> str:
    """The first paragraph of an object's description; the others are about its form in Python."""
    return _summary(kind).partition("\n\n")[0]


def _attributes(kind: Any) -> dict[str, str]:
    """The description of each attribute in a class's docstring, and in those of the classes that it is made of."""
    found: dict[str, str] = {}
    for each in reversed(kind.__mro__):
        found |= _attributes_of(each)
    return found


def _attributes_of(kind: type) -> dict[str, str]:
    _, _, section = _documentation(kind).partition("\n\nAttributes\n----------\n")
    found: dict[str, str] = {}
    names: list[str] = []
    for line in section.splitlines():
        if not line.startswith(" "):
            listed, _, line = line.partition(": ")
            names = listed.split(", ")
        found.update({name: f"{found.get(name, '')} {line.strip()}".strip() for name in names})
    return found
