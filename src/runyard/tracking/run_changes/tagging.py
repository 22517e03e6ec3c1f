"""Sets and removes tags of runs, and gives back those that they had."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from runyard.db.transaction import Transaction
from runyard.tracking.runs.operations import put_tags
from runyard.tracking.runs.rows import remove_from_document
from runyard.tracking.runs.tables import tags

Tags = Mapping[str, str | None]
"""Values of tags by their keys; None for a tag that is not there."""


def tag(tx: Transaction, row: Any, given: Mapping[str, str], removed: Sequence[str]) -> tuple[Tags, Tags]:
    """Set and remove tags of a run, and return what these tags were before and are now. The run is locked."""
    keys = [*given, *removed]
    before = tags_of(tx, row.id, keys)
    if given:
        put_tags(tx, row.id, dict(given))
    for key in removed:
        _remove(tx, row.id, key)
    return before, tags_of(tx, row.id, keys)


def tag_back(tx: Transaction, row: Any, before: Tags, now: Tags) -> bool:
    """Give a run its earlier tags where it still has the later ones; returns whether any was given back."""
    present = tags_of(tx, row.id, list(now))
    changed = [key for key, value in now.items() if value == present[key] != before[key]]
    earlier = {key: value for key in changed if (value := before[key]) is not None}
    if earlier:
        put_tags(tx, row.id, earlier)
    for key in changed:
        if key not in earlier:
            _remove(tx, row.id, key)
    return bool(changed)


def tags_of(tx: Transaction, run: int, keys: Sequence[str]) -> dict[str, str | None]:
    """Some tags of a run. One statement."""
    chosen = sa.select(tags.c.key, tags.c.value).where(tags.c.run_id == run, tags.c.key.in_(keys))
    found = {row.key: row.value for row in tx.execute(chosen)}
    return {key: found.get(key) for key in keys}


def _remove(tx: Transaction, run: int, key: str) -> None:
    if tx.execute(sa.delete(tags).where(tags.c.run_id == run, tags.c.key == key)).rowcount:
        remove_from_document(tx, run, key)
