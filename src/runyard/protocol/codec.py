"""Bytes to messages and answers to bytes: the hot path of the server.

Bodies of the two busiest messages are decoded in one typed pass by msgspec; whatever that pass does not take (numbers
as text, camelCase, NaN literals, faults) goes to the lenient decoder, which knows how to refuse it.
"""

import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Annotated, Any
from urllib.parse import parse_qs

import msgspec
import orjson

from runyard.exceptions import BadRequest, InvalidParameter
from runyard.protocol.message import Message
from runyard.protocol.performing import Raw, Wire

MAX_DEPTH = 100
MAX_QUERY_FIELDS = 1000


def decode_body(kind: type[Message], body: bytes) -> Message:
    """The message in a JSON body.

    Raises
    ------
    BadRequest: Not JSON, not an object, or nested too deeply; says where the text breaks.
    InvalidParameter: A field is missing or has the wrong type.
    """
    fast = _fast_decoder(kind)  # type: ignore[arg-type]  # mypy mistakes the class for its instances
    if fast is not None:
        try:
            return fast(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            pass
    return kind.from_wire(parse_object(body, _refuse_twice if kind.operation.family == "runyard" else None))


def decode_query(kind: type[Message], query: bytes) -> Message:
    """The message in a query string; a repeated key is a list."""
    return kind.from_wire(query_fields(kind, query))


def query_fields(kind: type[Message], query: bytes) -> dict[str, Any]:
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
    return answer if isinstance(answer, Raw) else orjson.dumps(answer)


def parse_object(body: bytes, pairs: Callable[[list[tuple[str, Any]]], Any] | None = None) -> dict[str, Any]:
    """The JSON object in a body; a JSON text within a JSON text is taken too, as some old clients send it.

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
    """The fields of an object; which of two was meant is not for us to say."""
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
def _fast_decoder(kind: Any) -> Callable[[bytes], Message] | None:
    """A one-pass decoder for the messages where the pass pays; None for the others."""
    maker = _FAST.get(kind.__name__)
    return maker(kind) if maker else None


_Integer = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
"""What databases hold; msgspec itself reads integers of any length."""


class _Point(msgspec.Struct):
    """A MetricPoint as msgspec reads it fastest; same attributes, checked by the message afterwards."""

    key: str
    value: float | str
    timestamp: _Integer
    step: _Integer = 0
    model_id: str | None = None
    dataset_name: str | None = None
    dataset_digest: str | None = None


class _Pair(msgspec.Struct):
    """A param or tag."""

    key: str
    value: str = ""


class _Batch(msgspec.Struct):
    run_id: str
    metrics: list[_Point] = []
    params: list[_Pair] = []
    tags: list[_Pair] = []


class _Single(_Point):
    run_id: str | None = None
    run_uuid: str | None = None


def _batch_decoder(kind: type[Message]) -> Callable[[bytes], Message]:
    decode = msgspec.json.Decoder(_Batch).decode

    def fast(body: bytes) -> Message:
        batch = decode(body)
        if not batch.run_id:
            raise msgspec.ValidationError("the lenient decoder says what is missing")
        return kind(run_id=batch.run_id, metrics=batch.metrics, params=batch.params, tags=batch.tags)

    return fast


def _single_decoder(kind: type[Message]) -> Callable[[bytes], Message]:
    decode = msgspec.json.Decoder(_Single).decode

    def fast(body: bytes) -> Message:
        point = decode(body)
        if not point.key:
            raise msgspec.ValidationError("the lenient decoder says what is missing")
        return kind(
            key=point.key,
            value=point.value,
            timestamp=point.timestamp,
            step=point.step,
            run_id=point.run_id,
            run_uuid=point.run_uuid,
            model_id=point.model_id,
            dataset_name=point.dataset_name,
            dataset_digest=point.dataset_digest,
        )

    return fast


_FAST: dict[str, Callable[[type[Message]], Callable[[bytes], Message]]] = {
    "LogBatch": _batch_decoder,
    "LogMetric": _single_decoder,
}
