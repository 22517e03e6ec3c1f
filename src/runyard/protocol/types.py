"""Field types of messages beyond Python's own types."""

from dataclasses import dataclass
from typing import Annotated

from runyard.core import lifecycle
from runyard.core.enumeration import numbers_of
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

ViewType = Annotated[str, Choice(tuple((name.upper(), number) for name, number in numbers_of(lifecycle.ViewType)))]
