"""A run's artifacts: the tree of files, and a look into one of them."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from runyard.tracking.artifacts.messages import ListArtifacts
from runyard.tracking.experiments.entities import Experiment
from runyard.tracking.experiments.messages import GetExperiment
from runyard.tracking.runs.entities import Run
from runyard.tracking.runs.messages import GetRun
from runyard.ui.navigation import Crumb, Shell
from runyard.ui.parts.files import Files, FileSource, files_of
from runyard.ui.parts.list_state import ListState
from runyard.ui.parts.presentation import artifact_root, run_name
from runyard.ui.parts.shells import run_crumbs
from runyard.ui.site import Site


@dataclass(frozen=True)
class ArtifactsPage:
    """All that artifacts.html may use."""

    run: Run
    experiment: Experiment
    files: Files
    tab: str = "artifacts"


def show(site: Site, request: Request) -> Response:
    """The artifacts of a run, with a preview of the one named in the address."""
    run = site.ask(GetRun(run_id=request.path_params["run_id"])).run
    experiment = site.ask(GetExperiment(experiment_id=run.info.experiment_id)).experiment
    path = ListState.of(request).path()
    page = ArtifactsPage(run=run, experiment=experiment, files=files_of(site, _source(site, run), path))
    crumbs = run_crumbs(site, experiment, run, Crumb("Artifacts"))
    return site.page(request, "artifacts", page, Shell(f"Artifacts of {run_name(run)}", "experiments", crumbs))


def _source(site: Site, run: Run) -> FileSource:
    run_id = run.info.run_id
    return FileSource(
        owner="run",
        location=artifact_root(run),
        contents=lambda folder: site.ask(ListArtifacts(run_id=run_id, path=folder or None)).files,
        page=lambda path: site.urls("runs", run_id, "artifacts", path=path),
        download=lambda path: site.urls("get-artifact", run_id=run_id, path=path),
    )
