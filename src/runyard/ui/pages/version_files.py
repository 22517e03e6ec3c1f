"""The files of a version of a registered model."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from runyard.registry.model_versions.entities import ModelVersion
from runyard.ui.navigation import Crumb
from runyard.ui.parts.file_answers import folder_as_zip, framed_document
from runyard.ui.parts.files import Files, FileSource, files_of
from runyard.ui.parts.list_state import ListState
from runyard.ui.parts.packaging import Packaging, packaging_of
from runyard.ui.parts.registry import STAGES, location_of, read_version
from runyard.ui.parts.shells import version_shell
from runyard.ui.site import Site


@dataclass(frozen=True)
class VersionFilesPage:
    """All that version_files.html may use."""

    version: ModelVersion
    stages: tuple[str, ...]
    files: Files
    packaging: Packaging | None
    tab: str = "files"


def show(site: Site, request: Request) -> Response:
    """The files of one version, with a look into the one named in the address."""
    version = _version(site, request)
    files = files_of(site, _source(site, version), ListState.of(request))
    page = VersionFilesPage(version=version, stages=STAGES, files=files, packaging=packaging_of(site, files))
    return site.page(request, "version_files", page, version_shell(site, version, Crumb("Files")), files.status)


def archive(site: Site, request: Request) -> Response:
    """A folder of a version's files as a zip file."""
    return folder_as_zip(site, _source(site, _version(site, request)), request)


def framed(site: Site, request: Request) -> Response:
    """A document among a version's files, to be shown in a frame."""
    return framed_document(site, _source(site, _version(site, request)), request)


def _version(site: Site, request: Request) -> ModelVersion:
    return read_version(site, request.path_params["name"], request.path_params["version"])


def _source(site: Site, version: ModelVersion) -> FileSource:
    name, number = version.name, version.version
    root = ("models", name, "versions", number)
    return FileSource(
        owner="version",
        location=location_of(site, version),
        page=lambda **query: site.urls(*root, "files", **query),
        download=lambda path: site.urls("model-versions", "get-artifact", name=name, version=number, path=path),
        archive=lambda path: site.urls(*root, "files.zip", path=path),
        framed=lambda path: site.urls(*root, "files", "framed", path=path),
        name=f"{name}-{number}",
    )
