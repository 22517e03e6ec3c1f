"""Starting and ending runs, and asking which one is active."""

import os
import sys
from collections.abc import Mapping
from typing import Any

from runyard import settings
from runyard.core.credentials import without_credentials
from runyard.core.libraries import lazy
from runyard.core.store_address import is_server
from runyard.fluent import recording, run_end, run_start
from runyard.fluent.clients import client
from runyard.fluent.stack import ActiveRun, active_run_stack, innermost, last_ended, pop, push
from runyard.tracking.experiments.messages import pending_name
from runyard.tracking.runs.entities import Run, RunStatus

_log_output = lazy("runyard.fluent.log_output")

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
    *,
    log_output: bool | None = None,
) -> ActiveRun:
    """Start a run and make it the active one of this thread or task. A `with` statement ends it with the right status.

    Parameters
    ----------
    run_id: Resume this run instead of creating one. MLFLOW_RUN_ID does the same, once, for a call without it.
    experiment_id: Experiment of the new run, if not the current one.
    run_name: The run's name; a random one when left out.
    nested: Make it a child of the active run.
    parent_run_id: Make it a child of this run.
    tags: Tags to set.
    description: Text to show with the run.
    log_system_metrics: Sample processor, memory, disk, network and GPU while it runs.
    log_output: Keep what this program prints while the run is open, and show it live on the run's page;
        RUNYARD_LOG_OUTPUT when left out. What compiled libraries and child processes print counts too.

    Raises
    ------
    InvalidParameter: Another run is active and `nested` is not set, or the run to resume is deleted.
    """
    run_start.release_adopted(nested, parent_run_id)
    run_start.check_may_start(nested, parent_run_id)
    top_level = run_start.parent_here(nested) is None
    run = run_start.resumed(run_id, run_name, tags, description) if run_id else None
    if run is None and top_level and parent_run_id is None:
        run = run_start.resumed_by_environment(experiment_id, run_name, tags, description)
    resuming = run is not None
    if run is None:
        run = run_start.created(experiment_id, run_name, nested, parent_run_id, tags, description)
    if top_level:
        settings.RUN_ID.unset()
    return _begun(ActiveRun(run, client()), log_system_metrics, log_output, resuming)


def _begun(run: ActiveRun, log_system_metrics: bool | None, log_output: bool | None, resuming: bool) -> ActiveRun:
    run_end.watch_process()
    push(run)
    if settings.LOG_OUTPUT.get() if log_output is None else log_output:
        run.output = _log_output.record(run.client, run.info.run_id, resuming)
    run.monitor = run_start.monitor_for(run, log_system_metrics, resuming)
    if settings.HEARTBEATS.get():
        run.client.connection.beat(run.info.run_id, goes_on=True)
    recording.record(run.client, run.info.run_id)
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
        if run.is_adopted:
            settings.RUN_ID.unset()
        run_end.end(run, status)
        _print_address(run)


def _print_address(run: ActiveRun) -> None:
    """Print the address of the run's page, if it is on a server."""
    address = without_credentials(run.client.tracking_uri).rstrip("/")
    known = pending_name(run.info.experiment_id) is None
    if is_server(address) and known and not settings.SUPPRESS_PRINTING_URL_TO_STDOUT.get():
        experiment = f"{address}/#/experiments/{run.info.experiment_id}"
        sys.stdout.write(f"Run {run.info.run_name}: {experiment}/runs/{run.info.run_id}\nExperiment: {experiment}\n")


def active_run() -> ActiveRun | None:
    """The active run of this thread or task, as it was when it started; None if there is none.

    In a program that a project started, it is the project's run from the beginning.
    """
    return innermost() or run_start.adopt_project_run()


def last_active_run() -> Run | None:
    """The active run, else the run that this thread or task ended last, as it is now; None if there is none."""
    active, last = active_run(), last_ended()
    if last is not None and (active is None or active.process_id != os.getpid()):
        return last.client.get_run(last.info.run_id)
    return active
