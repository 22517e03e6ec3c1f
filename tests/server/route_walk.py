"""Every route of the protocol, with a message that would do for it."""

import dataclasses
import json
import sqlite3
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from runyard.core.wire import IdMark
from runyard.gate.slices import load_messages
from runyard.protocol.message import OPERATIONS, AnyMessage
from runyard.protocol.types import Choice
from tests.support.http import Caller
from tests.support.server import RunningServer

load_messages()
KINDS = list(OPERATIONS.values())
NAMES = [kind.operation.name for kind in KINDS]
ROUTES = [(method, path) for kind in KINDS for method, path in kind.operation.routes()]
BODY_ROUTES = [(method, path) for method, path in ROUTES if method != "GET"]
EMPTY_ALLOWED = [(method, path) for method, path in BODY_ROUTES if method == "DELETE" and "{" in path]
"""Their path says everything."""
JSON = {"Content-Type": "application/json"}

# Words of Python, SQL and file systems that no answer may hold.
GIVEAWAYS = (b"Traceback", b".py", b"sqlite", b"psycopg", b"SELECT ", b"INSERT ", b"site-packages", b"/home/", b"/tmp/")


_hints: dict[type, dict[str, Any]] = {}
"""What `hints` has found, by class: to read them takes longer than to send most requests."""


def hints(kind: type) -> dict[str, Any]:
    """The fields of a message or part, with their types."""
    if kind not in _hints:
        typed = get_type_hints(kind, include_extras=True)
        _hints[kind] = {field.name: typed[field.name] for field in dataclasses.fields(kind)}
    return _hints[kind]


def bare(hint: Any) -> Any:
    """A type without its marks and without None."""
    origin = get_origin(hint)
    if origin is Annotated:
        return bare(get_args(hint)[0])
    if origin in (Union, types.UnionType):
        [inner] = [part for part in get_args(hint) if part is not type(None)]
        return bare(inner)
    return hint


def sample(hint: Any) -> Any:
    """A value of a type."""
    if get_origin(hint) in (Union, types.UnionType):
        return sample(next(part for part in get_args(hint) if part is not type(None)))
    if get_origin(hint) is Annotated:
        for mark in hint.__metadata__:
            if isinstance(mark, Choice):
                return mark.names[0]
            if isinstance(mark, IdMark):
                return "0"
    inner = bare(hint)
    if get_origin(inner) is list:
        return [sample(get_args(inner)[0])]
    if dataclasses.is_dataclass(inner) and isinstance(inner, type):
        return example(inner)
    return {str: "text", int: 1, float: 0.5, bool: True}[inner]


def example(kind: type) -> dict[str, Any]:
    """A message of this class with every field given."""
    return {name: sample(hint) for name, hint in hints(kind).items()}


def in_path(kind: type[AnyMessage], name: str) -> bool:
    """Is this field a part of the message's path?"""
    return f"{{{name}}}" in kind.operation.path


def request_of(kind: type[AnyMessage], fields: dict[str, Any]) -> tuple[str, str, bytes]:
    """Method, path and body of a message with these fields."""
    address = kind.operation.address({**example(kind), **fields})
    return kind.operation.methods[0], address, json.dumps(fields).encode()


def answer_of(status: int, headers: dict[str, str], body: bytes) -> str:
    """What stands in a refusal, after checking that it is one and gives nothing away."""
    assert headers["content-type"] == "application/json", body
    assert not [word for word in GIVEAWAYS if word in body], body
    assert 400 <= status < 500, (status, body)
    return body.decode()


def stored(server: RunningServer) -> list[str]:
    """Everything in the server's database, to be compared. It is read again when somebody has written meanwhile."""
    look = _look(server.folder / "runyard.db")
    version = look.connection.execute("PRAGMA data_version").fetchone()[0]
    if version != look.version:
        look.version, look.lines = version, list(look.connection.iterdump())
    return look.lines


@dataclasses.dataclass
class _Look:
    """A database's content as of a version, which SQLite counts for this connection."""

    file: Path
    connection: sqlite3.Connection
    version: int | None = None
    lines: list[str] = dataclasses.field(default_factory=list)


_looks: list[_Look] = []
"""At the server that was looked at last."""


def _look(file: Path) -> _Look:
    if not _looks or _looks[0].file != file:
        for look in _looks:
            look.connection.close()
        _looks[:] = [_Look(file, sqlite3.connect(file))]
    return _looks[0]


Place = tuple[str | int, ...]
"""Where something stands in a message: names of fields and places in lists."""


def places_of(wanted: type, kind: type, path: Place = ()) -> Iterator[Place]:
    """Where in a message of class `kind` values of a type stand."""
    for name, hint in hints(kind).items():
        inner, here = bare(hint), (*path, name)
        if get_origin(inner) is list:
            inner, here = bare(get_args(inner)[0]), (*here, 0)
        if inner is wanted:
            yield here
        elif dataclasses.is_dataclass(inner) and isinstance(inner, type):
            yield from places_of(wanted, inner, here)


def text_fields(kind: type) -> Iterator[Place]:
    """Where in a message text stands."""
    return places_of(str, kind)


def replaced(message: Any, path: Place, value: Any) -> Any:
    """A copy of a message with another value at one place."""
    if not path:
        return value
    first, *rest = path
    if isinstance(message, list):
        return [replaced(message[0], tuple(rest), value)]
    return {**message, first: replaced(message[first], tuple(rest), value)}


_NARROWING = ("filter", "filter_string", "order_by", "page_token", "condition", "run_uuid")
"""Texts with a language of their own, or in the place of others: left out, the rest of a message is looked at."""


def things(caller: Caller) -> dict[str, Any]:
    """Make a run, a logged model and a version; the values by which messages name them."""
    run_id = caller.new_run()
    made = caller.call("logged-models", {"experiment_id": "0", "name": "text"})
    caller.call("registered-models/create", {"name": "text"})
    caller.call("model-versions/create", {"name": "text", "source": f"runs:/{run_id}/model"})
    ids = {"run_id": run_id, "source_run_id": run_id, "model_id": made["model"]["info"]["model_id"], "version": "1"}
    return {**ids, "run_ids": [run_id]}


def about(kind: type[AnyMessage], known: dict[str, Any]) -> dict[str, Any]:
    """A message of this class about things that are there."""

    def named(value: Any, field: str) -> Any:
        if field in known:
            return [known[field]] if isinstance(value, list) and field == "run_id" else known[field]
        if isinstance(value, dict):
            return {name: named(inner, name) for name, inner in value.items()}
        return [named(inner, "") for inner in value] if isinstance(value, list) else value

    return {name: named(value, name) for name, value in example(kind).items() if name not in _NARROWING}
