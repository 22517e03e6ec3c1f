"""A gate that holds every answer against what its message declares."""

from functools import cache, partial
from typing import Any

import jsonschema_rs
import sqlalchemy as sa

from runyard.db.engine import Engines, open_engines
from runyard.gate.gate import Gate
from runyard.protocol.message import AnyMessage
from runyard.server.openapi import specification
from tests.support import warm


class CheckedGate(Gate):
    """Answers as a gate does, and fails when an answer is not the declared one."""

    @staticmethod
    def engines_of(uri: str) -> Engines:
        """Connections that compile no statement again which those to another database of this process compiled."""
        opened = open_engines(uri)
        for purpose, engine in (("read", opened.reading), ("write", opened.writing)):
            if engine.dialect.name == "postgresql":
                warm.hand_on(engine, purpose)
            like = _engines.setdefault((purpose, engine.dialect.name), engine)
            like._compiled_cache.capacity = _COMPILED  # type: ignore[union-attr]
            engine.dialect.initialize = partial(_ask_once, like.dialect)  # type: ignore[method-assign]
            engine.dialect, engine._compiled_cache = like.dialect, like._compiled_cache
        return opened

    def perform(self, message: AnyMessage) -> dict[str, Any]:
        """Perform a message; the answer has the declared fields, of the declared types, and no others."""
        answer = super().perform(message)
        undeclared = undeclared_in(answer, type(message))
        assert not undeclared, f"{message.operation.name}: {undeclared}"
        return answer


def undeclared_in(answer: dict[str, Any], kind: type[AnyMessage]) -> list[str]:
    """Where an answer differs from the schema that its operation publishes, when no more fields may be there."""
    operation = kind.operation
    errors = _validator(operation.main_path, operation.methods[0].lower()).iter_errors(answer)
    return [f"{'.'.join(map(str, error.instance_path))}: {error.message}" for error in errors]


_COMPILED = 2_000
"""Statements that are kept compiled: tests of searches have thousands, and come back to many."""
_engines: dict[tuple[str, str], sa.Engine] = {}
"""The first engine of each kind."""
_asked: set[int] = set()
"""The dialects of these that know their database."""


def _ask_once(dialect: Any, connection: sa.Connection) -> None:
    """Ask the database for its version and more, unless another of its kind was asked."""
    if id(dialect) not in _asked:
        type(dialect).initialize(dialect, connection)
        _asked.add(id(dialect))


@cache
def _validator(path: str, method: str) -> Any:
    described = _declared()
    answered = described["paths"][path][method]["responses"]["200"]["content"]["application/json"]["schema"]
    return jsonschema_rs.Draft202012Validator({**answered, "components": described["components"]})


@cache
def _declared() -> Any:
    return _closed(specification())


def _closed(schema: Any) -> Any:
    """The schema with no place for fields that it does not name."""
    if isinstance(schema, list):
        return [_closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: _closed(one) for name, one in schema.items()}
    if isinstance(schema.get("properties"), dict) and schema.get("type") == "object":
        closed["additionalProperties"] = False
    return closed
