"""Starts runs: resumes a given one or creates a new one."""

import os
from collections.abc import Mapping
from typing import Any

from runyard import settings
from runyard.core import origin
from runyard.core.lifecycle import LifecycleStage
from runyard.core.tags import NOTE_TAG, PARENT_TAG, RUN_NAME_TAG
from runyard.exceptions import DoesNotExist, InvalidParameter, RunyardException
from runyard.fluent import experiments
from runyard.fluent.clients import client
from runyard.fluent.stack import ActiveRun, innermost, open_runs, push
from runyard.system_metrics.monitor import SystemMetricsMonitor
from runyard.tracking.runs.entities import Run

_claims: dict[str, object] = {}
"""Run ids of MLFLOW_RUN_ID, each with the call that is about to resume it."""


def parent_here(nested: bool) -> ActiveRun | None:
    """The run around a new one, if any. A forked child has none unless it asks for a nested run."""
    active = innermost()
    return active if active is not None and (nested or active.process_id == os.getpid()) else None


def check_may_start(nested: bool, parent_run_id: str | None) -> None:
    """Check that this thread or task has no active run, or that the new one is nested in it.

    Raises
    ------
    InvalidParameter: A run is active and the new one is not nested in it.
    """
    around = parent_here(nested)
    if around is None:
        return
    active = around.info.run_id
    if not nested:
        raise InvalidParameter(
            f"Run {active!r} is already active. End it first with end_run(), or nest the new run with nested=True."
        )
    if parent_run_id is not None and parent_run_id != active:
        raise InvalidParameter(
            f"Run {active!r} is active, so a nested run would be its child, not {parent_run_id!r}'s. "
            "End the active run first, or leave out parent_run_id."
        )


def resumed(run_id: str, run_name: str | None, tags: Mapping[str, Any] | None, description: str | None) -> Run:
    """Resume an existing run, with name and tags set as given.

    Raises
    ------
    InvalidParameter: The run is deleted, or belongs to another experiment than `set_experiment` chose.
    DoesNotExist: There is no such run.
    """
    if client().connection.is_away():
        run = client().resume_run(run_id, run_name)
        _set_tags(run_id, tags, description)
        return run
    info = client().get_run(run_id).info
    chosen = experiments.active_experiment_id()
    if chosen is not None and chosen != info.experiment_id:
        raise InvalidParameter(
            f"Run {run_id!r} belongs to experiment {info.experiment_id!r}, but set_experiment chose {chosen!r}. "
            "Choose the run's experiment, or resume another run."
        )
    if info.lifecycle_stage != LifecycleStage.ACTIVE:
        raise InvalidParameter(f"Run {run_id!r} is deleted and cannot be resumed. Restore it first with restore_run().")
    client().update_run(run_id, status="RUNNING", name=run_name)
    _set_tags(run_id, tags, description)
    return client().get_run(run_id)


def _set_tags(run_id: str, tags: Mapping[str, Any] | None, description: str | None) -> None:
    for key, value in described(tags, description).items():
        client().set_tag(run_id, key, value)


def resumed_by_environment(
    experiment_id: str | None, run_name: str | None, tags: Mapping[str, Any] | None, description: str | None
) -> Run | None:
    """Resume the run in MLFLOW_RUN_ID; None when it is not set or does not fit the arguments.

    Raises
    ------
    InvalidParameter: The run is deleted, or belongs to another experiment than `set_experiment` chose.
    DoesNotExist: There is no such run.
    """
    run_id = settings.RUN_ID.get()
    if not run_id or any(run.info.run_id == run_id for run in open_runs):
        return None
    claim = object()
    try:
        # Of threads that start runs at the same moment, only one resumes the run: the variable is checked again.
        if _claims.setdefault(run_id, claim) is not claim or settings.RUN_ID.get() != run_id:
            return None
        if not client().connection.is_away():
            home = _home_of_run_in_environment(run_id)
            if experiment_id is not None and str(experiment_id) != home:
                return None
        run = resumed(run_id, run_name, tags, description)
        settings.RUN_ID.unset()
        return run
    finally:
        if _claims.get(run_id) is claim:
            del _claims[run_id]


def _home_of_run_in_environment(run_id: str) -> str:
    try:
        return client().get_run(run_id).info.experiment_id
    except RunyardException as problem:
        if problem.error_code != DoesNotExist.code:
            raise
        raise DoesNotExist(
            f"MLFLOW_RUN_ID is {run_id!r}, and there is no run with that id. Correct or unset the variable."
        ) from None


def adopt_project_run() -> ActiveRun | None:
    """In a program that a project started, make the project's run the active one without starting it.

    The first `start_run` starts it.
    """
    run_id = settings.RUN_ID.get()
    if not run_id or run_id != settings.PROJECT_RUN_ID.get() or any(run.info.run_id == run_id for run in open_runs):
        return None
    if client().connection.is_away():
        return None
    run = ActiveRun(client().get_run(run_id), client(), is_adopted=True)
    push(run)
    return run


def release_adopted(nested: bool, parent_run_id: str | None) -> None:
    """Take an adopted run off the stack before another starts, unless that is nested in it."""
    active = innermost()
    if active is not None and active.is_adopted:
        active.is_active = nested and parent_run_id in (None, active.info.run_id)


def created(
    experiment_id: str | None,
    run_name: str | None,
    nested: bool,
    parent_run_id: str | None,
    tags: Mapping[str, Any] | None,
    description: str | None,
) -> Run:
    """Create a run, with tags for its origin.

    Raises
    ------
    DoesNotExist: The parent or the experiment does not exist.
    """
    own = described(tags, description)
    around = parent_here(nested)
    if around is not None:
        parent_run_id = around.info.run_id
    elif parent_run_id is not None and not client().connection.is_away():
        client().get_run(parent_run_id)
    if parent_run_id is not None:
        own[PARENT_TAG] = parent_run_id
    if run_name:
        own[RUN_NAME_TAG] = run_name
    home = experiments.current_experiment_id() if experiment_id is None else str(experiment_id)
    return client().begin_run(home, tags=origin.resolve_tags(own), run_name=run_name)


def described(tags: Mapping[str, Any] | None, description: str | None) -> dict[str, Any]:
    """The given tags with the description among them.

    Raises
    ------
    InvalidParameter: The description is given twice.
    """
    own = dict(tags or {})
    if description:
        if NOTE_TAG in own:
            raise InvalidParameter(
                f"The description is given twice: as 'description' and as tag '{NOTE_TAG}'. Give one."
            )
        own[NOTE_TAG] = description
    return own


def monitor_for(run: ActiveRun, wanted: bool | None, resuming: bool) -> SystemMetricsMonitor | None:
    """A started sampler of system metrics, if they are wanted for this run."""
    if wanted is None:
        wanted = settings.ENABLE_SYSTEM_METRICS_LOGGING.get()
    if not wanted:
        return None
    monitor = SystemMetricsMonitor(run.client, run.info.run_id, resuming=resuming)
    monitor.start()
    return monitor
