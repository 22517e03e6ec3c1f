"""A run's artifacts: the tree of files, and a look into one of them."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from runyard.tracking.experiments.entities import Experiment
from runyard.tracking.experiments.messages import GetExperiment
from runyard.tracking.runs.entities import Run
from runyard.tracking.runs.messages import GetRun
from runyard.ui.navigation import Crumb, Shell
from runyard.ui.parts.file_answers import folder_as_zip, framed_document
from runyard.ui.parts.files import Files, FileSource, files_of
from runyard.ui.parts.image_series import may_have_series
from runyard.ui.parts.list_state import ListState
from runyard.ui.parts.packaging import Packaging, packaging_of
from runyard.ui.parts.presentation import artifact_root, run_name
from runyard.ui.parts.shells import run_crumbs
from runyard.ui.site import Site


@dataclass(frozen=True)
class ArtifactsPage:
    """All that artifacts.html may use."""

    run: Run
    experiment: Experiment
    files: Files
    packaging: Packaging | None
    has_series: bool
    tab: str = "artifacts"


def show(site: Site, request: Request) -> Response:
    """The artifacts of a run, with a look into the one named in the address."""
    run = _run(site, request)
    experiment = site.ask(GetExperiment(experiment_id=run.info.experiment_id)).experiment
    files = files_of(site, _source(site, run), ListState.of(request))
    page = ArtifactsPage(
        run=run,
        experiment=experiment,
        files=files,
        packaging=packaging_of(site, files),
        has_series=may_have_series(run),
    )
    crumbs = run_crumbs(site, experiment, run, Crumb("Artifacts"))
    shell = Shell(f"Artifacts of {run_name(run)}", "experiments", crumbs)
    return site.page(request, "artifacts", page, shell, files.status)


def archive(site: Site, request: Request) -> Response:
    """A folder of a run's artifacts as a zip file."""
    return folder_as_zip(site, _source(site, _run(site, request)), request)


def framed(site: Site, request: Request) -> Response:
    """A document among a run's artifacts, to be shown in a frame."""
    return framed_document(site, _source(site, _run(site, request)), request)


def _run(site: Site, request: Request) -> Run:
    return site.ask(GetRun(run_id=request.path_params["run_id"])).run


def _source(site: Site, run: Run) -> FileSource:
    run_id = run.info.run_id
    return FileSource(
        owner="run",
        location=artifact_root(run),
        page=lambda **query: site.urls("runs", run_id, "artifacts", **query),
        download=lambda path: site.urls("get-artifact", run_id=run_id, path=path),
        archive=lambda path: site.urls("runs", run_id, "artifacts.zip", path=path),
        framed=lambda path: site.urls("runs", run_id, "artifacts", "framed", path=path),
        name=f"{run_name(run)}-{run_id[:8]}",
    )
