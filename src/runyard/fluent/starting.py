"""Starts runs: resumes the one that was named, or makes a new one."""

from collections.abc import Mapping
from typing import Any

from runyard import settings
from runyard.core import origin
from runyard.core.lifecycle import LifecycleStage
from runyard.exceptions import InvalidParameter
from runyard.fluent import experiments
from runyard.fluent.clients import client
from runyard.fluent.stack import ActiveRun, thread_state
from runyard.system_metrics.monitor import SystemMetricsMonitor
from runyard.tracking.runs.entities import Run

PARENT_TAG = "mlflow.parentRunId"
NOTE_TAG = "mlflow.note.content"
NAME_TAG = "mlflow.runName"


def refuse_second(nested: bool, parent_run_id: str | None) -> None:
    """Refuse another run in a thread that has one, unless it is nested in that one.

    Raises
    ------
    InvalidParameter: A run is active and the new one is not nested in it.
    """
    if not thread_state.runs:
        return
    active = thread_state.runs[-1].info.run_id
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


def created(
    experiment_id: str | None,
    run_name: str | None,
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
    if thread_state.runs:
        parent_run_id = thread_state.runs[-1].info.run_id
    elif parent_run_id is not None and not client().connection.is_away():
        client().get_run(parent_run_id)
    if parent_run_id is not None:
        own[PARENT_TAG] = parent_run_id
    if run_name:
        own[NAME_TAG] = run_name
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


def take_run_id_of_environment() -> str | None:
    """The run that MLFLOW_RUN_ID names, once: the variable is gone afterwards."""
    run_id: str | None = settings.RUN_ID.get()
    if run_id:
        settings.RUN_ID.unset()
    return run_id or None


def monitor_for(run: ActiveRun, wanted: bool | None, resuming: bool) -> SystemMetricsMonitor | None:
    """A started sampler of system metrics, if they are wanted for this run."""
    if wanted is None:
        wanted = settings.ENABLE_SYSTEM_METRICS_LOGGING.get()
    if not wanted:
        return None
    monitor = SystemMetricsMonitor(run.client, run.info.run_id, resuming=resuming)
    monitor.start()
    return monitor
