"""What forms of the table of runs do to saved views. There is no page of them: they are in a menu of the table."""

from collections.abc import Mapping
from typing import Any

from runyard.tracking.saved_views.messages import (
    CreateSavedView,
    DeleteSavedView,
    SetDefaultView,
    UpdateSavedView,
)
from runyard.ui.navigation import encode_query
from runyard.ui.parts.list_state import arrangement_of, screen_of
from runyard.ui.parts.runs_scope import Scope
from runyard.ui.parts.saved_views import PLAIN
from runyard.ui.site import Form, Site


def save(site: Site, form: Form, path: Mapping[str, Any]) -> str:
    """Save what is on screen as a new view, of the experiment or of all."""
    owner = None if form.text("of_all") else path.get("experiment_id")
    query = encode_query(arrangement_of(form.raw("back")))
    made = site.ask(CreateSavedView(name=form.new_name("A view"), query=query, experiment_id=owner))
    return _back(site, form, path, made.view_id, "view-saved")


def update(site: Site, form: Form, path: Mapping[str, Any]) -> str:
    """Let a view show what is on screen."""
    query = encode_query(arrangement_of(form.raw("back")))
    known = form.text("known")
    read = int(known) if known.isascii() and known.isdigit() and len(known) <= 18 else None
    site.ask(UpdateSavedView(view_id=form.text("view_id"), query=query, last_update_time=read))
    return _back(site, form, path, form.text("view_id"), "view-updated")


def rename(site: Site, form: Form, path: Mapping[str, Any]) -> str:
    """Give a view another name."""
    site.ask(UpdateSavedView(view_id=form.text("view_id"), name=form.new_name("A view")))
    return _back(site, form, path, form.text("view_id"), "view-renamed")


def show_first(site: Site, form: Form, path: Mapping[str, Any]) -> str:
    """Let the experiment open with a view, or with the plain table again."""
    view_id = form.text("view_id")
    first = form.text("first") == "yes"
    site.ask(SetDefaultView(experiment_id=path["experiment_id"], view_id=view_id if first else None))
    return _back(site, form, path, view_id, "view-first" if first else "view-not-first")


def delete(site: Site, form: Form, path: Mapping[str, Any]) -> str:
    """Delete a view; what it showed stays on screen."""
    site.ask(DeleteSavedView(view_id=form.text("view_id")))
    return _back(site, form, path, PLAIN, "view-deleted")


def _back(site: Site, form: Form, path: Mapping[str, Any], saved: str, notice: str) -> str:
    """The address of what is on screen, as one of a view."""
    shown = {**screen_of(form.raw("back")), "saved": saved, "notice": notice}
    return Scope.of(path, form.all("experiments")).address(site, **shown)
