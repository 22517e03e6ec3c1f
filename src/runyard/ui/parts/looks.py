"""The look of a run, the same in every table and chart: a colour and a dash, as colour alone does not tell enough."""

import zlib
from collections.abc import Sequence

from runyard.tracking.runs.entities import Run

COLOURS, DASHES = 10, 4
LOOKS = COLOURS * DASHES
_STEP = 11  # leads to another colour and another dash, and through all of them


def look_of(run_id: str) -> int:
    """The number of a run's look, 0 to 39: its colour in steps of one, its dash in steps of ten."""
    return zlib.crc32(run_id.encode()) % LOOKS


def looks_of(run_ids: Sequence[str]) -> dict[str, int]:
    """The looks of runs that are shown together: of two that have the same, the later takes the next free one."""
    looks: dict[str, int] = {}
    taken: set[int] = set()
    for run_id in run_ids:
        look = look_of(run_id)
        while look in taken and len(taken) < LOOKS:
            look = (look + _STEP) % LOOKS
        taken.add(look)
        looks.setdefault(run_id, look)
    return looks


def mark(run: Run) -> str:
    """The classes of a run's mark in a table."""
    return _classes(look_of(run.info.run_id))


def marks(runs: Sequence[Run]) -> dict[str, str]:
    """The classes of the marks of runs that are shown together, by id."""
    return {run_id: _classes(look) for run_id, look in looks_of([run.info.run_id for run in runs]).items()}


def _classes(look: int) -> str:
    return f"mark c{look % COLOURS} s{look // COLOURS}"
