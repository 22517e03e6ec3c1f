"""Decodes JSON objects to messages: lenient where real clients need it, with exact errors.

Both spellings of a field (``run_id``, ``runId``) are taken, unknown fields are ignored, integers may come as decimal
text and doubles as ``"NaN"`` or ``"Infinity"``. Protocol rules: MLflow REST, as its protobuf JSON mapping has them.
Messages of our own have no such clients: there an unknown field is an error.
"""

import dataclasses
import difflib
import types
from collections.abc import Callable, Mapping
from functools import cache
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

from runyard.core.limits import check_is_text, check_storable, shown
from runyard.core.wire import IdMark
from runyard.exceptions import InvalidParameter
from runyard.protocol.types import Choice

T = TypeVar("T")
Coerce = Callable[[Any, str], Any]

_INT64 = range(-(2**63), 2**63)
_JSON_NAMES = {
    bool: "a boolean",
    int: "a number",
    float: "a number",
    str: "a string",
    list: "a list",
    dict: "an object",
}


@dataclasses.dataclass(frozen=True)
class _Field:
    name: str
    camel: str
    coerce: Coerce
    required: bool


def decode_object(kind: type[T], fields: object, path: str) -> T:
    """Decode `fields` as an object of class `kind`; `path` is its position in the message."""
    if not isinstance(fields, Mapping):
        raise _wrong(path or "the message", fields, "an object")
    values: dict[str, Any] = {}
    for field in _fields(kind):  # type: ignore[arg-type]  # mypy mistakes the class for its instances
        value = fields.get(field.name)
        if field.camel != field.name and field.camel in fields:
            if field.name in fields:
                raise InvalidParameter(
                    f"'{path}{field.name}' is given twice, also as '{field.camel}'. Send one of them."
                )
            value = fields[field.camel]
        if value is None or (field.required and value == ""):
            if field.required:
                raise InvalidParameter(f"Missing value for required parameter '{path}{field.name}'.")
        else:
            values[field.name] = field.coerce(value, path + field.name)
    return kind(**values)


def refuse_unknown_fields(kind: Any, fields: Mapping[str, Any], path: str = "") -> None:
    """Check for fields that a message and the objects in it do not have; `path` is their position in the message.

    Raises
    ------
    InvalidParameter: With the field and the most similar known one.
    """
    known = {name for field in _fields(kind) for name in (field.name, field.camel)}
    for name, value in fields.items():
        for inner in value if isinstance(value, list) else [value]:
            if name in _parts(kind) and isinstance(inner, Mapping):
                refuse_unknown_fields(_parts(kind)[name], inner, f"{path}{name}.")
        if name not in known:
            near = difflib.get_close_matches(name, [field.name for field in _fields(kind)], 1)
            hint = f"Did you mean {near[0]!r}?" if near else f"Known are {', '.join(f.name for f in _fields(kind))}."
            raise InvalidParameter(f"Unknown parameter {shown(path + name)}. {hint} Nothing was done.")


@cache
def _parts(kind: Any) -> dict[str, Any]:
    """The fields of a message that hold objects, or lists of them, with the class of these; in both spellings."""
    found: dict[str, Any] = {}
    for name, hint in get_type_hints(kind).items():
        for part in (hint, *get_args(hint)):
            if dataclasses.is_dataclass(part):
                found |= {name: part, _camel(name): part}
    return found


def check_texts(message: object) -> None:
    """Check that a message made in Python has text where text is required, not a number or None.

    Raises
    ------
    InvalidParameter: With the field, the value and its type.
    """
    for name, required in _texts(type(message)):  # type: ignore[arg-type]  # mypy mistakes the class for its instances
        value = getattr(message, name)
        if type(value) is not str and value is not None:
            check_is_text(name, value)
        elif required and not value:
            raise InvalidParameter(f"Missing value for required parameter '{name}'.")


@cache
def _texts(kind: Any) -> tuple[tuple[str, bool], ...]:
    hints = get_type_hints(kind, include_extras=True)
    return tuple((field.name, field.required) for field in _fields(kind) if hints[field.name] in (str, str | None))


@cache
def _fields(kind: Any) -> tuple[_Field, ...]:
    hints = get_type_hints(kind, include_extras=True)
    return tuple(
        _Field(
            name=field.name,
            camel=_camel(field.name),
            coerce=_coercion(hints[field.name]),
            required=field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING,
        )
        for field in dataclasses.fields(kind)
    )


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def _coercion(hint: Any) -> Coerce:
    """The function that turns a JSON value into what the annotation asks for."""
    origin = get_origin(hint)
    if origin is Annotated:
        for mark in hint.__metadata__:
            if isinstance(mark, IdMark):
                return _id
            if isinstance(mark, Choice):
                return _chooser(mark)
        return _coercion(get_args(hint)[0])
    if origin in (Union, types.UnionType):
        [inner] = [part for part in get_args(hint) if part is not type(None)]
        return _coercion(inner)
    if origin is list:
        return _lister(_coercion(get_args(hint)[0]))
    if hint in _SCALARS:
        return _SCALARS[hint]
    return lambda value, path: decode_object(hint, value, path + ".")


def _text(value: Any, path: str) -> str:
    if isinstance(value, str):
        check_storable(f"The value of parameter '{path}'", value)
        return value
    raise _wrong(path, value, "a string")


def _id(value: Any, path: str) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(_integer(value, path))
    return _text(value, path)


def _integer(value: Any, path: str) -> int:
    if isinstance(value, str):
        try:
            value = int(value) if len(value) <= 20 else None  # 20 characters hold every 64-bit integer
        except ValueError:
            value = None
    elif isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        if value in _INT64:
            return value
        raise InvalidParameter(f"Invalid value for parameter '{path}': the integer does not fit into 64 bits.")
    raise InvalidParameter(f"Invalid value for parameter '{path}': an integer is needed.")


def _double(value: Any, path: str) -> float:
    if isinstance(value, str) and value.isascii() and "_" not in value:
        try:
            return float(value)
        except ValueError:
            pass
    elif isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            return float("inf") if value > 0 else float("-inf")
    raise InvalidParameter(
        f'Invalid value for parameter \'{path}\': a number is needed, or one of "NaN", "Infinity", "-Infinity".'
    )


def _boolean(value: Any, path: str) -> bool:
    if isinstance(value, bool):
        return value
    if value in ("true", "false"):  # the only form a query string has
        return bool(value == "true")
    raise _wrong(path, value, "true or false")


def _chooser(choice: Choice) -> Coerce:
    numbers = {number: name for name, number in choice.numbers}

    def choose(value: Any, path: str) -> str:
        name = value if isinstance(value, str) else numbers.get(value) if type(value) is int else None
        if isinstance(name, str) and name.isdecimal():
            name = numbers.get(int(name[:4]))
        if name in choice.names:
            return str(name)
        raise InvalidParameter(
            f"Invalid value {shown(str(value))} for parameter '{path}': use one of {', '.join(choice.names)}."
        )

    return choose


def _lister(item: Coerce) -> Coerce:
    def decode_list(value: Any, path: str) -> list[Any]:
        if isinstance(value, list | tuple):
            return [item(entry, f"{path}[{index}]") for index, entry in enumerate(value)]
        raise _wrong(path, value, "a list")

    return decode_list


_SCALARS: dict[Any, Coerce] = {str: _text, int: _integer, float: _double, bool: _boolean}


def _wrong(path: str, value: object, needed: str) -> InvalidParameter:
    name = path.removesuffix(".")
    given = _JSON_NAMES.get(type(value), "null" if value is None else type(value).__name__)
    return InvalidParameter(f"Invalid value for parameter '{name}': {needed} is needed, and {given} was given.")
