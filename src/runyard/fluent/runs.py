"""Looking at runs, deleting and restoring them."""

from runyard.fluent.clients import client
from runyard.tracking.runs.entities import Run


def get_run(run_id: str) -> Run:
    """A run with its latest metrics, params, tags and inputs; deleted ones too.

    Raises
    ------
    DoesNotExist: There is none with this id.
    """
    return client().get_run(run_id)


def get_parent_run(run_id: str) -> Run | None:
    """The run that this one is nested in; None if it is nested in none."""
    return client().get_parent_run(run_id)


def delete_run(run_id: str) -> None:
    """Mark a run as deleted."""
    client().delete_run(run_id)


def restore_run(run_id: str) -> None:
    """Bring back a deleted run."""
    client().restore_run(run_id)
