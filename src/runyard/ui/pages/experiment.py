"""The runs of an experiment, or of several: a table to filter, sort, page through and choose from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from runyard.core.amounts import plural
from runyard.core.lifecycle import LifecycleStage
from runyard.core.tags import NOTE_TAG
from runyard.exceptions import InvalidParameter
from runyard.search.fields import RUN_FIELDS
from runyard.search.parser import parse_filter
from runyard.tracking.experiments.entities import Experiment
from runyard.tracking.experiments.messages import (
    DeleteExperiment,
    RestoreExperiment,
    SetExperimentTag,
    UpdateExperiment,
)
from runyard.tracking.filters.messages import ExplainFilter
from runyard.tracking.many_runs.messages import DeleteRuns, FindRunIds, RemoveRuns, RestoreRuns
from runyard.tracking.run_trees.messages import RunTree, SearchRunTree
from runyard.tracking.runs.messages import DescribeRuns, RunsDescribed, SearchRuns
from runyard.tracking.selections.messages import CreateSelection
from runyard.ui.navigation import Crumb, Shell, encode_query
from runyard.ui.parts.charts_panel import Asked, ChartsPanel, charts_panel
from runyard.ui.parts.chosen_runs import Chosen, chosen
from runyard.ui.parts.column_settings import ordered_goals
from runyard.ui.parts.columns import ColumnChoice, choose_columns
from runyard.ui.parts.filter_error import FilterError, filter_error
from runyard.ui.parts.list_state import ListState, Pages, screen_of, view_of, view_type
from runyard.ui.parts.many_runs import Done, change, just_done, wait_until_removed
from runyard.ui.parts.markdown import note
from runyard.ui.parts.run_groups import NEWEST_FIRST, GroupPanel, GroupTable, group_panel, group_table
from runyard.ui.parts.run_groups import PAGE_SIZE as GROUPS_PAGE
from runyard.ui.parts.run_plots import RunPlots, run_plots
from runyard.ui.parts.run_tree import RunRow, plain_rows, runs_of, tree_rows
from runyard.ui.parts.runs_export import WRITERS
from runyard.ui.parts.runs_scope import Scope, usual_columns
from runyard.ui.parts.runs_table import RunsTable, runs_table
from runyard.ui.parts.saved_views import ViewsMenu, find_views, first_view, views_menu
from runyard.ui.parts.sorting import order_terms
from runyard.ui.parts.stars import turn_star, turn_star_of_experiment
from runyard.ui.site import Form, Site

PAGE_SIZE = 100
CONFIRMED = "delete"
"""What is typed to confirm what cannot be undone."""
_ACTIONS = (
    "delete-runs",
    "restore-runs",
    "remove-runs",
    "tag-runs",
    "rename-runs",
    "move-runs",
    "undo-change",
    "star-run",
    "choose-all",
)


@dataclass(frozen=True)
class Toggle:
    """A link that turns something on or off."""

    label: str
    href: str


@dataclass(frozen=True)
class ExperimentPage:
    """All that experiment.html may use."""

    scope: Scope
    experiments: tuple[Experiment, ...]
    rows: tuple[RunRow, ...]
    all_deleted: bool
    nested: bool
    flat: bool
    level: int | None
    groups: GroupTable | None
    grouping: GroupPanel
    matching: RunsDescribed
    pages: Pages
    views: ViewsMenu
    filter: str
    view: str
    choice: ColumnChoice
    table: RunsTable
    with_equal: bool
    equal_toggle: Toggle | None
    error: FilterError | None
    notes: tuple[str, ...]
    address: str
    here: str
    links: Mapping[str, str]
    chosen: Chosen
    panel: ChartsPanel
    plots: RunPlots
    done: Done | None
    back: str
    actions: Mapping[str, str]
    views_action: str

    @property
    def experiment(self) -> Experiment | None:
        """The experiment; None when the table is of several."""
        return None if self.scope.several else self.experiments[0]

    @property
    def description(self) -> str:
        """The experiment's description, in Markdown; empty when the table is of several."""
        return self.experiment.tags.get(NOTE_TAG, "") if self.experiment else ""

    @property
    def description_html(self) -> Markup:
        """The same, as it is shown."""
        return note(self.description)

    @property
    def title(self) -> str:
        """What the page is called."""
        count = plural(len(self.experiments), "experiment")
        return f"Runs of {count}" if self.scope.several else self.experiments[0].name

    @property
    def tree(self) -> bool:
        """Whether the rows stand below each other."""
        return self.nested and not self.flat

    @property
    def noun(self) -> str:
        """What the pages are of."""
        if self.groups:
            return "group" if self.pages.total == 1 else "groups"
        if self.level is None or self.level == self.matching.runs:
            return "run" if self.pages.total == 1 else "runs"
        in_all = f"{'over ' if self.matching.more else ''}{self.matching.runs:,} in all"
        return f"{'run' if self.pages.total == 1 else 'runs'} at the top, {in_all}"

    @property
    def columns(self) -> int:
        """How many columns stand beside the boxes."""
        return 1 + len(self.table.columns)

    @property
    def chosen_elsewhere(self) -> tuple[str, ...]:
        """The ids of chosen runs that were added to the selection and are not on this page."""
        here = {row.run.info.run_id for row in self.rows}
        return tuple(run_id for run_id in self.chosen.added if run_id not in here)


def show(site: Site, request: Request) -> Response:  # long: all that the page shows, one after the other
    """The table of an experiment's runs, or of several experiments' runs."""
    state = ListState.of(request)
    scope = Scope.of(request.path_params, state.all("experiments"))
    experiments = scope.experiments(site)
    first, path = experiments[0], scope.path(site)
    names = {experiment.experiment_id: experiment.name for experiment in experiments}
    views = find_views(site, None if scope.several else first.experiment_id)
    if opens_first := first_view(views, request, path):
        return RedirectResponse(opens_first, 303)
    view = state.choice("view", ("active" if scope.several else first.lifecycle_stage, "active", "deleted", "all"))
    orders, filter_text = state.all("order"), state.text("filter")
    found, described, error = _find(site, scope, filter_text, orders, view, state)
    choice = choose_columns(
        described, state.all("col"), with_equal=bool(state.text("equal")), usual=usual_columns(scope, view)
    )
    question = _question(scope, "" if error else filter_text, view)
    groups = None if error else group_table(site, state, path, question, choice)
    if groups:
        rows = plain_rows(groups.runs)
    else:
        terms = [] if error else order_terms(orders, NEWEST_FIRST)
        rows = tree_rows(site, state, path, {**question, "order_by": terms, **_nested_order(state)}, found)
    picked = chosen(site, state.all)
    page = ExperimentPage(
        scope=scope,
        experiments=experiments,
        rows=rows,
        all_deleted=not described.runs and not filter_text and view == "active" and _has_deleted(site, scope),
        nested=found.nested,
        flat=_is_flat(state),
        level=found.total,
        groups=groups,
        grouping=group_panel(state, choice),
        matching=described,
        pages=_pages(state, path, found, described, groups),
        views=views_menu(views, request, path, scope.query),
        filter=filter_text,
        view=view,
        choice=choice,
        table=runs_table(site, choice, rows, state, path, names, None if groups or _is_flat(state) else found),
        with_equal=bool(state.text("equal")),
        equal_toggle=_equal_toggle(choice, state, path),
        error=error,
        notes=_notes(site, filter_text, found, described, error),
        address=site.address(request),
        here=path,
        chosen=picked,
        plots=run_plots(site, scope, view, "" if error else filter_text, described),
        panel=charts_panel(
            site, state, path, Asked(question, described, runs_of(rows), _is_whole(state, found), groups, picked)
        ),
        done=just_done(site, state),
        actions={name: scope.action(site, name) for name in _ACTIONS},
        views_action=scope.action(site, "views"),
        back=encode_query(screen_of(request.url.query)),
        links=_links(state, path, deleted=not scope.several and first.lifecycle_stage == LifecycleStage.DELETED),
    )
    crumbs = (Crumb("Experiments", site.urls()), Crumb(page.title))
    wrong = error or (page.panel.metrics and page.panel.metrics.keys.problem)
    return site.page(request, "experiment", page, Shell(page.title, "experiments", crumbs), 400 if wrong else 200)


def _find(
    site: Site, scope: Scope, filter_text: str, orders: Sequence[str], view: str, state: ListState
) -> tuple[RunTree, RunsDescribed, FilterError | None]:
    """The page of runs and what all matching runs have, or what is wrong with the question."""
    question = _question(scope, filter_text, view)
    try:
        parse_filter(filter_text, RUN_FIELDS, strict=True)
        if state.all("group"):
            return RunTree(), site.ask(DescribeRuns(**question)), None
        terms = order_terms(orders, NEWEST_FIRST)
        ordered = {"order_by": terms, **_nested_order(state)}
        found, described = _level(site, state, question, **ordered, page_token=state.token)
        return found, described, None
    except InvalidParameter as problem:
        question["filter"] = None  # the table stays, with all runs, while the filter is corrected
        found, described = _level(site, state, question)
        return replace(found, next_page_token=None), described, filter_error(problem.message)


def _level(site: Site, state: ListState, question: dict[str, Any], **page: Any) -> tuple[RunTree, RunsDescribed]:
    """A page of runs, and what all have that match: one question for both, which have much to find in common."""
    asked = SearchRunTree(**question, **page, max_results=PAGE_SIZE, flat=_is_flat(state), describe=True)
    found = site.ask(asked)
    assert found.described is not None
    return found, found.described


def _question(scope: Scope, filter_text: str, view: str) -> dict[str, Any]:
    """What all searches of the page have in common."""
    return {
        "experiment_ids": list(scope.ids),
        "filter": filter_text or None,
        "run_view_type": view_type(view),
    }


def _nested_order(state: ListState) -> dict[str, list[str]]:
    """By which metrics nested runs order their parents: those whose best nested value is shown."""
    least, greatest = ordered_goals(state)
    return {"nested_least": least, "nested_greatest": greatest}


def _is_flat(state: ListState) -> bool:
    """Whether nested runs have rows as others do."""
    return state.choice("nest", ("tree", "flat")) == "flat"


def _pages(state: ListState, path: str, found: RunTree, described: RunsDescribed, groups: GroupTable | None) -> Pages:
    """The pages of groups where there are some, else those of runs."""
    if groups:
        total, token = groups.found.total, groups.found.next_page_token
        return state.pages(path, len(groups.rows), total, token, GROUPS_PAGE)
    total, more = (described.runs, described.more) if found.total is None else (found.total, found.more)
    return state.pages(path, len(found.runs), total, found.next_page_token, PAGE_SIZE, more=more)


def _has_deleted(site: Site, scope: Scope) -> bool:
    """Whether there are runs in the trash."""
    deleted = SearchRuns(experiment_ids=list(scope.ids), run_view_type="DELETED_ONLY", max_results=1)
    return bool(site.ask(deleted).runs)


def _notes(
    site: Site, filter_text: str, found: RunTree, described: RunsDescribed, error: FilterError | None
) -> tuple[str, ...]:
    """What is odd about a filter that finds nothing."""
    if found.runs or error or not filter_text or described.runs:
        return ()
    return tuple(site.ask(ExplainFilter(filter=filter_text)).notes)


def _is_whole(state: ListState, found: RunTree) -> bool:
    """Whether the page has all rows that there are."""
    return state.token is None and found.next_page_token is None


def _links(state: ListState, path: str, *, deleted: bool) -> dict[str, str]:
    return {
        "active": state.href(path, view="active" if deleted else None),
        "deleted": state.href(path, view="deleted"),
        "all": state.href(path, view="all"),
        "default_columns": state.href(path, col=None, equal=None),
        "tree": state.href(path, nest=None, open=None),
        "flat": state.href(path, nest="flat", open=None),
        "no_filter": state.href(path, filter=None),
        **{kind: state.href(f"{path}.{kind}") for kind in WRITERS},
    }


def _equal_toggle(choice: ColumnChoice, state: ListState, path: str) -> Toggle | None:
    if state.text("equal"):
        return Toggle("Hide equal params", state.href(path, equal=None, col=None))
    if choice.equal:
        return Toggle(f"Show {plural(choice.equal, 'equal param')}", state.href(path, equal="1", col=None))
    return None


def delete_runs(site: Site, form: Form, path: Mapping[str, Any]) -> str:
    """Delete the chosen runs; they can be restored."""
    return change(site, form, path, "deleted", lambda run_ids: DeleteRuns(run_ids=run_ids))


def restore_runs(site: Site, form: Form, path: Mapping[str, Any]) -> str:
    """Bring back the chosen runs."""
    return change(site, form, path, "restored", lambda run_ids: RestoreRuns(run_ids=run_ids))


def remove_runs(site: Site, form: Form, path: Mapping[str, Any]) -> str:
    """Remove the chosen runs for good.

    Raises
    ------
    InvalidParameter: The word that confirms it was not typed.
    """
    if form.text("sure") != CONFIRMED:
        raise InvalidParameter(f"Nothing was deleted. Type {CONFIRMED!r} to confirm that the runs go for good.")
    address = change(site, form, path, "removed", lambda run_ids: RemoveRuns(run_ids=run_ids))
    wait_until_removed(site, form, Scope.of(path, form.all("experiments")))
    return address


def star_run(site: Site, form: Form, path: Mapping[str, Any]) -> str:
    """Star a run of the table, or take its star away."""
    turn_star(site, form.text("star"))
    return Scope.of(path, form.all("experiments")).address(site, **screen_of(form.raw("back")))


def choose_all(site: Site, form: Form, path: Mapping[str, Any]) -> str:
    """Choose all runs that match the filter, on every page; or those of a group, beside what is chosen.

    The newest 10,000 when there are more.
    """
    view = view_of(form.raw("back"))
    only = form.raw("only")
    text = only or next(iter(view.get("filter", ())), None)
    scope = Scope.of(path, form.all("experiments"))
    found = site.ask(
        FindRunIds(experiment_ids=list(scope.ids), filter=text, run_view_type=view_type(form.text("view")))
    )
    before = chosen(site, form.all).run_ids if only else ()
    if not found.run_ids:
        raise InvalidParameter("No run matches the filter, so none can be chosen.")
    kept = site.ask(CreateSelection(run_ids=list(dict.fromkeys([*before, *found.run_ids])))).selection_id
    return scope.address(site, **view, selection=kept)


def rename(site: Site, form: Form, path: Mapping[str, Any]) -> str:
    """Give an experiment another name."""
    name = form.new_name("An experiment")
    site.ask(UpdateExperiment(experiment_id=path["experiment_id"], new_name=name))
    return site.urls("experiments", path["experiment_id"], notice="experiment-renamed")


def describe(site: Site, form: Form, path: Mapping[str, Any]) -> str:
    """Save an experiment's description."""
    site.ask(SetExperimentTag(experiment_id=path["experiment_id"], key=NOTE_TAG, value=form.raw("description")))
    return site.urls("experiments", path["experiment_id"], notice="description-saved")


def delete(site: Site, _form: Form, path: Mapping[str, Any]) -> str:
    """Delete an experiment; it can be restored."""
    site.ask(DeleteExperiment(experiment_id=path["experiment_id"]))
    return site.urls("experiments", path["experiment_id"], notice="experiment-deleted")


def star(site: Site, _form: Form, path: Mapping[str, Any]) -> str:
    """Star the experiment, or take its star away."""
    turn_star_of_experiment(site, path["experiment_id"])
    return site.urls("experiments", path["experiment_id"])


def restore(site: Site, _form: Form, path: Mapping[str, Any]) -> str:
    """Bring back a deleted experiment."""
    site.ask(RestoreExperiment(experiment_id=path["experiment_id"]))
    return site.urls("experiments", path["experiment_id"], notice="experiment-restored")
