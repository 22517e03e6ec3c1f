"""A version of a registered model: where it came from, its inputs and outputs, how to use it, its files."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from runyard.artifacts.locations import nothing_at
from runyard.registry.model_versions.entities import ModelVersion
from runyard.registry.model_versions.messages import (
    DeleteModelVersion,
    DeleteModelVersionTag,
    SetModelVersionTag,
    UpdateModelVersion,
)
from runyard.ui.parts.markdown import note
from runyard.ui.parts.packaging import Packaging, packaging_at
from runyard.ui.parts.presentation import version_uri
from runyard.ui.parts.registry import (
    STAGES,
    Event,
    Origin,
    events_of,
    location_of,
    origin_of,
    read_version,
    version_address,
)
from runyard.ui.parts.shells import version_shell
from runyard.ui.parts.snippets import Snippet, snippets_of
from runyard.ui.site import Form, Site

MAX_EVENTS = 100


@dataclass(frozen=True)
class VersionPage:
    """All that version.html may use."""

    version: ModelVersion
    stages: tuple[str, ...]
    description_html: Markup
    origin: Origin
    location: str
    packaging: Packaging
    has_no_files: bool
    snippets: tuple[Snippet, ...]
    events: tuple[Event, ...]
    tab: str = "overview"


def show(site: Site, request: Request) -> Response:
    """The page of one version."""
    version = read_version(site, request.path_params["name"], request.path_params["version"])
    location = location_of(site, version)
    page = VersionPage(
        version=version,
        stages=STAGES,
        description_html=note(version.description or ""),
        origin=origin_of(site, version),
        location=location,
        packaging=packaging_at(site, location),
        has_no_files=nothing_at(location, site.gate.settings.artifact_places),
        snippets=snippets_of(version_uri(version), site.address(request), version.name),
        events=events_of(site, version.name, [version], MAX_EVENTS, version.version),
    )
    return site.page(request, "version", page, version_shell(site, version))


def describe(site: Site, form: Form, path: Mapping[str, Any]) -> str:
    """Save a version's description."""
    message = UpdateModelVersion(name=path["name"], version=path["version"], description=form.raw("description"))
    site.ask(message)
    return version_address(site, path["name"], path["version"], notice="description-saved")


def set_tag(site: Site, form: Form, path: Mapping[str, Any]) -> str:
    """Set or replace a version's tag."""
    key, value = form.tag_key(), form.raw("value")
    site.ask(SetModelVersionTag(name=path["name"], version=path["version"], key=key, value=value))
    return version_address(site, path["name"], path["version"], notice="tag-set")


def delete_tag(site: Site, form: Form, path: Mapping[str, Any]) -> str:
    """Remove a version's tag."""
    site.ask(DeleteModelVersionTag(name=path["name"], version=path["version"], key=form.raw("key")))
    return version_address(site, path["name"], path["version"], notice="tag-deleted")


def delete(site: Site, _form: Form, path: Mapping[str, Any]) -> str:
    """Delete a version for good."""
    site.ask(DeleteModelVersion(name=path["name"], version=path["version"]))
    return site.urls("models", path["name"], notice="version-deleted")
