"""Charts of metrics: where the script finds the points, and what they show in words."""

from collections.abc import Sequence
from dataclasses import dataclass

from runyard.ui.navigation import Urls
from runyard.ui.records import RunRecord

MOST_CHARTS = 48
"""More charts on a page than anyone looks through; every metric still has a page of its own."""


@dataclass(frozen=True)
class Chart:
    """One chart of one metric.

    Attributes
    ----------
    source: Address of the points.
    href: The metric's own page.
    summary: What it shows, in words.
    """

    key: str
    source: str
    href: str
    summary: str


def charts_of(urls: Urls, runs: Sequence[RunRecord], keys: Sequence[str]) -> tuple[Chart, ...]:
    """A chart for each metric, up to a limit. The order of the runs gives them their colours."""
    ids = ",".join(run.run_id for run in runs)
    return tuple(
        Chart(
            key=key,
            source=urls("ui", "metrics", key=key, runs=ids),
            href=urls("metric", key=key, runs=ids),
            summary=_summary(key, runs),
        )
        for key in keys[:MOST_CHARTS]
    )


def _summary(key: str, runs: Sequence[RunRecord]) -> str:
    latest = [
        f"{run.name}: {run.metrics[key].value:g} at step {run.metrics[key].step}" for run in runs if key in run.metrics
    ]
    more = f", and {len(latest) - 5} more" if len(latest) > 5 else ""
    return f"{key}, latest values. {'; '.join(latest[:5])}{more}."
