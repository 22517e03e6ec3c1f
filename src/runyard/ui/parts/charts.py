"""Charts of metrics: where the script finds the points, and what they show in words."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from runyard.tracking.metrics.entities import Metric
from runyard.tracking.runs.entities import Run
from runyard.ui.navigation import Urls
from runyard.ui.parts.presentation import latest_metrics, run_name

MAX_CHARTS = 48
"""More charts on a page than anyone looks through; every metric still has a page of its own."""
MAX_TOLD = 4
"""Runs whose latest points stand in full with a chart; those of more would make the page long."""
AHEAD = 3
"""Charts whose points are asked for with the page: those that are in sight at once, whatever the window."""
_ALL_POINTS, _MIN_POINTS = 12_000, 240
"""Points of all runs of a chart together, and of each at least, as ``line-chart.js`` asks for them."""


@dataclass(frozen=True)
class Chart:
    """One chart of one metric.

    Attributes
    ----------
    source: Address of the points; of several runs without these, which stand once beside all charts.
    href: The metric's own page; empty where the runs are several.
    summary: What it shows, in words.
    state: The latest point of each run, as ``step timestamp value,…``, or a hash of many: where it is another one, the
        chart goes on to it, and is asked for again.
    caption: What stands above it instead of the key.
    """

    key: str
    source: str
    href: str
    summary: str
    state: str = ""
    caption: str = ""


def charts_of(urls: Urls, runs: Sequence[Run], keys: Sequence[str]) -> tuple[Chart, ...]:
    """A chart for each metric, up to a limit.

    The order of the runs gives them their colours. Of several runs the ids are not in the addresses: fifty of them are
    1,650 bytes, and the script adds them.
    """
    of: dict[str, str] = {"runs": runs[0].info.run_id} if len(runs) == 1 else {}
    measured = [(run_name(run), latest_metrics(run)) for run in runs]
    return tuple(
        Chart(
            key=key,
            source=urls("ui", "metrics", key=key, **of),
            href=urls("metric", key=key, **of) if of else "",
            summary=_summary(key, measured),
            state=_state(key, measured),
        )
        for key in keys[:MAX_CHARTS]
    )


def asked_ahead(urls: Urls, run_ids: Sequence[str], keys: Sequence[str], widest: int, by: str) -> tuple[str, ...]:
    """Where the points of the first charts are, for a page that asks for them before its scripts do.

    Parameters
    ----------
    widest: Pixels of a chart in a wide window: it has one point a pixel.
    by: What is horizontal in the charts, as the address of the page says: points by another metric are others.
    """
    if by.startswith("metrics."):
        return ()
    most = min(widest, max(_MIN_POINTS, _ALL_POINTS // len(run_ids)))
    ids = ",".join(run_ids)
    return tuple(urls("ui", "metrics", key=key, runs=ids, max=most) for key in keys[:AHEAD])


def _summary(key: str, measured: Sequence[tuple[str, Mapping[str, Metric]]]) -> str:
    latest = [
        f"{name}: {metrics[key].value:g} at step {metrics[key].step}" for name, metrics in measured if key in metrics
    ]
    more = f", and {len(latest) - 5} more" if len(latest) > 5 else ""
    return f"{key}, latest values. {'; '.join(latest[:5])}{more}."


def _state(key: str, measured: Sequence[tuple[str, Mapping[str, Metric]]]) -> str:
    points = [metrics.get(key) for _, metrics in measured]
    text = ",".join(f"{point.step} {point.timestamp} {point.value!r}" if point else "" for point in points)
    return text if len(points) <= MAX_TOLD else f"{zlib.crc32(text.encode()):x}"
