"""The look of a run, the same in every table and chart: a colour and a dash, as colour alone does not tell enough."""

import zlib
from collections.abc import Sequence

from runyard.tracking.runs.entities import Run

COLOURS, DASHES = 10, 4
LOOKS = COLOURS * DASHES


def look_of(run_id: str) -> int:
    """The number of a run's look, 0 to 39: its colour in steps of one, its dash in steps of ten."""
    return zlib.crc32(run_id.encode()) % LOOKS


def looks_of(run_ids: Sequence[str]) -> dict[str, int]:
    """The looks of runs that are shown together: colours differ before dashes do.

    A run keeps its own look unless its colour is one of those that more of the runs before it have than of another
    colour, or its look is taken: then it takes the next colour that fewest have, with its own dash if that is free.
    """
    looks: dict[str, int] = {}
    free = {colour: set(range(DASHES)) for colour in range(COLOURS)}
    for run_id in dict.fromkeys(run_ids):
        dash, own = divmod(look_of(run_id), COLOURS)
        most = max(map(len, free.values()))
        if not most:  # more runs than looks: each has its own again
            looks[run_id] = look_of(run_id)
            continue
        colour = next(one % COLOURS for one in range(own, own + COLOURS) if len(free[one % COLOURS]) == most)
        dash = next(one % DASHES for one in range(dash, dash + DASHES) if one % DASHES in free[colour])
        free[colour].remove(dash)
        looks[run_id] = dash * COLOURS + colour
    return looks


def looks_of_groups(idents: Sequence[str]) -> dict[str, int]:
    """The looks of a few groups that are shown together: each has a colour of its own as long as there are some."""
    looks: dict[str, int] = {}
    for ident in dict.fromkeys(idents):
        dash = len(looks) // COLOURS % DASHES * COLOURS
        colour = zlib.crc32(ident.encode()) % COLOURS
        while dash + colour in looks.values() and len(looks) < LOOKS:
            colour = (colour + 1) % COLOURS
        looks[ident] = dash + colour
    return looks


def mark(run: Run) -> str:
    """The classes of a run's mark in a table."""
    return classes(look_of(run.info.run_id))


def marks(runs: Sequence[Run]) -> dict[str, str]:
    """The classes of the marks of runs that are shown together, by id."""
    return {run_id: classes(look) for run_id, look in looks_of([run.info.run_id for run in runs]).items()}


def classes(look: int) -> str:
    """The classes of a mark of a look."""
    return f"mark c{look % COLOURS} s{look // COLOURS}"
