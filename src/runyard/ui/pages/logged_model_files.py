"""The files of a logged model."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from runyard.artifacts.entities import FileInfo
from runyard.tracking.logged_models.entities import LoggedModel
from runyard.tracking.logged_models.messages import ListLoggedModelArtifacts
from runyard.ui.navigation import Crumb
from runyard.ui.parts.files import Files, FileSource, files_of
from runyard.ui.parts.list_state import ListState
from runyard.ui.parts.registry import requested_logged_model
from runyard.ui.parts.shells import logged_model_shell
from runyard.ui.site import Site


@dataclass(frozen=True)
class LoggedModelFilesPage:
    """All that logged_model_files.html may use."""

    model: LoggedModel
    files: Files
    tab: str = "files"


def show(site: Site, request: Request) -> Response:
    """The files of one logged model, with a preview of the one named in the address."""
    model, experiment = requested_logged_model(site, request)
    path = ListState.of(request).path()
    page = LoggedModelFilesPage(model=model, files=files_of(site, _source(site, model), path))
    return site.page(request, "logged_model_files", page, logged_model_shell(site, experiment, model, Crumb("Files")))


def _source(site: Site, model: LoggedModel) -> FileSource:
    def contents(folder: str) -> list[FileInfo]:
        asked = ListLoggedModelArtifacts(model_id=model.model_id, artifact_directory_path=folder or None)
        return site.ask(asked).files

    root = ("ajax-api", "2.0", "mlflow", "logged-models", model.model_id, "artifacts", "files")
    return FileSource(
        owner="model",
        location=model.artifact_location,
        contents=contents,
        page=lambda path: site.urls("experiments", model.experiment_id, "models", model.model_id, "files", path=path),
        download=lambda path: site.urls(*root, artifact_file_path=path),
    )
