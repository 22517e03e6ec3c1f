"""The environment that a model runs in."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from runyard.environments import creation
from runyard.exceptions import InvalidParameter
from runyard.serving.requirements import wanted_environment


def interpreter_for(
    folder: Path, manager: str, overrides: Sequence[str] = (), say: Callable[[str], None] | None = None
) -> Path:
    """The Python of an environment with what a model asks for, made now when there is none yet.

    Parameters
    ----------
    folder: The model's files.
    manager: ``local``, ``uv``, ``virtualenv`` or ``conda``.
    overrides: Requirements that replace the model's own of the same package.
    say: Called with progress lines.

    Raises
    ------
    InvalidParameter: The program that manages such environments is not installed.
    RunyardException: The environment could not be made.
    """
    if manager == "local":
        if overrides:
            raise InvalidParameter("Requirements can be overridden in an environment of the model's own only.")
        return Path(sys.executable)
    return creation.interpreter_for(wanted_environment(folder, overrides), manager, say)
