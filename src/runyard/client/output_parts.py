"""The output of a run that a program starts or resumes: which files it goes to."""

import contextlib
import secrets
import time

from runyard.client.connection import connection_to
from runyard.client.output import PART_BYTES, Lines, Output, RunStore
from runyard.core.output_parts import part_name, part_number
from runyard.exceptions import RunyardException

__all__ = ["Lines", "opened"]

_SINCE = 1_600_000_000


def opened(run_id: str, uri: str, resumed: bool, limit: int) -> Output:
    """The output of a run.

    Parameters
    ----------
    uri: The store that the run is in.
    resumed: It may have output already, which is kept.
    limit: Maximum number of bytes that are kept of it.
    """
    store = RunStore(connection_to(uri), run_id)
    most_parts = max(2, limit // PART_BYTES)
    if not resumed:
        return Output(store, False, most_parts)
    before, word = _last_part(store), secrets.token_hex(3)
    return Output(store, False, most_parts, lambda number: part_name(before + number, word))


def _last_part(store: RunStore) -> int:
    """The number of the last part that is there; while the store is away, one that is greater than all of them."""
    with contextlib.suppress(RunyardException, OSError):
        return max((part_number(name) or 0 for name in store.list_files()), default=0)
    return int(time.time()) - _SINCE
