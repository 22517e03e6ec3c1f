"""Messages: every operation of the protocol, declared once as a typed class.

From the declaration come the REST route, the OpenAPI entry, the SDK's remote and local call, how its answer is decoded,
and the permission needed.

    class LogMetric(Message[Nothing], post="runs/log-metric", needs="run.edit"):
        run_id: RunId
        key: str
        value: float
        timestamp: int
        step: int = 0

A field without a default is required: missing, null and empty text are refused, as MLflow does.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Generic, Self, dataclass_transform, get_args

from runyard.core.wire import to_wire
from runyard.protocol.answer import A_co, Answer
from runyard.protocol.decoding import decode_object, refuse_unknown_fields
from runyard.protocol.operation import Kind, Operation, operation_name

MANY = 2000
"""Results in an answer over which it is dear to make."""

_SUBJECTS = ("wanted_id", "run_id", "model_id", "name", "experiment_id")
"""Fields that name what a message is about, the narrowest first."""

OPERATIONS: dict[str, "type[AnyMessage]"] = {}


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
        return decode_object(cls, fields, "")

    def to_wire(self) -> dict[str, Any]:
        """The JSON object a client sends: fields that are None are left out."""
        return to_wire(self)


@dataclass_transform(kw_only_default=True)
class Part(_Wire):
    """A JSON object inside of messages."""

    def __init_subclass__(cls) -> None:
        dataclasses.dataclass(kw_only=True)(cls)


@dataclass_transform(kw_only_default=True)
class Message(_Wire, Generic[A_co]):
    """Base of every operation. Subclasses give their answer, the HTTP method with the path, and the permission needed.

    Attributes
    ----------
    answer: The class of its answer.
    hot: Whether its bodies are decoded in one typed pass, because it is sent often.
    """

    operation: ClassVar[Operation]
    answer: ClassVar[type[Answer]]
    hot: ClassVar[bool]
    _is_checked: ClassVar[bool] = False

    @classmethod
    def from_wire(cls, fields: Mapping[str, Any]) -> Self:
        """Build it from a JSON object; a message of our own family takes none but its own fields.

        Raises
        ------
        InvalidParameter: A required field is missing, unknown, or has the wrong type; the message names it.
        """
        if cls.operation.family == "runyard":
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
        hot: bool = False,
        dear: bool = False,
        in_query: Sequence[str] = (),
    ) -> None:
        dataclasses.dataclass(kw_only=True)(cls)
        paths = {"POST": post, "PATCH": patch, "DELETE": delete, "GET": get}
        methods = tuple(method for method, path in paths.items() if path)
        if len({path for path in paths.values() if path}) != 1:
            raise TypeError(f"{cls.__name__} names no path or several: give one with get=, post=, patch= or delete=.")
        path = next(path for path in paths.values() if path)
        chosen: Kind = kind or ("read" if methods == ("GET",) else "write")
        cls.answer = next(get_args(base)[0] for base in cls.__orig_bases__ if get_args(base))  # type: ignore[attr-defined]
        cls.hot = hot
        cls.operation = Operation(
            operation_name(cls.__name__), methods, path, family, chosen, needs, dear, frozenset(in_query)
        )
        OPERATIONS[cls.operation.name] = cls

    def check(self) -> None:
        """Check rules that the types do not express.

        Raises
        ------
        InvalidParameter: With the field, the value and the rule.
        """

    def is_dear(self) -> bool:
        """Whether this read may take long; a message whose fields decide that overrides it."""
        return self.operation.dear

    def subject(self) -> str | None:
        """What a write changes, as far as its fields say: writes of one subject are performed in order."""
        for name in _SUBJECTS:
            value = getattr(self, name, None)
            if value:
                return str(value)
        return None

    def check_once(self) -> None:
        """Check it once: with a local database, both the client and the gate call this.

        Raises
        ------
        InvalidParameter: With the field, the value and the rule.
        """
        if not self._is_checked:
            self.check()
            self.__dict__["_is_checked"] = True

    def answered(self, fields: Mapping[str, Any]) -> A_co:
        """Its answer, from the JSON object that a store gave.

        Raises
        ------
        RunyardException: It is another kind of object.
        """
        return self.answer.from_wire(fields)  # type: ignore[return-value]  # the class is the one this message is of


AnyMessage = Message[Any]
"""A message with any answer."""
