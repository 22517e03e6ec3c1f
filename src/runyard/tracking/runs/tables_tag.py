"""The tag of a run that lists its tables, by which they are found."""

import json
from typing import Any

TABLES_TAG = "mlflow.loggedArtifacts"


def table_entry(path: str) -> dict[str, str]:
    """What the tag says of one table."""
    return {"path": path, "type": "table"}


def tables_of(text: str | None) -> list[Any]:
    """The entries of the tag; none when it is something else."""
    try:
        entries = json.loads(text or "[]")
    except (ValueError, RecursionError):
        return []
    return entries if isinstance(entries, list) else []


def united(before: str | None, given: str) -> str:
    """The tag as it is kept: with the entries that were there, for clients read, add and write at the same time."""
    known, new = tables_of(before), tables_of(given)
    missing = [entry for entry in known if entry not in new]
    return json.dumps([*missing, *new]) if missing and new else given
