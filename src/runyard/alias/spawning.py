"""Workers of an aliased program, and the Pythons that it starts.

Forked workers have the alias. Those that multiprocessing starts anew, the default on macOS and from Python 3.14 on, are
told before they import the program. All others, such as the workers of joblib and Ray, find it by two variables that
they inherit.
"""

import os
from multiprocessing import spawn
from pathlib import Path
from typing import Any

from runyard import settings
from runyard.alias import install

PROGRAMS = Path(__file__).parent / "programs"
"""On PYTHONPATH, it switches the alias on at a Python's start, when the variable of `settings.ALIAS` asks for it."""

_prepared = spawn.get_preparation_data


class _Alias:
    """Switches the alias on where it is unpickled."""

    def __reduce__(self) -> tuple[Any, tuple[bool]]:
        return install, (True,)


def _prepared_with_alias(name: str) -> dict[str, Any]:
    return {**_prepared(name), "runyard.alias": _Alias()}


def variables_of_programs(mode: str) -> dict[str, str]:
    """What makes ``import mlflow`` give Runyard in the Pythons that this process starts.

    Parameters
    ----------
    mode: ``always``, or ``missing`` for those where no mlflow is installed.
    """
    places = [str(PROGRAMS), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    return {
        settings.ALIAS.names[0]: mode,
        "PYTHONPATH": os.pathsep.join(dict.fromkeys(place for place in places if place)),
    }


def cover_workers() -> None:
    """Give the alias to every worker, and to every Python, that is started from now on."""
    spawn.get_preparation_data = _prepared_with_alias
    os.environ.update(variables_of_programs("always"))
