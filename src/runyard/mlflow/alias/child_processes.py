"""Workers of an aliased program, and the Pythons that it starts.

Forked workers have the alias. Those that multiprocessing starts anew, the default on macOS and from Python 3.14 on, are
prepared before they import the program. All others, such as the workers of joblib and Ray, find it by two variables
that they inherit.
"""

import os
from multiprocessing import spawn
from typing import Any

from runyard.mlflow.alias import install
from runyard.mlflow.alias.variables import variables_of_programs

_prepared = spawn.get_preparation_data


class _Alias:
    """Switches the alias on where it is unpickled."""

    def __reduce__(self) -> tuple[Any, tuple[bool]]:
        return install, (True,)


def _prepared_with_alias(name: str) -> dict[str, Any]:
    return {**_prepared(name), "runyard.mlflow.alias": _Alias()}


def cover_workers() -> None:
    """Give the alias to every worker, and to every Python, that is started from now on."""
    spawn.get_preparation_data = _prepared_with_alias
    os.environ.update(variables_of_programs("always"))
