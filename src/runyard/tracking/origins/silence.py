"""When a run whose program used to say that it goes on is lost."""

import sqlalchemy as sa

from runyard.core.clock import now_ms
from runyard.db.conditions import number
from runyard.tracking.origins.messages import BEAT_SECONDS
from runyard.tracking.origins.tables import run_origins
from runyard.tracking.runs.tables import runs

MISSED = 3
LOST_AFTER_MS = int(BEAT_SECONDS * MISSED * 1000)
"""For how long a program must be silent."""
OUTAGE_MS = 3_600_000
"""A server that has just begun takes nobody for lost who was silent for less: it may have been away itself."""


class _Process:
    """When this process began to serve, in milliseconds; 0 when it is not a server."""

    serving_since = 0


def begin_serving() -> None:
    """Note that the programs' beats come to this process from now on."""
    _Process.serving_since = now_ms()


def latest_beat_of_lost(now: int) -> int:
    """Runs whose last beat was before this time are lost."""
    if now < _Process.serving_since + LOST_AFTER_MS:
        return min(now - LOST_AFTER_MS, _Process.serving_since - OUTAGE_MS)
    return now - LOST_AFTER_MS


beat_while_running: sa.ColumnElement[int] = sa.case(
    (
        runs.c.status == sa.literal_column("'RUNNING'"),
        sa.select(run_origins.c.beat_time).where(run_origins.c.run_id == runs.c.id).scalar_subquery(),
    )
)
"""The last beat of a run that is running; it is looked for only then."""


def is_lost(now: int) -> sa.ColumnElement[bool]:
    """Whether a row of `runs` that is running has been silent for too long."""
    silent = sa.select(number(1)).where(
        run_origins.c.run_id == runs.c.id, run_origins.c.beat_time < sa.literal(latest_beat_of_lost(now))
    )
    return silent.exists()


def lost_since(beat_time: int | None, now: int) -> int | None:
    """Since when a run is lost, which is when it last said that it goes on; None of one that is not."""
    return beat_time if beat_time is not None and beat_time < latest_beat_of_lost(now) else None
