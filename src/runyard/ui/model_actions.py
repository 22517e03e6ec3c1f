"""What the forms on the pages of registered models and their versions do."""

from collections.abc import Mapping
from typing import Any

from runyard.exceptions import InvalidParameter
from runyard.registry.model_versions.messages import (
    DeleteModelVersion,
    DeleteModelVersionTag,
    SetModelVersionTag,
    TransitionModelVersionStage,
    UpdateModelVersion,
)
from runyard.registry.registered_models.messages import (
    DeleteRegisteredModel,
    DeleteRegisteredModelAlias,
    DeleteRegisteredModelTag,
    RenameRegisteredModel,
    SetRegisteredModelAlias,
    SetRegisteredModelTag,
    UpdateRegisteredModel,
)
from runyard.ui.registry import read_version
from runyard.ui.site import Form, Site

Path = Mapping[str, Any]


def describe(site: Site, form: Form, path: Path) -> str:
    """Save a model's description."""
    site.ask(UpdateRegisteredModel(name=path["name"], description=form.raw("description")))
    return site.urls("models", path["name"], notice="description-saved")


def rename(site: Site, form: Form, path: Path) -> str:
    """Give a model another name."""
    name = form.text("name")
    if not name:
        raise InvalidParameter("A model needs a name. Type one and send the form again.")
    site.ask(RenameRegisteredModel(name=path["name"], new_name=name))
    return site.urls("models", name, notice="model-renamed")


def set_tag(site: Site, form: Form, path: Path) -> str:
    """Set or replace a model's tag."""
    site.ask(SetRegisteredModelTag(name=path["name"], key=_tag_key(form), value=form.raw("value")))
    return site.urls("models", path["name"], notice="tag-set")


def delete_tag(site: Site, form: Form, path: Path) -> str:
    """Remove a model's tag."""
    site.ask(DeleteRegisteredModelTag(name=path["name"], key=form.raw("key")))
    return site.urls("models", path["name"], notice="tag-deleted")


def delete(site: Site, form: Form, path: Path) -> str:
    """Delete a model for good; its name must have been typed."""
    if form.text("confirmed") != path["name"].strip():
        raise InvalidParameter(
            f"To delete the model {path['name']!r} with all its versions, type its name. "
            f"{form.text('confirmed')!r} was typed; nothing was deleted."
        )
    site.ask(DeleteRegisteredModel(name=path["name"]))
    return site.urls("models", notice="model-deleted")


def describe_version(site: Site, form: Form, path: Path) -> str:
    """Save a version's description."""
    message = UpdateModelVersion(name=path["name"], version=path["version"], description=form.raw("description"))
    site.ask(message)
    return _version_page(site, path, "description-saved")


def set_version_tag(site: Site, form: Form, path: Path) -> str:
    """Set or replace a version's tag."""
    key, value = _tag_key(form), form.raw("value")
    site.ask(SetModelVersionTag(name=path["name"], version=path["version"], key=key, value=value))
    return _version_page(site, path, "tag-set")


def delete_version_tag(site: Site, form: Form, path: Path) -> str:
    """Remove a version's tag."""
    site.ask(DeleteModelVersionTag(name=path["name"], version=path["version"], key=form.raw("key")))
    return _version_page(site, path, "tag-deleted")


def delete_version(site: Site, _form: Form, path: Path) -> str:
    """Delete a version for good."""
    site.ask(DeleteModelVersion(name=path["name"], version=path["version"]))
    return site.urls("models", path["name"], notice="version-deleted")


def set_stage(site: Site, form: Form, path: Path) -> str:
    """Move a version to a stage."""
    message = TransitionModelVersionStage(
        name=path["name"],
        version=path["version"],
        stage=form.text("stage"),
        archive_existing_versions=form.text("archive") == "yes",
        user_id=form.text("who"),
        reason=form.text("reason"),
    )
    site.ask(message)
    return _version_page(site, path, "stage-changed")


def set_alias(site: Site, form: Form, path: Path) -> str:
    """Point an alias at a version."""
    message = SetRegisteredModelAlias(
        name=path["name"],
        alias=form.text("alias"),
        version=path["version"],
        user_id=form.text("who"),
        reason=form.text("reason"),
    )
    site.ask(message)
    return _version_page(site, path, "alias-set")


def delete_alias(site: Site, form: Form, path: Path) -> str:
    """Remove an alias from a version; one that has moved on meanwhile stays where it is."""
    if form.text("alias") not in read_version(site, path["name"], path["version"]).aliases:
        raise InvalidParameter(
            f"Version {path['version']} of {path['name']!r} does not have the alias {form.text('alias')!r} any more. "
            "Look at the model's page for where it is now."
        )
    message = DeleteRegisteredModelAlias(
        name=path["name"], alias=form.text("alias"), user_id=form.text("who"), reason=form.text("reason")
    )
    site.ask(message)
    return _version_page(site, path, "alias-deleted")


def _version_page(site: Site, path: Path, notice: str) -> str:
    return site.urls("models", path["name"], "versions", path["version"], notice=notice)


def _tag_key(form: Form) -> str:
    key = form.text("key")
    if not key:
        raise InvalidParameter("A tag needs a key. Type one and send the form again.")
    return key
