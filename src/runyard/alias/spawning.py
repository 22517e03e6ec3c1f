"""Workers of an aliased program. Those that multiprocessing starts anew import the program before they work.

Forked workers have the alias; the others, which are the default on macOS and from Python 3.14 on, would fail at
``import mlflow``. What they are told before they import the program is the one place to switch it on for them.
"""

from multiprocessing import spawn
from typing import Any

from runyard.alias import install

_prepared = spawn.get_preparation_data


class _Alias:
    """Switches the alias on where it is unpickled."""

    def __reduce__(self) -> tuple[Any, tuple[bool]]:
        return install, (True,)


def _prepared_with_alias(name: str) -> dict[str, Any]:
    return {**_prepared(name), "runyard.alias": _Alias()}


def cover_workers() -> None:
    """Give the alias to every worker that multiprocessing starts from now on."""
    spawn.get_preparation_data = _prepared_with_alias
