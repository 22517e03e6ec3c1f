"""Charts of metrics: where the script finds the points and what they are called."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from runyard.ui.navigation import Urls
from runyard.ui.records import RunRecord


@dataclass(frozen=True)
class Chart:
    """One chart of one metric.

    Attributes
    ----------
    source: Address of the points.
    href: The metric's own page.
    names: JSON object: the name of each run by its id.
    runs: Ids of its runs.
    summary: What it shows, in words.
    """

    key: str
    source: str
    href: str
    names: str
    runs: str
    summary: str


def charts_of(urls: Urls, runs: Sequence[RunRecord], keys: Sequence[str]) -> tuple[Chart, ...]:
    """A chart for each metric, with those runs that have it. The order of the runs gives them their colours."""
    ids = ",".join(run.run_id for run in runs)
    all_names = json.dumps({run.run_id: run.name for run in runs})
    return tuple(
        Chart(
            key=key,
            source=urls("ui", "metrics", key=key, runs=ids),
            href=urls("metric", key=key, runs=ids),
            names=all_names,
            runs=ids,
            summary=_summary(key, runs),
        )
        for key in keys
    )


def _summary(key: str, runs: Sequence[RunRecord]) -> str:
    latest = [
        f"{run.name}: {run.metrics[key].value:g} at step {run.metrics[key].step}" for run in runs if key in run.metrics
    ]
    more = f", and {len(latest) - 5} more" if len(latest) > 5 else ""
    return f"{key}, latest values. {'; '.join(latest[:5])}{more}."
