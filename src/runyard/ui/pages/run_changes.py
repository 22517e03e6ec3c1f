"""What forms of the table of runs do to many runs that can be taken back: other names, tags, another experiment."""

from collections.abc import Mapping
from typing import Any

from runyard.core.amounts import plural
from runyard.core.entity import Tag
from runyard.exceptions import DoesNotExist, InvalidParameter, RunyardException
from runyard.tracking.experiments.messages import GetExperiment, GetExperimentByName
from runyard.tracking.many_runs.entities import RunsChanged
from runyard.tracking.many_runs.messages import TagRuns
from runyard.tracking.run_changes.messages import MoveRuns, RenameRuns, UndoRunChange
from runyard.tracking.selections.messages import CreateSelection
from runyard.ui.parts.list_state import view_of
from runyard.ui.parts.many_runs import chosen_in
from runyard.ui.parts.runs_scope import Scope
from runyard.ui.site import Form, Site


def tag_runs(site: Site, form: Form, path: Mapping[str, Any]) -> str:
    """Set a tag of the chosen runs, or remove it; they stay chosen."""
    run_ids, key, value = chosen_in(site, form), form.tag_key(), form.raw("value")
    if form.text("remove"):
        message = TagRuns(run_ids=run_ids, removed_keys=[key])
    else:
        message = TagRuns(run_ids=run_ids, tags=[Tag(key=key, value=value)])
    done = site.ask(message)
    selection_id = site.ask(CreateSelection(run_ids=run_ids)).selection_id
    return _back(site, form, path, "tagged", done, selection_id)


def rename_runs(site: Site, form: Form, path: Mapping[str, Any]) -> str:
    """Give the chosen runs names by a pattern; they stay chosen."""
    run_ids, template = chosen_in(site, form), form.text("template") or "{name}"
    message = RenameRuns(run_ids=run_ids, template=template, find=form.raw("find"), replace=form.raw("replace"))
    done = site.ask(message)
    selection_id = site.ask(CreateSelection(run_ids=run_ids)).selection_id
    return _back(site, form, path, "renamed", done, selection_id)


def move_runs(site: Site, form: Form, path: Mapping[str, Any]) -> str:
    """Move the chosen runs, and those below them, to another experiment."""
    run_ids = chosen_in(site, form)
    done = site.ask(MoveRuns(run_ids=run_ids, experiment_id=_experiment(site, form.text("to"))))
    return _back(site, form, path, "moved", done)


def undo_change(site: Site, form: Form, path: Mapping[str, Any]) -> str:
    """Give runs back the names or the experiment that they had."""
    undone = site.ask(UndoRunChange(change_id=form.text("change")))
    if undone.refused:
        first = undone.refused[0]
        problem = f"{plural(len(undone.refused), 'run')} could not be given back what they had. {first.message}"
        raise RunyardException(problem, first.error_code)
    scope = Scope.of(path, form.all("experiments"))
    return scope.address(site, **view_of(form.raw("back")), notice="runs-given-back")


def _experiment(site: Site, named: str) -> str:
    """The id of an experiment, by its name or id.

    Raises
    ------
    DoesNotExist: There is none.
    InvalidParameter: Nothing is named.
    """
    if not named:
        raise InvalidParameter("No experiment was named. Type its name or its id.")
    try:
        return site.ask(GetExperimentByName(experiment_name=named)).experiment.experiment_id
    except DoesNotExist:
        if not named.isdigit():
            raise
    return site.ask(GetExperiment(experiment_id=named)).experiment.experiment_id


def _back(
    site: Site, form: Form, path: Mapping[str, Any], verb: str, done: RunsChanged, selection_id: str | None = None
) -> str:
    """The address of the view that the form was sent from.

    Raises
    ------
    RunyardException: Nothing was changed, because runs were refused.
    """
    if done.refused and done.change_id is None:
        first = done.refused[0]
        raise RunyardException(f"None of the chosen runs was {verb}. {first.message}", first.error_code)
    scope = Scope.of(path, form.all("experiments"))
    left = str(len(done.refused)) if done.refused else None
    said = {"done": verb, "undo": done.change_id, "left": left} if done.change_id else {"notice": "runs-unchanged"}
    return scope.address(site, **view_of(form.raw("back")), selection=selection_id, **said)
