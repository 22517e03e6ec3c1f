"""The run of a project in the store: made with its tags and params, and ended with the right status."""

import json
import logging
from collections.abc import Mapping

from runyard.client import RunyardClient
from runyard.core import origin
from runyard.core.limits import MAX_TEXT_VALUE
from runyard.exceptions import InvalidProject, RunyardException
from runyard.projects import tags
from runyard.projects.processes import outermost_run
from runyard.projects.request import Prepared, Request
from runyard.projects.sources import Source
from runyard.tracking.runs.entities import Param, Run, RunStatus

log = logging.getLogger(__name__)

_MAX_BELOW = 50_000


def run_for(
    client: RunyardClient, experiment_id: str, request: Request, about: Mapping[str, str], params: Mapping[str, str]
) -> Run:
    """The given run, or a new one, with the tags and params of the project.

    Parameters
    ----------
    experiment_id: Experiment of a new run.
    about: Tags.
    params: Values of all parameters.

    Raises
    ------
    InvalidProject: The run that was named has a param of another value.
    RunyardException: The store refuses it. A run that was just made is marked as failed then.
    """
    if request.run_id is not None:
        run = client.get_run(request.run_id)
        for name, value in params.items():
            if run.data.params.get(name, value) != value:
                raise InvalidProject(
                    f"Run {request.run_id!r} has the param {name!r} = {run.data.params[name]!r}; "
                    f"it cannot become {value!r}. Leave run_id out to make a run."
                )
        client.update_run(run.info.run_id, status="RUNNING", name=request.run_name)
        params = {name: value for name, value in params.items() if name not in run.data.params}
        for name, value in about.items():
            client.set_tag(run.info.run_id, name, value)
    else:
        run = client.create_run(experiment_id, tags=dict(about), run_name=request.run_name)
    try:
        client.log_batch(run.info.run_id, params=[Param(name, value) for name, value in params.items()])
    except RunyardException:
        client.set_terminated(run.info.run_id, "FAILED")
        raise
    return run


def described(prepared: Prepared, backend: str) -> dict[str, str]:
    """The tags that say what a run is of, and how it is run."""
    return tags_of(prepared.request, prepared.source, prepared.shell_command, backend) | dict(prepared.plan.tags)


def tags_of(request: Request, source: Source, shell_command: str, backend: str) -> dict[str, str]:
    """The tags that say what a run is of: those that the request brings win."""
    found = {
        tags.USER: origin.user(),
        tags.SOURCE_NAME: source.name,
        tags.SOURCE_TYPE: "PROJECT",
        tags.ENTRY_POINT: request.entry_point,
        tags.BACKEND: backend,
        tags.COMMAND: shell_command[:MAX_TEXT_VALUE],
        **source.tags,
    }
    if len(names := json.dumps(list(request.parameters))) <= MAX_TEXT_VALUE:
        found[tags.PARAMETERS] = names
    if request.version is not None:
        found[tags.VERSION] = request.version
    return {**found, **request.tags, **placed(request)}


def placed(request: Request) -> dict[str, str]:
    """The tags that put a run below another one, and below the outermost run of a workflow."""
    if request.parent_run_id is None:
        return {}
    return {tags.PARENT: request.parent_run_id, tags.ROOT: outermost_run() or request.parent_run_id}


def end(client: RunyardClient, run_id: str, status: str, exit_code: int | None) -> None:
    """Give a run its last status. One that its own program ended the same way keeps the time at which it did."""
    try:
        if exit_code:
            client.set_tag(run_id, tags.EXIT_CODE, str(exit_code))
        now = client.get_run(run_id).info.status
        chosen_by_program = status == "FINISHED" and RunStatus.is_terminated(RunStatus.from_string(now))
        if now != status and not chosen_by_program:
            client.set_terminated(run_id, status)
    except (RunyardException, OSError) as problem:
        log.warning("Run %s could not be marked as %s: %s", run_id, status, problem)


def end_below(client: RunyardClient, run: Run) -> None:
    """Mark the runs below a cancelled one that seem to go on: their processes were killed with its own."""
    root = outermost_run() or run.info.run_id
    below = {run.info.run_id}
    try:
        found = client.search_runs(
            [run.info.experiment_id],
            filter_string=f"tags.`{tags.ROOT}` = '{root}'",
            order_by=["attributes.start_time ASC"],
            max_results=_MAX_BELOW,
        )
        for one in found:
            if one.data.tags.get(tags.PARENT) in below:
                below.add(one.info.run_id)
                if one.info.status == "RUNNING":
                    end(client, one.info.run_id, "KILLED", None)
    except (RunyardException, OSError) as problem:
        log.warning("The steps of run %s could not be marked: %s", run.info.run_id, problem)


def note_reused(client: RunyardClient, parent_run_id: str, run_id: str, entry_point: str) -> None:
    """Note on the run above that a step was not run again."""
    client.set_tag(parent_run_id, f"{tags.REUSED}{run_id}", json.dumps({"entry_point": entry_point}))
