"""The start page: the experiments, with what is going on in them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from runyard.exceptions import InvalidParameter
from runyard.tracking.experiments.entities import Experiment
from runyard.tracking.experiments.messages import (
    CreateExperiment,
    ExperimentsFound,
    ExperimentSummary,
    SearchExperiments,
    SummarizeExperiments,
)
from runyard.ui.navigation import Shell
from runyard.ui.parts.list_state import ListState, Pages, view_type
from runyard.ui.parts.sorting import Column, column_of, order_terms
from runyard.ui.site import Form, Site

PAGE_SIZE = 100
_COLUMNS = (("name", "Name"), ("last_update_time", "Changed"), ("creation_time", "Created"))


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
        columns={key: column_of(key, label, order, state, path) for key, label in _COLUMNS},
        order=order,
        error=error,
        address=site.address(request),
        here=path,
    )
    return site.page(
        request, "experiments", page, Shell("Experiments", "experiments", home=True), 400 if error else 200
    )


def _search(site: Site, search: str, order: str, view: str, state: ListState) -> tuple[ExperimentsFound, int]:
    question: dict[str, Any] = {
        "filter": name_filter(search),
        "view_type": view_type(view),
        "order_by": order_terms(order, "last_update_time DESC"),
    }
    found = site.ask(SearchExperiments(max_results=PAGE_SIZE, page_token=state.token, **question))
    if state.token is None and found.next_page_token is None:
        return found, len(found.experiments)
    everything = site.ask(SearchExperiments(max_results=50_000, **question))
    return found, len(everything.experiments)


def name_filter(search: str) -> str | None:
    """A filter for names that hold the text, in the search language.

    Raises
    ------
    InvalidParameter: The text holds both kinds of quotes, which the language cannot quote.
    """
    if not search:
        return None
    escaped = search.replace("%", "_")  # the language has no escape for its joker: any one character stands for it
    if "'" not in escaped:
        return f"name ILIKE '%{escaped}%'"
    if '"' not in escaped:
        return f'name ILIKE "%{escaped}%"'
    raise InvalidParameter("The search text holds both ' and \". Leave one of them out.")


def _with_runs(site: Site, experiments: list[Experiment]) -> tuple[ExperimentRow, ...]:
    if not experiments:
        return ()
    ids = [experiment.experiment_id for experiment in experiments]
    answer = site.ask(SummarizeExperiments(experiment_ids=ids))
    summaries = {summary.experiment_id: summary for summary in answer.experiments}
    return tuple(ExperimentRow(experiment, summaries[experiment.experiment_id]) for experiment in experiments)


def create(site: Site, form: Form, _path: Mapping[str, Any]) -> str:
    """Make an experiment and go to it."""
    name = form.text("name")
    if not name:
        raise InvalidParameter("An experiment needs a name. Type one and send the form again.")
    made = site.ask(CreateExperiment(name=name))
    return site.urls("experiments", made.experiment_id, notice="experiment-created")
