"""What forms do to the chosen runs of a table: the way back to the same view, and what was done there, to be undone."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from runyard.core.amounts import plural
from runyard.exceptions import DoesNotExist, InvalidParameter, RunyardException
from runyard.protocol.message import Message
from runyard.search.writing import value_text
from runyard.tracking.many_runs.entities import RunsChanged
from runyard.tracking.many_runs.messages import FindRunIds
from runyard.tracking.run_changes.messages import GetRunChange
from runyard.tracking.selections.messages import CreateSelection, GetSelection
from runyard.ui.parts.chosen_runs import chosen
from runyard.ui.parts.list_state import ListState, view_of
from runyard.ui.parts.runs_scope import Scope
from runyard.ui.site import Form, Site

UNDOING = {
    "deleted": "restore-runs",
    "restored": "delete-runs",
    "removed": "",
    "tagged": "undo-change",
    "renamed": "undo-change",
    "moved": "undo-change",
}
"""What can be done to many runs, and the action that undoes it; empty for none."""


_SAID = {"removed": "deleted for good"}
_REASONS = 5
"""How many of the runs that were refused are named with the reason."""
_SHORTLY_SECONDS = 1.5
"""How long to wait for runs to be gone."""


@dataclass(frozen=True)
class Done:
    """What was just done to runs.

    Attributes
    ----------
    undo: The action that undoes it; empty for none.
    field: What the action takes: a ``selection`` of these runs, or the ``change`` that was noted.
    value: The id of that.
    """

    text: str
    undo: str
    field: str
    value: str


def just_done(site: Site, state: ListState) -> Done | None:
    """What the address says was just done: its word and an id, so that no free text can be forged."""
    verb, known = state.text("done"), state.text("undo")
    if verb not in UNDOING or not known:
        return None
    noted = UNDOING[verb] == "undo-change"
    try:
        amount = _changed(site, verb, known) if noted else len(site.ask(GetSelection(selection_id=known)).run_ids)
    except (DoesNotExist, InvalidParameter):
        return None
    left = state.text("left")
    others = f" {plural(int(left), 'other')} stayed as they were." if left.isascii() and left.isdigit() else ""
    text = f"{plural(amount, 'run')} {'was' if amount == 1 else 'were'} {_SAID.get(verb, verb)}.{others}"
    return Done(text, UNDOING[verb], "change" if noted else "selection", known)


def _changed(site: Site, verb: str, change_id: str) -> int:
    """How many runs a change was of.

    Raises
    ------
    DoesNotExist: There is no such change, or it did something else.
    """
    change = site.ask(GetRunChange(change_id=change_id))
    if change.what != {"renamed": "name", "moved": "experiment", "tagged": "tags"}[verb]:
        raise DoesNotExist(f"Change {change_id} did not have runs {verb}.")
    return change.runs


def chosen_in(site: Site, form: Form) -> list[str]:
    """The ids of the runs that a form chooses.

    Raises
    ------
    InvalidParameter: It chooses none, or names a selection that is not kept any more.
    """
    found = chosen(site, form.all)
    if found.gone:
        raise InvalidParameter("The list of chosen runs is not kept any more. Choose them again.")
    if not found.run_ids:
        raise InvalidParameter("No run was chosen. Tick the boxes of some runs first.")
    return list(found.run_ids)


def change(
    site: Site,
    form: Form,
    path: Mapping[str, Any],
    verb: str,
    message: Callable[[list[str]], Message[RunsChanged]],
) -> str:
    """Change the chosen runs; returns the address of the view that the form was sent from.

    Raises
    ------
    RunyardException: Some of them were refused. The others are changed.
    """
    scope = Scope.of(path, form.all("experiments"))
    run_ids = chosen_in(site, form)
    different = _in_another_stage(site, scope, run_ids, verb)
    changed = site.ask(message(run_ids))
    if changed.refused:
        raise _refused(changed, _SAID.get(verb, verb))
    kept = site.ask(CreateSelection(run_ids=different)).selection_id if different else None
    return scope.address(site, **view_of(form.raw("back")), done=verb, undo=kept)


def _refused(changed: RunsChanged, verb: str) -> RunyardException:
    others = "; the others were" if changed.changed or changed.unchanged else ""
    reasons = " ".join(one.message for one in changed.refused[:_REASONS])
    amount = plural(len(changed.refused), "run")
    return RunyardException(
        f"{amount} of those chosen could not be {verb}{others}. {reasons}", changed.refused[0].error_code
    )


def wait_until_removed(site: Site, form: Form, scope: Scope) -> None:
    """Wait a moment for runs that are being removed to be gone: the view that is shown next should not have them."""
    some = chosen_in(site, form)[:100]
    ends = time.monotonic() + _SHORTLY_SECONDS
    while _in_another_stage(site, scope, some, "restored") and time.monotonic() < ends:
        time.sleep(0.05)


def _in_another_stage(site: Site, scope: Scope, run_ids: list[str], verb: str) -> list[str]:
    """The runs that a change will make different: to undo it must leave alone what was deleted, or active, before."""
    view = {"deleted": "ACTIVE_ONLY", "restored": "DELETED_ONLY"}.get(verb)
    if view is None:
        return run_ids
    listed = ", ".join(map(value_text, run_ids))
    named = FindRunIds(experiment_ids=list(scope.ids), filter=f"run_id IN ({listed})", run_view_type=view)
    return site.ask(named).run_ids
