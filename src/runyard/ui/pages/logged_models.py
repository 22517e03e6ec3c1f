"""The logged models of an experiment."""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from runyard.exceptions import BadRequest, InvalidParameter
from runyard.search.fields import LOGGED_MODEL_FIELDS
from runyard.search.parser import parse_filter
from runyard.tracking.experiments.entities import Experiment
from runyard.tracking.experiments.messages import GetExperiment
from runyard.tracking.logged_models.entities import LoggedModel
from runyard.tracking.logged_models.messages import LoggedModelsFound, SearchLoggedModels
from runyard.tracking.runs.entities import Run
from runyard.ui.navigation import Crumb, Shell
from runyard.ui.parts.filter_error import FilterError, filter_error
from runyard.ui.parts.filters import notes_on
from runyard.ui.parts.list_state import ListState, Pages
from runyard.ui.parts.registry import Origin, most_common_metrics, read_run
from runyard.ui.site import Site

PAGE_SIZE = 50


@dataclass(frozen=True)
class LoggedModelRow:
    """A logged model with the run it came from."""

    model: LoggedModel
    run: Run | None

    @property
    def origin(self) -> Origin:
        """Where its metrics come from."""
        return Origin(None, self.model)


@dataclass(frozen=True)
class LoggedModelsPage:
    """All that logged_models.html may use."""

    experiment: Experiment
    rows: tuple[LoggedModelRow, ...]
    metrics: tuple[str, ...]
    pages: Pages
    filter: str
    error: FilterError | None
    notes: tuple[str, ...]
    address: str
    here: str


def show(site: Site, request: Request) -> Response:
    """The table of an experiment's logged models."""
    state = ListState.of(request)
    experiment_id = request.path_params["experiment_id"]
    experiment = site.ask(GetExperiment(experiment_id=experiment_id)).experiment
    path = site.urls("experiments", experiment.experiment_id, "models")
    found, error = _find(site, experiment, state)
    runs = _runs(site, found.models)
    rows = tuple(LoggedModelRow(model, runs.get(model.source_run_id)) for model in found.models)
    page = LoggedModelsPage(
        experiment=experiment,
        rows=rows,
        metrics=most_common_metrics(row.origin for row in rows),
        pages=state.pages(path, len(rows), None, found.next_page_token, PAGE_SIZE),
        filter=state.text("filter"),
        error=error,
        notes=() if found.models or error else notes_on(site, "logged-models", state.text("filter")),
        address=site.address(request),
        here=path,
    )
    home = Crumb(experiment.name, site.urls("experiments", experiment.experiment_id))
    crumbs = (Crumb("Experiments", site.urls()), home, Crumb("Models"))
    shell = Shell(f"Models of {experiment.name}", "experiments", crumbs)
    return site.page(request, "logged_models", page, shell, 400 if error else 200)


def _find(site: Site, experiment: Experiment, state: ListState) -> tuple[LoggedModelsFound, FilterError | None]:
    question = SearchLoggedModels(
        experiment_ids=[experiment.experiment_id],
        filter=state.text("filter") or None,
        max_results=PAGE_SIZE,
        page_token=state.token,
    )
    try:
        parse_filter(question.filter, LOGGED_MODEL_FIELDS, strict=True)
        return site.ask(question), None
    except (InvalidParameter, BadRequest) as problem:
        return LoggedModelsFound(), filter_error(problem.message)


def _runs(site: Site, models: list[LoggedModel]) -> Mapping[str | None, Run | None]:
    return {run_id: read_run(site, run_id) for run_id in {model.source_run_id for model in models}}
