"""The content of an environment, and lists of requirements for pip."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from runyard.exceptions import InvalidParameter
from runyard.models.environment.requirements import name_of

PYTHON_VERSION = re.compile(r"\d+(\.\d+)*")


@dataclass(frozen=True)
class Specification:
    """An environment to make.

    Attributes
    ----------
    python: Version of Python, such as ``3.11.7``.
    requirements: Lines for pip.
    conda_file: The conda.yaml, if there is one.
    constraints: Limits on the versions of whatever is installed.
    depends_on: What else makes an environment another one, such as the state of code that is installed from a path.
    """

    python: str
    requirements: tuple[str, ...]
    conda_file: Path | None = None
    constraints: tuple[str, ...] = ()
    depends_on: str = ""


def replaced(requirements: Sequence[str], new: Sequence[str]) -> list[str]:
    """The requirements with the new ones in the places of those of the same package, or at the end."""
    by_name = {required_name(one): one for one in new}
    kept = [by_name.pop(name_of(one), one) for one in requirements]
    return [*kept, *by_name.values()]


def required_name(requirement: str) -> str:
    """The package that a requirement is about.

    Raises
    ------
    InvalidParameter: It names none.
    """
    name = name_of(requirement)
    if not name:
        raise InvalidParameter(f"{requirement!r} is not a requirement: write a package's name, as in 'pandas==2.2.3'.")
    return name
