"""The alias in a program, in its workers, and in the Pythons that it starts.

Forked workers have the alias. All other Pythons find it by two variables that they inherit; they load Runyard when they
first ask for mlflow. Workers of multiprocessing that ignore variables, since the program does, are prepared before they
import it.
"""

import os
from multiprocessing import spawn
from typing import Any

from runyard import settings
from runyard.mlflow import alias
from runyard.mlflow.alias.variables import PROGRAMS, variables_of_programs

_prepared = spawn.get_preparation_data


class _Alias:
    """Switches the alias on where it is unpickled."""

    def __reduce__(self) -> tuple[Any, tuple[bool]]:
        return alias.install, (True,)


def _prepared_with_alias(name: str) -> dict[str, Any]:
    return {**_prepared(name), "runyard.mlflow.alias": _Alias()}


def cover() -> None:
    """Give the alias to every worker, and to every Python, that is started from now on."""
    spawn.get_preparation_data = _prepared_with_alias
    os.environ.update(variables_of_programs("always"))


def uncover() -> None:
    """Undo `cover`."""
    if spawn.get_preparation_data is not _prepared_with_alias:
        return
    spawn.get_preparation_data = _prepared
    os.environ.pop(settings.ALIAS.names[0], None)
    places = os.environ.pop("PYTHONPATH", "").split(os.pathsep)
    if others := [place for place in places if place != str(PROGRAMS)]:
        os.environ["PYTHONPATH"] = os.pathsep.join(others)
