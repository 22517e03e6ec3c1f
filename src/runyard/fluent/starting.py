"""Starts runs: resumes the one that was named, or makes a new one."""

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
"""Runs that MLFLOW_RUN_ID names, by the call that is about to resume them."""


def parent_here(nested: bool) -> ActiveRun | None:
    """The run that a new one is started inside of. A forked child begins anew, unless it asks for a nested run."""
    active = innermost()
    return active if active is not None and (nested or active.process_id == os.getpid()) else None


def refuse_second(nested: bool, parent_run_id: str | None) -> None:
    """Refuse another run in a thread or task that has one, unless it is nested in that one.

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
    """An existing run, running again, with name and tags set as given.

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
    """The run that MLFLOW_RUN_ID names, running again; None when it names none that these arguments can mean.

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
        # Threads that start runs at the same moment: the variable is for one, and it is asked again who came second.
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


def look_at_run_of_project() -> ActiveRun | None:
    """In a program that a project started, its run becomes the active one when it is first asked for.

    It is not started by that: the first `start_run` does.
    """
    run_id = settings.RUN_ID.get()
    if not run_id or run_id != settings.PROJECT_RUN_ID.get() or any(run.info.run_id == run_id for run in open_runs):
        return None
    if client().connection.is_away():
        return None
    run = ActiveRun(client().get_run(run_id), client(), is_looked_at=True)
    push(run)
    return run


def stop_looking(nested: bool, parent_run_id: str | None) -> None:
    """The run that was only looked at makes place for one that starts, unless that is nested in it."""
    active = innermost()
    if active is not None and active.is_looked_at:
        active.is_active = nested and parent_run_id in (None, active.info.run_id)


def created(
    experiment_id: str | None,
    run_name: str | None,
    nested: bool,
    parent_run_id: str | None,
    tags: Mapping[str, Any] | None,
    description: str | None,
) -> Run:
    """A new run, with the tags that say where it comes from.

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
