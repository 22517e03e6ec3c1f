"""The files of a version of a registered model."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from runyard.registry.model_versions.entities import ModelVersion
from runyard.ui.navigation import Crumb
from runyard.ui.parts.files import Files, FileSource, contents_at, files_of
from runyard.ui.parts.list_state import ListState
from runyard.ui.parts.registry import STAGES, location_of, read_version
from runyard.ui.parts.shells import version_shell
from runyard.ui.site import Site


@dataclass(frozen=True)
class VersionFilesPage:
    """All that version_files.html may use."""

    version: ModelVersion
    stages: tuple[str, ...]
    files: Files
    tab: str = "files"


def show(site: Site, request: Request) -> Response:
    """The files of one version, with a preview of the one named in the address."""
    version = read_version(site, request.path_params["name"], request.path_params["version"])
    path = ListState.of(request).path()
    page = VersionFilesPage(version=version, stages=STAGES, files=files_of(site, _source(site, version), path))
    return site.page(request, "version_files", page, version_shell(site, version, Crumb("Files")))


def _source(site: Site, version: ModelVersion) -> FileSource:
    location = location_of(site, version)
    name, number = version.name, version.version
    return FileSource(
        owner="version",
        location=location,
        contents=lambda folder: contents_at(site, location, folder),
        page=lambda path: site.urls("models", name, "versions", number, "files", path=path),
        download=lambda path: site.urls("model-versions", "get-artifact", name=name, version=number, path=path),
    )
