"""Warnings about filters that find nothing."""

import logging
from collections.abc import Callable

from runyard.exceptions import RunyardException
from runyard.tracking.filters.messages import ExplainFilter, FilterExplained

log = logging.getLogger(__name__)

MAX_EXPLAINED = 1_000
"""Filters that are remembered, so that a program that asks again and again is told once."""
_explained: set[tuple[str, str]] = set()


def warn_of_filter(
    ask: Callable[[ExplainFilter], FilterExplained], filter_string: str | None, of: str = "runs"
) -> None:
    """Log what is odd about a filter that found nothing, once for each filter.

    Parameters
    ----------
    ask: Sends the question to the store that was searched.
    of: Of which entities the filter is, as `ExplainFilter` names them.

    Raises
    ------
    InvalidParameter: It compares with a value that a field never has, such as the status 'failed'.
    """
    if not filter_string or (of, filter_string) in _explained:
        return
    try:
        notes = ask(ExplainFilter(filter=filter_string, of=of)).notes
    except RunyardException as error:
        if error.http_status != 404:
            raise
        notes = []  # a server that does not explain filters, as MLflow's
    if len(_explained) < MAX_EXPLAINED:
        _explained.add((of, filter_string))
    for note in notes:
        log.warning("The filter finds no %s: %s", of.removesuffix("s").replace("-", " "), note)
