"""The field types of messages that Python's own types do not tell apart."""

from dataclasses import dataclass
from typing import Annotated

from runyard.core.wire import IdMark


@dataclass(frozen=True)
class Choice:
    """Marks text that is one of a fixed set, which clients may also send by number.

    Attributes
    ----------
    numbers: Each name with its number in MLflow's enums.
    """

    numbers: tuple[tuple[str, int], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names, in the order of their numbers."""
        return tuple(name for name, _ in self.numbers)


ExperimentId = Annotated[str, IdMark()]
"""A decimal integer as text."""

VersionNumber = Annotated[str, IdMark()]
"""The number of a version as text."""

ViewType = Annotated[str, Choice((("ACTIVE_ONLY", 1), ("DELETED_ONLY", 2), ("ALL", 3)))]
RunStatus = Annotated[str, Choice((("RUNNING", 1), ("SCHEDULED", 2), ("FINISHED", 3), ("FAILED", 4), ("KILLED", 5)))]
