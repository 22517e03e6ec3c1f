"""What the machine did while a run went on: its processor, memory, disk, network and GPUs."""

from dataclasses import dataclass, replace

from starlette.requests import Request
from starlette.responses import Response

from runyard.tracking.experiments.entities import Experiment
from runyard.tracking.experiments.messages import GetExperiment
from runyard.tracking.runs.entities import Run
from runyard.tracking.runs.messages import GetRun
from runyard.ui.navigation import Crumb, Shell
from runyard.ui.parts.chart_runs import ChartRuns, chart_runs
from runyard.ui.parts.charts import Chart, charts_of
from runyard.ui.parts.list_state import ListState
from runyard.ui.parts.narrowed import Narrowed, narrowed
from runyard.ui.parts.presentation import run_name
from runyard.ui.parts.shells import run_crumbs
from runyard.ui.parts.system_metrics import Measure, measures_of
from runyard.ui.site import Site


@dataclass(frozen=True)
class SystemPage:
    """All that run_system.html may use."""

    run: Run
    experiment: Experiment
    measures: Narrowed[Measure]
    charts: tuple[Chart, ...]
    shown: ChartRuns
    find: str
    tab: str = "system"

    @property
    def has_nodes(self) -> bool:
        """Whether the machines have names."""
        return any(one.node for one in self.measures.entries)


def show(site: Site, request: Request) -> Response:
    """The system metrics of a run."""
    run = site.ask(GetRun(run_id=request.path_params["run_id"])).run
    experiment = site.ask(GetExperiment(experiment_id=run.info.experiment_id)).experiment
    find = ListState.of(request).text("find")
    found = narrowed(measures_of(run.data.latest_metrics), find, lambda one: (one.caption, one.metric.key))
    captions = {one.metric.key: one.caption for one in found.entries}
    page = SystemPage(
        run=run,
        experiment=experiment,
        measures=found,
        charts=tuple(
            replace(chart, caption=captions[chart.key]) for chart in charts_of(site.urls, [run], list(captions))
        ),
        shown=chart_runs([run]),
        find=find,
    )
    crumbs = run_crumbs(site, experiment, run, Crumb("System"))
    return site.page(request, "run_system", page, Shell(f"System metrics of {run_name(run)}", "experiments", crumbs))
