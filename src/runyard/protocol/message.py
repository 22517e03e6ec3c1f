"""Messages: every operation of the protocol, declared once as a typed class.

From the declaration come the REST route, the OpenAPI entry, the SDK's remote and local call and the permission needed.

    class LogMetric(Message, post="runs/log-metric", needs="run.edit"):
        run_id: RunId
        key: str
        value: float
        timestamp: int
        step: int = 0

A field without a default is required: missing, null and empty text are refused, as MLflow does.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar, Self, dataclass_transform

from runyard.protocol.operation import Kind, Operation, operation_name

OPERATIONS: dict[str, type["Message"]] = {}


class _Wire:
    """What messages and their parts share: decoding from and encoding to the wire's JSON objects."""

    def __init__(self, **fields: Any) -> None:
        raise TypeError(f"{type(self).__name__} has no fields.")  # replaced by the dataclass decorator

    @classmethod
    def from_wire(cls, fields: Mapping[str, Any]) -> Self:
        """Build it from a JSON object, as lenient as real clients need.

        Raises
        ------
        InvalidParameter: A required field is missing or a field has the wrong type; the message names it.
        """
        from runyard.protocol.decoding import decode_object  # noqa: PLC0415  (decoding needs this module)

        return decode_object(cls, fields, "")

    def to_wire(self) -> dict[str, Any]:
        """The JSON object a client sends: fields that are None are left out."""
        return {name: _encoded(value) for name, value in vars(self).items() if value is not None}


def _encoded(value: Any) -> Any:
    if type(value) is str or type(value) is int:  # most are
        return value
    if isinstance(value, _Wire):
        return value.to_wire()
    if isinstance(value, list | tuple):
        return [_encoded(item) for item in value]
    if isinstance(value, float):
        return wire_double(value)
    return value


def wire_double(value: float) -> float | str:
    """A double as the wire spells it: a number, or ``"NaN"``, ``"Infinity"``, ``"-Infinity"``."""
    if value - value == 0:
        return value
    return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"


@dataclass_transform(kw_only_default=True)
class Part(_Wire):
    """A JSON object inside of messages."""

    def __init_subclass__(cls) -> None:
        dataclasses.dataclass(kw_only=True)(cls)


@dataclass_transform(kw_only_default=True)
class Message(_Wire):
    """Base of every operation. Subclasses give the HTTP method with the path, and the permission they need."""

    operation: ClassVar[Operation]

    @classmethod
    def from_wire(cls, fields: Mapping[str, Any]) -> Self:
        """Build it from a JSON object; a message of our own family takes none but its own fields.

        Raises
        ------
        InvalidParameter: A required field is missing, unknown, or has the wrong type; the message names it.
        """
        if cls.operation.family == "runyard":
            from runyard.protocol.decoding import refuse_unknown_fields  # noqa: PLC0415  (decoding needs this module)

            refuse_unknown_fields(cls, fields)
        return super().from_wire(fields)

    def __init_subclass__(
        cls,
        *,
        needs: str,
        get: str | None = None,
        post: str | None = None,
        patch: str | None = None,
        delete: str | None = None,
        kind: Kind | None = None,
        family: str = "mlflow",
    ) -> None:
        dataclasses.dataclass(kw_only=True)(cls)
        paths = {"POST": post, "PATCH": patch, "DELETE": delete, "GET": get}
        methods = tuple(method for method, path in paths.items() if path)
        if len({path for path in paths.values() if path}) != 1:
            raise TypeError(f"{cls.__name__} names no path or several: give one with get=, post=, patch= or delete=.")
        path = next(path for path in paths.values() if path)
        chosen: Kind = kind or ("read" if methods == ("GET",) else "write")
        cls.operation = Operation(operation_name(cls.__name__), methods, path, family, chosen, needs)
        OPERATIONS[cls.operation.name] = cls

    def check(self) -> None:
        """Refuse values that break a rule the types cannot tell.

        Raises
        ------
        InvalidParameter: With the field, the value and the rule.
        """
