"""All runs that a filter finds: their number, and their ids."""

from collections.abc import Sequence

import sqlalchemy as sa

from runyard.db.dialects import one_of
from runyard.db.transaction import Transaction
from runyard.tracking.runs.conditions import matching, meets
from runyard.tracking.runs.orders import in_order
from runyard.tracking.runs.pages import RunPage
from runyard.tracking.runs.search import rows_of, search_of
from runyard.tracking.runs.tables import runs
from runyard.tracking.runs.texts import runs_with_texts


def count_runs(tx: Transaction, experiment_ids: Sequence[str], view_type: str, text: str | None) -> int:
    """The number of matching runs. One statement, and one for each pattern; a few more for words and names."""
    search = search_of(tx, experiment_ids, view_type, text)
    few = runs_with_texts(tx, search.conditions, search.view.experiments)
    if few is None:
        found = matching(search.conditions, search.view, tx.dialect).order_by(None)
    else:
        known = [one_of(tx, runs.c.id, few), *search.view.shown(tx.dialect, tested=True)]
        found = sa.select(runs.c.id).where(*known, *meets(search.conditions, tx.dialect))
    return int(tx.scalar(sa.select(sa.func.count()).select_from(found.subquery())))


def ids_found(
    tx: Transaction, experiment_ids: Sequence[str], view_type: str, text: str | None, most: int
) -> tuple[list[str], bool]:
    """Ids of matching runs, newest first, and whether there are more. As many statements as for a page of them.

    Raises
    ------
    InvalidParameter: The filter is not valid.
    """
    every, columns = in_order([], tx.dialect, tx.now_ms)
    search = search_of(tx, experiment_ids, view_type, text)
    rows = rows_of(tx, RunPage((), tx.now_ms, columns, (), most, None), every, search)
    return [row[-1] for row in rows[:most]], len(rows) > most  # the id is what they are ordered by last
