"""What the forms on a run's page do."""

from collections.abc import Mapping
from typing import Any

from runyard.core.tags import NOTE_TAG
from runyard.exceptions import InvalidParameter
from runyard.tracking.runs.messages import DeleteRun, DeleteTag, RestoreRun, SetTag, UpdateRun
from runyard.ui.site import Form, Site


def rename(site: Site, form: Form, path: Mapping[str, Any]) -> str:
    """Give a run another name."""
    name = form.text("name")
    if not name:
        raise InvalidParameter("A run needs a name. Type one and send the form again.")
    site.ask(UpdateRun(run_id=path["run_id"], run_name=name))
    return site.urls("runs", path["run_id"], notice="run-renamed")


def describe(site: Site, form: Form, path: Mapping[str, Any]) -> str:
    """Save a run's description."""
    site.ask(SetTag(run_id=path["run_id"], key=NOTE_TAG, value=form.raw("description")))
    return site.urls("runs", path["run_id"], notice="description-saved")


def set_tag(site: Site, form: Form, path: Mapping[str, Any]) -> str:
    """Set or replace a tag."""
    key = form.text("key")
    if not key:
        raise InvalidParameter("A tag needs a key. Type one and send the form again.")
    site.ask(SetTag(run_id=path["run_id"], key=key, value=form.raw("value")))
    return site.urls("runs", path["run_id"], notice="tag-set")


def delete_tag(site: Site, form: Form, path: Mapping[str, Any]) -> str:
    """Remove a tag."""
    site.ask(DeleteTag(run_id=path["run_id"], key=form.raw("key")))
    return site.urls("runs", path["run_id"], notice="tag-deleted")


def delete(site: Site, _form: Form, path: Mapping[str, Any]) -> str:
    """Delete a run; it can be restored."""
    site.ask(DeleteRun(run_id=path["run_id"]))
    return site.urls("runs", path["run_id"], notice="run-deleted")


def restore(site: Site, _form: Form, path: Mapping[str, Any]) -> str:
    """Bring back a deleted run."""
    site.ask(RestoreRun(run_id=path["run_id"]))
    return site.urls("runs", path["run_id"], notice="run-restored")
