"""What the processes of a run printed: the end of it, and the files with all of it."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from runyard.tracking.experiments.entities import Experiment
from runyard.tracking.experiments.messages import GetExperiment
from runyard.tracking.runs.entities import Run
from runyard.tracking.runs.messages import GetRun
from runyard.ui.navigation import Crumb, Shell
from runyard.ui.parts.presentation import run_name
from runyard.ui.parts.printed import Printed, printed_by
from runyard.ui.parts.shells import run_crumbs
from runyard.ui.site import Site

MAX_BYTES = 256_000


@dataclass(frozen=True)
class OutputPage:
    """All that output.html may use."""

    run: Run
    experiment: Experiment
    printed: Printed
    shown_bytes: int = MAX_BYTES
    tab: str = "output"


def show(site: Site, request: Request) -> Response:
    """The output of a run."""
    run = site.ask(GetRun(run_id=request.path_params["run_id"])).run
    experiment = site.ask(GetExperiment(experiment_id=run.info.experiment_id)).experiment
    page = OutputPage(run=run, experiment=experiment, printed=printed_by(site, run, MAX_BYTES))
    crumbs = run_crumbs(site, experiment, run, Crumb("Output"))
    return site.page(request, "output", page, Shell(f"Output of {run_name(run)}", "experiments", crumbs))
