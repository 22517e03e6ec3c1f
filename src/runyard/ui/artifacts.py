"""A run's artifacts: the tree of files, and a look into one of them."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from runyard.tracking.artifacts.messages import ListArtifacts
from runyard.tracking.experiments.messages import GetExperiment
from runyard.tracking.runs.messages import GetRun
from runyard.ui.files import Files, Shelf, files_of
from runyard.ui.listing import Place
from runyard.ui.navigation import Crumb, Shell
from runyard.ui.records import ExperimentRecord, RunRecord
from runyard.ui.run import run_crumbs
from runyard.ui.site import Site


@dataclass(frozen=True)
class ArtifactsPage:
    """All that artifacts.html may use."""

    run: RunRecord
    experiment: ExperimentRecord
    files: Files
    tab: str = "artifacts"


def show(site: Site, request: Request) -> Response:
    """The artifacts of a run, with a preview of the one named in the address."""
    run = RunRecord.from_wire(site.perform(GetRun(run_id=request.path_params["run_id"]))["run"])
    experiment = ExperimentRecord.from_wire(site.perform(GetExperiment(experiment_id=run.experiment_id))["experiment"])
    path = Place.of(request).path()
    page = ArtifactsPage(run=run, experiment=experiment, files=files_of(site, _shelf(site, run), path))
    crumbs = run_crumbs(site, experiment, run, Crumb("Artifacts"))
    return site.page(request, "artifacts", page, Shell(f"Artifacts of {run.name}", "experiments", crumbs))


def _shelf(site: Site, run: RunRecord) -> Shelf:
    return Shelf(
        owner="run",
        location=run.artifact_uri,
        contents=lambda folder: site.perform(ListArtifacts(run_id=run.run_id, path=folder or None)).get("files", ()),
        page=lambda path: site.urls("runs", run.run_id, "artifacts", path=path),
        download=lambda path: site.urls("get-artifact", run_id=run.run_id, path=path),
    )
