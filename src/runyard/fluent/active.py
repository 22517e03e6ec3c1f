"""Starting and ending runs, and asking which one is active."""

import sys
from collections.abc import Mapping
from typing import Any

from runyard import settings
from runyard.core.credentials import without_credentials
from runyard.core.store_address import is_server
from runyard.fluent import ending, starting
from runyard.fluent.clients import client
from runyard.fluent.stack import ActiveRun, active_run_stack, pop, push, thread_state
from runyard.tracking.experiments.messages import pending_name
from runyard.tracking.runs.entities import Run, RunStatus

__all__ = ["ActiveRun", "active_run", "active_run_stack", "end_run", "last_active_run", "start_run"]


def start_run(
    run_id: str | None = None,
    experiment_id: str | None = None,
    run_name: str | None = None,
    nested: bool = False,
    parent_run_id: str | None = None,
    tags: Mapping[str, Any] | None = None,
    description: str | None = None,
    log_system_metrics: bool | None = None,
) -> ActiveRun:
    """Start a run and make it this thread's active one. In a `with` statement it ends with the right status.

    Parameters
    ----------
    run_id: Resume this run instead of making one; MLFLOW_RUN_ID does the same, once.
    experiment_id: Experiment of the new run, if not the chosen one.
    run_name: The run's name; a random one when left out.
    nested: Make it a child of the active run.
    parent_run_id: Make it a child of this run.
    tags: Tags to set.
    description: Text to show with the run.
    log_system_metrics: Sample processor, memory, disk, network and GPU while it runs.

    Raises
    ------
    InvalidParameter: Another run is active and `nested` is not set, or the run to resume is deleted.
    """
    starting.refuse_second(nested, parent_run_id)
    existing = run_id or starting.take_run_id_of_environment()
    run = (
        starting.resumed(existing, run_name, tags, description)
        if existing
        else starting.created(experiment_id, run_name, parent_run_id, tags, description)
    )
    return _begun(ActiveRun(run, client()), log_system_metrics, resuming=bool(existing))


def _begun(run: ActiveRun, log_system_metrics: bool | None, resuming: bool) -> ActiveRun:
    ending.watch_process()
    push(run)
    run.monitor = starting.monitor_for(run, log_system_metrics, resuming)
    return run


def end_run(status: str = "FINISHED") -> None:
    """End this thread's active run; nothing happens when there is none.

    Raises
    ------
    InvalidParameter: There is no such status.
    """
    RunStatus.from_string(status)
    if thread_state.runs:
        run = pop()
        ending.end(run, status)
        _tell_where(run)


def _tell_where(run: ActiveRun) -> None:
    """Say where to look at the run, when a server can show it."""
    address = without_credentials(run.client.tracking_uri).rstrip("/")
    known = pending_name(run.info.experiment_id) is None
    if is_server(address) and known and not settings.SUPPRESS_PRINTING_URL_TO_STDOUT.get():
        experiment = f"{address}/#/experiments/{run.info.experiment_id}"
        sys.stdout.write(f"Run {run.info.run_name}: {experiment}/runs/{run.info.run_id}\nExperiment: {experiment}\n")


def active_run() -> ActiveRun | None:
    """This thread's active run, as it was when it started; None if there is none."""
    return thread_state.runs[-1] if thread_state.runs else None


def last_active_run() -> Run | None:
    """This thread's active run, else the one it ended last, as it is now; None if it had none."""
    if thread_state.runs:
        return thread_state.runs[-1]
    return client().get_run(thread_state.last_run_id) if thread_state.last_run_id else None
