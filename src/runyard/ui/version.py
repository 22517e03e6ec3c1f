"""A version of a registered model: where it came from, what it takes and gives, how to use it, its files."""

from dataclasses import dataclass

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from runyard.artifacts.locations import nothing_at
from runyard.registry.model_versions.entities import ModelVersion
from runyard.ui.markdown import note
from runyard.ui.navigation import Crumb, Shell
from runyard.ui.packaging import Packaging, packaging_at
from runyard.ui.presentation import version_uri
from runyard.ui.registry import (
    STAGES,
    Event,
    Origin,
    events_of,
    location_of,
    model_crumbs,
    origin_of,
    read_version,
)
from runyard.ui.site import Site
from runyard.ui.snippets import Snippet, snippets_of

MOST_EVENTS = 100


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
        events=events_of(site, version.name, [version], MOST_EVENTS, version.version),
    )
    return site.page(request, "version", page, shell_of(site, version))


def shell_of(site: Site, version: ModelVersion, *rest: Crumb) -> Shell:
    """What surrounds the pages of a version."""
    address = site.urls("models", version.name, "versions", version.version)
    crumb = Crumb(f"Version {version.version}", address if rest else None)
    title = f"{version.name}, version {version.version}"
    return Shell(title, "models", model_crumbs(site, version.name, crumb, *rest))
