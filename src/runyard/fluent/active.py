"""Starting and ending runs, and asking which one is active."""

import os
import sys
from collections.abc import Mapping
from typing import Any

from runyard import settings
from runyard.core.credentials import without_credentials
from runyard.core.store_address import is_server
from runyard.fluent import ending, starting
from runyard.fluent.clients import client
from runyard.fluent.stack import ActiveRun, active_run_stack, innermost, last_ended, pop, push
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
    """Start a run and make it the active one of this thread or task. A `with` statement ends it with the right status.

    Parameters
    ----------
    run_id: Resume this run instead of making one. MLFLOW_RUN_ID does the same, once, where no argument says otherwise.
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
    starting.stop_looking(nested, parent_run_id)
    starting.refuse_second(nested, parent_run_id)
    top_level = starting.parent_here(nested) is None
    run = starting.resumed(run_id, run_name, tags, description) if run_id else None
    if run is None and top_level and parent_run_id is None:
        run = starting.resumed_by_environment(experiment_id, run_name, tags, description)
    resuming = run is not None
    if run is None:
        run = starting.created(experiment_id, run_name, nested, parent_run_id, tags, description)
    if top_level:
        settings.RUN_ID.unset()
    return _begun(ActiveRun(run, client()), log_system_metrics, resuming)


def _begun(run: ActiveRun, log_system_metrics: bool | None, resuming: bool) -> ActiveRun:
    ending.watch_process()
    push(run)
    run.monitor = starting.monitor_for(run, log_system_metrics, resuming)
    return run


def end_run(status: str = "FINISHED") -> None:
    """End the active run of this thread or task; nothing happens when there is none.

    Raises
    ------
    InvalidParameter: There is no such status.
    """
    RunStatus.from_string(status)
    if innermost() is not None:
        run = pop()
        if run.is_looked_at:
            settings.RUN_ID.unset()
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
    """The active run of this thread or task, as it was when it started; None if there is none.

    In a program that a project started it is the project's run from the beginning.
    """
    return innermost() or starting.look_at_run_of_project()


def last_active_run() -> Run | None:
    """The active run, else the one that this thread or task ended last, as it is now; None if it had none."""
    active, last = active_run(), last_ended()
    if last is not None and (active is None or active.process_id != os.getpid()):
        return last.client.get_run(last.info.run_id)
    return active
