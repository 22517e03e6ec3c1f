"""The start page: the experiments, with what is going on in them."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from runyard.core.amounts import plural
from runyard.core.lifecycle import LifecycleStage
from runyard.exceptions import DoesNotExist, InvalidParameter, RunyardException
from runyard.protocol.message import AnyMessage
from runyard.search.fields import EXPERIMENT_FIELDS
from runyard.search.writing import value_text
from runyard.tracking.experiments.entities import Experiment
from runyard.tracking.experiments.messages import (
    CountExperiments,
    CreateExperiment,
    ExperimentFolder,
    ExperimentFolders,
    ExperimentsFound,
    ExperimentSummary,
    GetExperiment,
    ListExperimentFolders,
    RestoreExperiment,
    SearchExperiments,
    SummarizeExperiments,
)
from runyard.tracking.removal.messages import RemoveExperiment
from runyard.ui.navigation import Crumb, Shell
from runyard.ui.parts.filter_error import FilterError, filter_error
from runyard.ui.parts.filters import as_filter, notes_on
from runyard.ui.parts.list_state import ListState, Pages, view_of, view_type
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
_DELETED = {"last_update_time": "Deleted"}
"""Heads of the trash: nothing changes a deleted experiment any more."""
_VIEW = ("search", "order", "view", "folder", "flat", "page", "from")
"""Parameters that forms of the list lead back to."""


CONFIRMED = "delete"
"""What is typed to confirm that experiments go for good."""
_SHORTLY_SECONDS = 1.5
"""How long to wait for experiments to be gone: the list that is shown next should not have them."""
_FOLDER_ORDERS = {"name": "name", "runs": "experiments"}


@dataclass(frozen=True)
class FolderRow:
    """A folder of experiments, and the address that shows what is in it."""

    folder: ExperimentFolder
    href: str


@dataclass(frozen=True)
class ExperimentRow:
    """An experiment with the state of its runs."""

    experiment: Experiment
    summary: ExperimentSummary


@dataclass(frozen=True)
class ExperimentsPage:
    """All that experiments.html may use.

    Attributes
    ----------
    going: Experiments of the trash that are ticked to be deleted for good.
    keep_href: The same view with none of them ticked.
    folder: The folder whose experiments are listed; empty for those that are in none, or for all.
    prefix: What their names begin with, which is not repeated in each row.
    flat: Whether all experiments are listed, whatever folder they are in.
    """

    rows: tuple[ExperimentRow, ...]
    going: tuple[ExperimentRow, ...]
    keep_href: str
    folders: tuple[FolderRow, ...]
    more_folders: bool
    folder: str
    prefix: str
    flat: bool
    flat_href: str
    folders_href: str
    pages: Pages
    search: str
    view: str
    columns: Mapping[str, Column]
    order: str
    error: FilterError | None
    notes: tuple[str, ...]
    address: str
    here: str
    query: str

    @property
    def untouched(self) -> bool:
        """Whether nothing was logged yet."""
        elsewhere = self.search or self.folder or self.folders or self.view != "active"
        return not elsewhere and not any(row.summary.runs for row in self.rows)


def show(site: Site, request: Request) -> Response:  # long: all that the page shows, one after the other
    """The list of experiments, narrowed by words or a filter."""
    state = ListState.of(request)
    search, order = state.text("search"), state.text("order")
    view = state.choice("view", ("active", "deleted"))
    flat = bool(state.text("flat") or search or view == "deleted")
    folder = "" if flat else "".join(state.all("folder")[-1:]).removesuffix("/")
    error: FilterError | None = None
    found, total, folders = ExperimentsFound(), 0, ExperimentFolders()
    try:
        within = as_filter(search, EXPERIMENT_FIELDS) if flat else f"folder = {value_text(folder)}"
        if not flat and state.token is None:
            folders = site.ask(ListExperimentFolders(folder=folder, order_by=_order_of_folders(order)))
        whole = not flat and not folder and state.token is None and not folders.more
        elsewhere = sum(one.experiments for one in folders.folders) if whole else None
        found, total = _search(site, within, order, view, state, elsewhere)
    except InvalidParameter as problem:
        error = filter_error(problem.message)
    path, prefix = site.urls("experiments"), f"{folder}/" if folder else ""
    rows = _with_runs(site, found.experiments, deleted=view == "deleted")
    page = ExperimentsPage(
        going=_going(site, state.all("experiments")) if view == "deleted" else (),
        keep_href=state.href(path, experiments=[]),
        folders=tuple(FolderRow(one, state.href(path, folder=prefix + one.name)) for one in folders.folders),
        more_folders=folders.more,
        folder=folder,
        prefix=prefix,
        flat=bool(state.text("flat")),
        flat_href=state.href(path, flat=1),
        folders_href=state.href(path, flat=[], search=[]),
        rows=rows,
        pages=state.pages(path, len(found.experiments), total, found.next_page_token, PAGE_SIZE),
        search=search,
        view=view,
        columns=_columns(order, view, state, path),
        order=order,
        error=error,
        notes=() if error or found.experiments or not search else notes_on(site, "experiments", within),
        address=site.address(request),
        here=path,
        query=request.url.query,
    )
    shell = Shell(
        folder or ("Trash" if view == "deleted" else "Experiments"),
        "experiments",
        _crumbs(folder, state, path),
        home=True,
    )
    return site.page(request, "experiments", page, shell, 400 if error else 200)


def _columns(order: str, view: str, state: ListState, path: str) -> dict[str, Column]:
    """The heads that sort, by the key of their order."""
    labels = dict(_COLUMNS) | (_DELETED if view == "deleted" else {})
    return {key: column_of(key, labels[key], order, state, path, numeric=key in _NUMERIC) for key in labels}


def _order_of_folders(order: str) -> list[str]:
    """The order of folders that goes with one of experiments: by name, unless it is by what their runs come to."""
    key, _, way = order.partition(" ")
    return [f"{_FOLDER_ORDERS.get(key, 'last_activity_time')} {way}".strip()] if order else []


def _crumbs(folder: str, state: ListState, path: str) -> tuple[Crumb, ...]:
    """The way to a folder, or to the trash; a slash that begins a part of a name belongs to it."""
    if state.text("view") == "deleted":
        return (Crumb("Experiments", path), Crumb("Trash"))
    found = [Crumb("Experiments", state.href(path, folder=[]))] if folder else []
    start = 0
    while start < len(folder):
        end = folder.find("/", start + 1)
        end = end if end > 0 else len(folder)
        href = None if end == len(folder) else state.href(path, folder=folder[:end])
        found.append(Crumb(folder[start:end], href))
        start = end + 1
    return tuple(found)


def _search(
    site: Site, within: str | None, order: str, view: str, state: ListState, elsewhere: int | None
) -> tuple[ExperimentsFound, int]:
    """A page of experiments, and how many there are.

    Parameters
    ----------
    elsewhere: Number of all experiments that are not among them, where it is known: all are counted without a look at
        their names then.
    """
    question: dict[str, Any] = {"filter": within, "view_type": view_type(view)}
    terms = ["starred", *order_terms(order, "last_update_time DESC")]
    found = site.ask(SearchExperiments(max_results=PAGE_SIZE, page_token=state.token, order_by=terms, **question))
    if state.token is None and found.next_page_token is None:
        return found, len(found.experiments)
    if elsewhere is not None:
        return found, site.ask(CountExperiments(view_type=view_type(view))).experiments - elsewhere
    return found, site.ask(CountExperiments(**question)).experiments


def _with_runs(site: Site, experiments: list[Experiment], *, deleted: bool) -> tuple[ExperimentRow, ...]:
    if not experiments:
        return ()
    ids = [experiment.experiment_id for experiment in experiments]
    answer = site.ask(SummarizeExperiments(experiment_ids=ids, deleted_runs=deleted))
    summaries = {summary.experiment_id: summary for summary in answer.experiments}
    return tuple(ExperimentRow(experiment, summaries[experiment.experiment_id]) for experiment in experiments)


def _going(site: Site, ticked: Sequence[str]) -> tuple[ExperimentRow, ...]:
    """The ticked experiments of the trash, whichever page of it they are on."""
    numbers = [value_text(one) for one in ticked if one.isascii() and one.isdigit() and len(one) < 19][:PAGE_SIZE]
    if not numbers:
        return ()
    named = SearchExperiments(filter=f"experiment_id IN ({', '.join(numbers)})", view_type=view_type("deleted"))
    rows = _with_runs(site, site.ask(named).experiments, deleted=True)
    return tuple(row for row in rows if not row.summary.being_removed)


def create(site: Site, form: Form, _path: Mapping[str, Any]) -> str:
    """Make an experiment and go to it."""
    name = form.new_name("An experiment")
    made = site.ask(CreateExperiment(name=name))
    return site.urls("experiments", made.experiment_id, notice="experiment-created")


def restore(site: Site, form: Form, _path: Mapping[str, Any]) -> str:
    """Bring back the ticked experiments of the trash, with the runs that were deleted with them.

    Raises
    ------
    InvalidParameter: None is ticked.
    RunyardException: Some were refused. The others are back.
    """
    _each(site, _ticked(form), lambda experiment_id: RestoreExperiment(experiment_id=experiment_id), "restored")
    return site.urls("experiments", **_trash(form), notice="experiments-restored")


def remove(site: Site, form: Form, _path: Mapping[str, Any]) -> str:
    """Delete the ticked experiments of the trash for good.

    Raises
    ------
    InvalidParameter: None is ticked, or the word that confirms it was not typed.
    RunyardException: Some were refused. The others go.
    """
    ticked = _ticked(form)
    if form.text("sure") != CONFIRMED:
        raise InvalidParameter(f"Nothing was deleted. Type {CONFIRMED!r} to confirm that the experiments go for good.")
    _each(site, ticked, lambda experiment_id: RemoveExperiment(experiment_id=experiment_id), "deleted for good")
    ends = time.monotonic() + _SHORTLY_SECONDS
    while any(_is_deleted(site, experiment_id) for experiment_id in ticked[:20]) and time.monotonic() < ends:
        time.sleep(0.05)
    return site.urls("experiments", **_trash(form), notice="experiments-removed")


def _ticked(form: Form) -> list[str]:
    ticked = list(dict.fromkeys(form.all("experiments")))
    if not ticked:
        raise InvalidParameter("No experiment was chosen. Tick the boxes of some experiments first.")
    return ticked


def _trash(form: Form) -> dict[str, Any]:
    return {"view": "deleted", "search": form.raw("search") or None, "order": form.raw("order") or None}


def _each(site: Site, ticked: Sequence[str], message: Callable[[str], AnyMessage], done: str) -> None:
    refused: list[RunyardException] = []
    for experiment_id in ticked:
        try:
            site.ask(message(experiment_id))
        except RunyardException as error:
            refused.append(error)
    if refused:
        others = "; the others were" if len(refused) < len(ticked) else ""
        reasons = " ".join(error.message for error in refused[:5])
        amount = plural(len(refused), "experiment")
        raise RunyardException(f"{amount} could not be {done}{others}. {reasons}", refused[0].error_code)


def _is_deleted(site: Site, experiment_id: str) -> bool:
    try:
        return site.ask(GetExperiment(experiment_id=experiment_id)).experiment.lifecycle_stage == LifecycleStage.DELETED
    except DoesNotExist:
        return False


def star(site: Site, form: Form, _path: Mapping[str, Any]) -> str:
    """Star an experiment of the list, or take its star away."""
    turn_star_of_experiment(site, form.text("star"))
    return site.urls("experiments", **view_of(form.raw("back"), _VIEW))
