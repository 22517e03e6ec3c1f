"""Decodes messages from bytes and encodes answers: the hot path of the server.

Bodies of the busiest messages, which are declared as hot, are decoded in one typed pass by msgspec; whatever that pass
rejects (numbers as text, camelCase, NaN literals, errors) goes to the lenient decoder, which raises exact errors.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING
from functools import cache
from operator import attrgetter
from typing import Annotated, Any, Literal, get_args, get_origin
from urllib.parse import parse_qs

import msgspec
import orjson

from runyard.core.wire import WireField, is_declared, wire_fields
from runyard.exceptions import BadRequest, InvalidParameter
from runyard.protocol.answer import Wire
from runyard.protocol.message import AnyMessage
from runyard.protocol.types import Choice

MAX_DEPTH = 100
MAX_QUERY_FIELDS = 1000


def decode_body(kind: type[AnyMessage], body: bytes) -> AnyMessage:
    """The message in a JSON body.

    Raises
    ------
    BadRequest: Not JSON, not an object, or nested too deeply; says where the text breaks.
    InvalidParameter: A field is missing or has the wrong type.
    """
    fast = fast_decoder(kind)  # type: ignore[arg-type]  # mypy mistakes the class for its instances
    if fast is not None:
        try:
            return fast(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            pass
    return kind.from_wire(parse_object(body, _refuse_twice if kind.operation.family == "runyard" else None))


def decode_body_and_query(kind: type[AnyMessage], body: bytes, query: bytes) -> AnyMessage:
    """The message of our own in a JSON body, with those of its fields that may be in the address too.

    Raises
    ------
    BadRequest: The body or the query cannot be read.
    InvalidParameter: A field may not be in the address, is in both, missing, or of the wrong type.
    """
    given, allowed = query_fields(kind, query), kind.operation.in_query
    if not given.keys() <= allowed:
        but = f", but for {', '.join(sorted(allowed))}" if allowed else ""
        raise InvalidParameter(
            f"Parameters of this operation go into the body, not the address{but}. Nothing was done."
        )
    fields = parse_object(body, _refuse_twice)
    if twice := given.keys() & fields.keys():
        raise InvalidParameter(f"Parameter {min(twice)!r} is in the address and in the body. Send one of them.")
    return kind.from_wire({**fields, **given})


def decode_query(kind: type[AnyMessage], query: bytes) -> AnyMessage:
    """The message in a query string; a repeated key is a list."""
    return kind.from_wire(query_fields(kind, query))


def query_fields(kind: type[AnyMessage], query: bytes) -> dict[str, Any]:
    """The fields in a query string; a repeated key is a list."""
    if query.count(b"&") >= MAX_QUERY_FIELDS:
        raise InvalidParameter(
            f"The query string has over {MAX_QUERY_FIELDS:,} fields, more than any list of ids or names may be long."
        )
    try:
        fields = parse_qs(query.decode("ascii"), keep_blank_values=True, errors="strict")
    except (UnicodeDecodeError, ValueError):
        raise BadRequest("The query string is not valid: percent-encode it as UTF-8.") from None
    lists = _list_fields(kind)  # type: ignore[arg-type]  # mypy mistakes the class for its instances
    if kind.operation.family == "runyard":
        _refuse_twice([(key, None) for key, values in fields.items() if key not in lists for _ in values])
    return {key: values if key in lists else values[-1] for key, values in fields.items()}


def encode(answer: Wire | Mapping[str, Any]) -> bytes:
    """An answer as JSON text."""
    return answer if isinstance(answer, bytes) else orjson.dumps(answer)


def parse_object(body: bytes, pairs: Callable[[list[tuple[str, Any]]], Any] | None = None) -> dict[str, Any]:
    """The JSON object in a body; a JSON text within a JSON text is accepted too: some old clients send it.

    Parameters
    ----------
    body: The text.
    pairs: Makes objects of their fields; dictionaries when left out, in which the last of several wins.
    """
    value = _parse(body, pairs)
    if isinstance(value, str):
        value = _parse(value.encode("utf-8", "surrogatepass"), pairs)
    if not isinstance(value, dict):
        raise BadRequest('The request body must be a JSON object such as {"key": "value"}.')
    _check_depth(value)
    return value


def _refuse_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The fields of an object; a repeated one is an error."""
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise InvalidParameter(f"Parameter {twice!r} is given twice. Send one of them. Nothing was done.")
    return fields


def _parse(body: bytes, pairs: Callable[[list[tuple[str, Any]]], Any] | None) -> Any:
    if not body.strip():
        raise BadRequest("The request body is empty; a JSON object is needed.")
    try:
        return json.loads(body.decode("utf-8"), object_pairs_hook=pairs)
    except json.JSONDecodeError as problem:
        raise BadRequest(
            f"The request body is not valid JSON: {problem.msg} at line {problem.lineno} column {problem.colno}."
        ) from None
    except UnicodeDecodeError as problem:
        raise BadRequest(f"The request body is not valid UTF-8 at byte {problem.start}.") from None
    except (RecursionError, ValueError):  # nesting beyond the parser, or an integer of thousands of digits
        raise BadRequest("The request body is nested too deeply or holds an overlong number.") from None


def _check_depth(value: dict[str, Any]) -> None:
    layer: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        layer = [
            inner
            for outer in layer
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not layer:
            return
    raise BadRequest(f"The request body is nested more than {MAX_DEPTH} levels deep.")


@cache
def _list_fields(kind: Any) -> frozenset[str]:
    hints = kind.__annotations__
    names = {name for name, hint in hints.items() if str(hint).startswith("list[")}
    camel = {first + "".join(map(str.capitalize, rest)) for first, *rest in (name.split("_") for name in names)}
    return frozenset(names | camel)


@cache
def fast_decoder(kind: Any) -> Callable[[bytes], AnyMessage] | None:
    """A one-pass decoder for the messages where the pass pays; None for the others.

    It raises an error of msgspec for bodies that it leaves to the lenient decoder: those with fields or types that
    messages do not declare, in other spellings, and faulty ones.
    """
    if not kind.hot:
        return None
    struct = _struct(kind, float)
    decode, fields = msgspec.json.Decoder(struct).decode, msgspec.structs.asdict
    decode_spelled = _decoder_of_spelled_doubles(kind)

    def fast(body: bytes) -> AnyMessage:
        if b"\\" in body and _NUL in body:  # a single byte is found in a thirtieth of the time
            raise msgspec.ValidationError("the lenient decoder says which text holds it")
        try:
            found = decode(body)
        except msgspec.ValidationError:
            found = decode_spelled(body)
        return kind(**fields(found))  # type: ignore[no-any-return]

    return fast


@cache
def _decoder_of_spelled_doubles(kind: Any) -> Callable[[bytes], Any]:
    """A decoder of bodies in which doubles may be spelled as texts, such as ``"NaN"``."""
    decode = msgspec.json.Decoder(_struct(kind, float | str)).decode
    doubles = [field.name for field in wire_fields(kind) if field.kind is float]
    lists = [(field.name, name) for field in wire_fields(kind) for name in _doubles_in(field.kind)]

    def decode_spelled(body: bytes) -> Any:
        found = decode(body)
        for name in doubles:
            _spell_out([found], name)
        for items, name in lists:
            _spell_out(getattr(found, items), name)
        return found

    return decode_spelled


_NUL = rb"\u0000"
"""No database stores it. Half a surrogate pair, which none stores either, is an error to msgspec."""
_Integer = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
"""What databases hold; msgspec itself reads integers of any length."""
_NeededText = Annotated[str, msgspec.Meta(min_length=1)]
"""A text that must be there; the lenient decoder says which one is missing."""


def _struct(kind: Any, double: Any) -> Any:
    """A message, or an object in one, as msgspec reads it fastest: the same attributes.

    Parameters
    ----------
    double: What stands for a double.
    """
    fields: list[Any] = []
    for field in wire_fields(kind):
        hint = _hint(field, double) | None if field.optional else _hint(field, double)
        default = msgspec.field(default_factory=list) if field.default is list else field.default
        fields.append((field.name, hint) if field.default is MISSING else (field.name, hint, default))
    return msgspec.defstruct(kind.__name__, fields, kw_only=True, forbid_unknown_fields=True, gc=False)


def _hint(field: WireField, double: Any) -> Any:
    choices = [mark.names for mark in field.marks if isinstance(mark, Choice)]
    if choices:
        return Literal[choices[0]]
    return _NeededText if field.required and field.kind is str else _as_read(field.kind, double)


def _as_read(hint: Any, double: Any) -> Any:
    if hint is int:
        return _Integer
    if hint is float:
        return double
    if get_origin(hint) is list:
        return list[_as_read(get_args(hint)[0], double)]  # type: ignore[misc]
    return _struct(hint, double) if is_declared(hint) else hint


def _item(hint: Any) -> Any:
    """The class of the objects in a list; None for anything else."""
    item = get_args(hint)[0] if get_origin(hint) is list else None
    return item if is_declared(item) else None


def _doubles_in(hint: Any) -> list[str]:
    """Which fields are doubles, of the objects in a list."""
    item = _item(hint)
    return [field.name for field in wire_fields(item) if field.kind is float] if item else []


def _spell_out(found: Sequence[Any], name: str) -> None:
    """Put the double in place of text that spells it, such as ``"NaN"``, in one field of some objects."""
    if str not in set(map(type, map(attrgetter(name), found))):
        return
    for one in found:
        value = getattr(one, name)
        if type(value) is str:
            if value not in ("NaN", "Infinity", "-Infinity"):
                raise msgspec.ValidationError("the lenient decoder says what is allowed")
            setattr(one, name, float(value))
