"""The files of a logged model."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from runyard.tracking.logged_models.entities import LoggedModel
from runyard.ui.navigation import Crumb
from runyard.ui.parts.file_answers import folder_as_zip, framed_document
from runyard.ui.parts.files import Files, FileSource, files_of
from runyard.ui.parts.list_state import ListState
from runyard.ui.parts.packaging import Packaging, packaging_of
from runyard.ui.parts.presentation import model_name
from runyard.ui.parts.registry import requested_logged_model
from runyard.ui.parts.shells import logged_model_shell
from runyard.ui.site import Site


@dataclass(frozen=True)
class LoggedModelFilesPage:
    """All that logged_model_files.html may use."""

    model: LoggedModel
    files: Files
    packaging: Packaging | None
    tab: str = "files"


def show(site: Site, request: Request) -> Response:
    """The files of one logged model, with a look into the one named in the address."""
    model, experiment = requested_logged_model(site, request)
    files = files_of(site, _source(site, model), ListState.of(request))
    page = LoggedModelFilesPage(model=model, files=files, packaging=packaging_of(site, files))
    shell = logged_model_shell(site, experiment, model, Crumb("Files"))
    return site.page(request, "logged_model_files", page, shell, files.status)


def archive(site: Site, request: Request) -> Response:
    """A folder of a logged model's files as a zip file."""
    return folder_as_zip(site, _source(site, requested_logged_model(site, request)[0]), request)


def framed(site: Site, request: Request) -> Response:
    """A document among a logged model's files, to be shown in a frame."""
    return framed_document(site, _source(site, requested_logged_model(site, request)[0]), request)


def _source(site: Site, model: LoggedModel) -> FileSource:
    raw = ("ajax-api", "2.0", "mlflow", "logged-models", model.model_id, "artifacts", "files")
    root = ("experiments", model.experiment_id, "models", model.model_id)
    return FileSource(
        owner="model",
        location=model.artifact_location,
        page=lambda **query: site.urls(*root, "files", **query),
        download=lambda path: site.urls(*raw, artifact_file_path=path),
        archive=lambda path: site.urls(*root, "files.zip", path=path),
        framed=lambda path: site.urls(*root, "files", "framed", path=path),
        name=f"{model_name(model)}-{model.model_id[-8:]}",
    )
