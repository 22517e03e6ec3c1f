"""Answers: the typed result of each operation, declared beside its message.

    class RunFound(Answer):
        run: Run

    class GetRun(Message[RunFound], get="runs/get", needs="run.read"):
        run_id: RunId

From the declaration come the answer's schema in OpenAPI and the reference, what the SDK decodes, and what pages show.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any, Self, TypeVar, dataclass_transform

from runyard.core.wire import from_wire
from runyard.exceptions import RunyardException


@dataclass_transform()
class Answer:
    """Base of all answers."""

    def __init_subclass__(cls) -> None:
        dataclasses.dataclass(cls)

    @classmethod
    def from_wire(cls, fields: Mapping[str, Any]) -> Self:
        """Build it from the JSON object of the protocol, as a server of Runyard's or MLflow's sends it.

        Raises
        ------
        RunyardException: It is another kind of object.
        """
        try:
            return from_wire(cls, fields)
        except (AttributeError, KeyError, TypeError, ValueError) as problem:
            raise RunyardException(
                f"The answer is not one of Runyard or MLflow: no {cls.__name__} can be read from it. "
                "Check the tracking URI."
            ) from problem


A = TypeVar("A", bound=Answer)
A_co = TypeVar("A_co", bound=Answer, covariant=True)


class Nothing(Answer):
    """An empty object."""


Wire = dict[str, Any] | bytes
"""An answer: a JSON-ready object in the protocol's spelling, or its text."""
