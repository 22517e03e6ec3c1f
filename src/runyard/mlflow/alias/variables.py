"""The variables that switch the alias on in the Pythons that a process starts."""

import os
from pathlib import Path

from runyard import settings

PROGRAMS = Path(__file__).parent / "programs"
"""On PYTHONPATH, it switches the alias on at a Python's start, when the variable of `settings.ALIAS` asks for it."""


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
