"""The start page: the experiments, with what is going on in them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from runyard.exceptions import InvalidParameter
from runyard.tracking.experiments.entities import Experiment
from runyard.tracking.experiments.messages import (
    CountExperiments,
    CreateExperiment,
    ExperimentsFound,
    ExperimentSummary,
    SearchExperiments,
    SummarizeExperiments,
)
from runyard.ui.navigation import Shell
from runyard.ui.parts.list_state import ListState, Pages, name_filter, view_of, view_type
from runyard.ui.parts.sorting import Column, column_of, order_terms
from runyard.ui.parts.stars import turn_star_of_experiment
from runyard.ui.site import Form, Site

PAGE_SIZE = 100
_COLUMNS = (
    ("name", "Name"),
    ("runs", "Runs"),
    ("last_activity_time", "Last activity"),
    ("creation_time", "Created"),
    ("last_update_time", "Changed"),
)
_NUMERIC = ("runs",)
_VIEW = ("search", "order", "view", "page", "from")
"""Parameters that forms of the list lead back to."""


@dataclass(frozen=True)
class ExperimentRow:
    """An experiment with the state of its runs."""

    experiment: Experiment
    summary: ExperimentSummary


@dataclass(frozen=True)
class ExperimentsPage:
    """All that experiments.html may use."""

    rows: tuple[ExperimentRow, ...]
    pages: Pages
    search: str
    view: str
    columns: Mapping[str, Column]
    order: str
    error: str | None
    address: str
    here: str
    query: str

    @property
    def untouched(self) -> bool:
        """Whether nothing was logged yet."""
        return self.view == "active" and not self.search and not any(row.summary.runs for row in self.rows)


def show(site: Site, request: Request) -> Response:
    """The list of experiments, narrowed by a text in their names."""
    state = ListState.of(request)
    search, order = state.text("search"), state.text("order")
    view = state.choice("view", ("active", "deleted"))
    error: str | None = None
    found, total = ExperimentsFound(), 0
    try:
        found, total = _search(site, search, order, view, state)
    except InvalidParameter as problem:
        error = problem.message
    path = site.urls("experiments")
    page = ExperimentsPage(
        rows=_with_runs(site, found.experiments),
        pages=state.pages(path, len(found.experiments), total, found.next_page_token, PAGE_SIZE),
        search=search,
        view=view,
        columns={key: column_of(key, label, order, state, path, numeric=key in _NUMERIC) for key, label in _COLUMNS},
        order=order,
        error=error,
        address=site.address(request),
        here=path,
        query=request.url.query,
    )
    return site.page(
        request, "experiments", page, Shell("Experiments", "experiments", home=True), 400 if error else 200
    )


def _search(site: Site, search: str, order: str, view: str, state: ListState) -> tuple[ExperimentsFound, int]:
    question: dict[str, Any] = {"filter": name_filter(search), "view_type": view_type(view)}
    terms = ["starred", *order_terms(order, "last_update_time DESC")]
    found = site.ask(SearchExperiments(max_results=PAGE_SIZE, page_token=state.token, order_by=terms, **question))
    if state.token is None and found.next_page_token is None:
        return found, len(found.experiments)
    return found, site.ask(CountExperiments(**question)).experiments


def _with_runs(site: Site, experiments: list[Experiment]) -> tuple[ExperimentRow, ...]:
    if not experiments:
        return ()
    ids = [experiment.experiment_id for experiment in experiments]
    answer = site.ask(SummarizeExperiments(experiment_ids=ids))
    summaries = {summary.experiment_id: summary for summary in answer.experiments}
    return tuple(ExperimentRow(experiment, summaries[experiment.experiment_id]) for experiment in experiments)


def create(site: Site, form: Form, _path: Mapping[str, Any]) -> str:
    """Make an experiment and go to it."""
    name = form.new_name("An experiment")
    made = site.ask(CreateExperiment(name=name))
    return site.urls("experiments", made.experiment_id, notice="experiment-created")


def star(site: Site, form: Form, _path: Mapping[str, Any]) -> str:
    """Star an experiment of the list, or take its star away."""
    turn_star_of_experiment(site, form.text("star"))
    return site.urls("experiments", **view_of(form.raw("back"), _VIEW))
