"""Groups of runs as rows of a file: what they share, how many runs, and what each metric comes to."""

from collections.abc import Iterator, Sequence
from typing import Any

from runyard.tracking.run_groups.keys import STATISTICS
from runyard.tracking.run_groups.messages import GroupRuns
from runyard.ui.site import Site

_COUNTS = ("runs", "nan", "missing")


def head_of_groups(message: GroupRuns, metrics: Sequence[str]) -> list[str]:
    """The names of the columns."""
    return [
        *message.group_by,
        "runs",
        *(f"metrics.{metric}.{name}" for metric in metrics for name in (*STATISTICS, *_COUNTS)),
    ]


def rows_of_groups(site: Site, message: GroupRuns, metrics: Sequence[str]) -> Iterator[list[list[Any]]]:
    """All groups, a page at a time."""
    while True:
        found = site.ask(message)
        yield [
            [
                *(one.value for one in group.values),
                group.runs,
                *(
                    getattr(metric, name)
                    for metric in group.metrics[: len(metrics)]
                    for name in (*STATISTICS, *_COUNTS)
                ),
            ]
            for group in found.groups
        ]
        if not found.next_page_token:
            return
        message.page_token = found.next_page_token
