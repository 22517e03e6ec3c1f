"""JSON objects of the protocol and the dataclasses that declare them, both ways.

What is left out on the wire reads as the field's default or, when it has none, as the empty value of its type, which is
how protocol buffers, MLflow's own form of messages, have it. Doubles may be texts (``"NaN"``), integers too.
"""

import dataclasses
import types
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, dataclass
from functools import cache
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

from runyard.exceptions import RunyardException

T = TypeVar("T")
Convert = Callable[[Any], Any]


@dataclass(frozen=True)
class OnWire:
    """Marks a field whose form on the wire differs from that in Python.

    Attributes
    ----------
    kind: What the wire has, which the constructor takes too: a list of tags, say, that become a dictionary.
    at: Where it is in the JSON object, ``info.artifact_uri``; under its own name when None.
    also: A second name for the same value, which old clients read.
    """

    kind: Any = None
    at: str | None = None
    also: str | None = None


@dataclass(frozen=True)
class IdMark:
    """Marks text that is a decimal integer; it may also come as an integer."""


class NotOnWire:
    """Marks a field that only MLflow's constructor knows: no answer has it."""


@dataclass(frozen=True)
class WireField:
    """A field of a declared object, as the wire has it.

    Attributes
    ----------
    kind: The type of its value; None may stand for it when `optional`.
    marks: The marks of its annotation.
    path: Names that lead to it in the JSON object.
    also: Its second name in the same place, if it has one.
    by_key: Whether it is a list of keys with texts, which the constructor takes as a dictionary.
    default: What it is when the wire leaves it out; a function that makes it for lists and the like.
    required: Whether answers always have it.
    """

    name: str
    kind: Any
    marks: tuple[Any, ...]
    optional: bool
    path: tuple[str, ...]
    also: str | None
    by_key: bool
    default: Any
    required: bool


def from_wire(kind: type[T], fields: Mapping[str, Any]) -> T:
    """Build an object of a declared class from a JSON object.

    Raises
    ------
    RunyardException: An object within is missing or no object, so the answer is not one of this protocol.
    """
    return _reader(kind)(fields)  # type: ignore[no-any-return,arg-type]  # mypy takes the class for an instance


@cache
def wire_fields(kind: Any) -> tuple[WireField, ...]:
    """The fields of a declared class that the wire has, in the order of its constructor."""
    return tuple(field for field in _all_fields(kind) if field.path)


@cache
def _all_fields(kind: Any) -> tuple[WireField, ...]:
    hints = get_type_hints(kind, include_extras=True)
    return tuple(_field(field, hints[field.name]) for field in dataclasses.fields(kind) if field.init)


def _field(field: "dataclasses.Field[Any]", hint: Any) -> WireField:
    kind, optional, marks = plain(hint)
    has_default = field.default is not MISSING or field.default_factory is not MISSING
    always = not has_default and not optional
    is_dict = get_origin(kind) is dict
    on_wire = next((mark for mark in marks if isinstance(mark, OnWire)), OnWire())
    path = () if NotOnWire in marks else tuple((on_wire.at or field.name).split("."))
    if on_wire.kind is not None:
        kind, optional, inner = plain(on_wire.kind)
        marks += inner
    return WireField(
        name=field.name,
        kind=kind,
        marks=marks,
        optional=optional,
        path=path,
        also=on_wire.also,
        by_key=is_dict and get_origin(kind) is list and getattr(get_args(kind)[0], "is_pair", False),
        default=field.default if field.default_factory is MISSING else field.default_factory,
        required=always and bool(path),
    )


def plain(hint: Any) -> tuple[Any, bool, tuple[Any, ...]]:
    """An annotation taken apart: the type itself, whether None may stand for it, and its marks."""
    marks: tuple[Any, ...] = ()
    optional = False
    while True:
        if get_origin(hint) is Annotated:
            marks += hint.__metadata__
            hint = get_args(hint)[0]
        elif get_origin(hint) in (Union, types.UnionType) and type(None) in get_args(hint):
            [hint] = [part for part in get_args(hint) if part is not type(None)]
            optional = True
        else:
            return hint, optional, marks


@cache
def _reader(kind: Any) -> Callable[[Mapping[str, Any]], Any]:
    """A function that builds a declared object, compiled for its class: answers hold thousands of them."""
    known: dict[str, Any] = {"kind": kind}
    arguments = []
    for place, field in enumerate(_all_fields(kind)):
        convert = _converter_of(field)
        known[f"missing{place}"], known[f"convert{place}"] = _when_missing(kind, field), convert
        arguments.append(_argument(str(place), field, known[f"missing{place}"], convert))
    source = f"lambda fields: kind({', '.join(arguments)})"
    return eval(source, known)  # type: ignore[no-any-return]  # noqa: S307  (of names that are declared in our code)


def _converter_of(field: WireField) -> Convert | None:
    if field.by_key:
        return _texts_by_key
    return str if any(isinstance(mark, IdMark) for mark in field.marks) else converter(field.kind)


def _argument(place: str, field: WireField, missing: Any, convert: Convert | None) -> str:
    """The expression that reads one field."""
    if not field.path:
        return f"missing{place}()" if callable(missing) else f"missing{place}"
    *outer, name = field.path
    owner = "fields" + "".join(f".get({part!r}, {{}})" for part in outer)
    if not callable(missing) and (convert is None or missing is not None):
        value = f"{owner}.get({name!r}, missing{place})"
        return value if convert is None else f"convert{place}({value})"
    value = f"{owner}.get({name!r})"
    if field.also:
        value = f"{owner}.get({name!r}, {owner}.get({field.also!r}))"
    instead = f"missing{place}()" if callable(missing) else f"missing{place}"
    found = "value" if convert is None else f"convert{place}(value)"
    return f"{instead} if (value := {value}) is None else {found}"


def _when_missing(owner: Any, field: WireField) -> Any:
    """A field's value when the wire leaves it out, or a function that returns it."""
    kind: Any = field.kind
    if field.default is not MISSING:
        return field.default
    if field.optional:
        return None
    if is_declared(kind):
        if any(inner.required for inner in wire_fields(kind)):
            return lambda: _lacking(owner, field)
        return lambda: kind.from_wire({})
    if field.also or kind not in (str, int, float, bool):
        return get_origin(kind) or kind  # list(), dict() …
    return kind()


def is_declared(kind: Any) -> bool:
    """Whether a type is a class with declared fields."""
    return dataclasses.is_dataclass(kind)


def _lacking(owner: Any, field: WireField) -> Any:
    raise RunyardException(
        f"The answer is not one of Runyard or MLflow: '{'.'.join(field.path)}' is missing where {owner.__name__} "
        "was expected. Check the tracking URI."
    )


def converter(kind: Any) -> Convert | None:
    """The converter from a JSON value to this type; None if none is needed."""
    origin = get_origin(kind)
    if kind in (int, float):
        return kind  # type: ignore[no-any-return]  # a class is a function too
    if origin is list:
        return _of_list(get_args(kind)[0])
    if origin is dict:
        return _of_dict(get_args(kind)[1])
    if is_declared(kind):
        read = kind.from_wire if "from_wire" in vars(kind) else _reader(kind)  # some classes have their own decoder
        return lambda value: read(value if type(value) is dict else _object(kind, value))
    return getattr(kind, "from_wire", None)


def _of_list(hint: Any) -> Convert:
    item = plain(hint)[0]
    convert = converter(item)
    return list if convert is None else lambda entries: list(map(convert, entries))


def _texts_by_key(entries: Iterable[Mapping[str, str]]) -> dict[str, str]:
    return {entry["key"]: entry.get("value", "") for entry in entries}


def _of_dict(hint: Any) -> Convert:
    convert = converter(plain(hint)[0])
    if convert is None:
        return dict
    return lambda entries: {key: None if value is None else convert(value) for key, value in entries.items()}


def _object(kind: Any, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise RunyardException(
            f"The answer is not one of Runyard or MLflow: {kind.__name__} is {type(value).__name__}, and an object was "
            "expected. Check the tracking URI."
        )
    return value


def to_wire(declared: Any) -> dict[str, Any]:
    """The JSON object that clients send for an object of a declared class: fields that are None are left out."""
    kind: Any = type(declared)
    return {
        name: value if type(value) in _AS_THEY_ARE else _encoded(value)
        for name in _names(kind)
        if (value := getattr(declared, name)) is not None
    }


@cache
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind) if field.init)


def answer_of(declared: Any) -> dict[str, Any]:
    """The JSON object that answers have for an entity: fields that are None are left out, and lists that may be."""
    kind: Any = type(declared)
    answer: dict[str, Any] = {}
    for field in wire_fields(kind):
        value = getattr(declared, field.name)
        if value is None or (callable(field.default) and not value):
            continue
        *outer, name = field.path
        place = answer
        for part in outer:
            place = place.setdefault(part, {})
        place[name] = _answered(field.kind, value)
    return answer


def _answered(kind: Any, value: Any) -> Any:
    if isinstance(value, Mapping) and get_origin(kind) is list:  # a dictionary that the wire has as a list of pairs
        names = [field.name for field in wire_fields(get_args(kind)[0])]
        return [dict(zip(names, pair, strict=True)) for pair in value.items()]
    if isinstance(value, Mapping):
        return {key: None if each is None else _answered(get_args(kind)[1], each) for key, each in value.items()}
    if isinstance(value, list):
        return [_answered(get_args(kind)[0], each) for each in value]
    if hasattr(value, "to_wire"):
        return value.to_wire()
    return wire_double(value) if type(value) is float else value


_AS_THEY_ARE = frozenset((str, int, bool))


def _encoded(value: Any) -> Any:
    kind = type(value)
    if kind in _AS_THEY_ARE:
        return value
    if kind is float:
        return value if value - value == 0 else wire_double(value)
    if isinstance(value, list | tuple):
        return [_encoded(item) for item in value]
    return to_wire(value) if dataclasses.is_dataclass(value) else value


def wire_double(value: float) -> float | str:
    """A double as the wire spells it: a number, or ``"NaN"``, ``"Infinity"``, ``"-Infinity"``."""
    if value - value == 0:
        return value
    return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
