"""What is offered where more runs are chosen than can stand side by side: views that put all of them together."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from runyard.search.writing import value_text
from runyard.tracking.many_runs.messages import MAX_READ, GetRuns
from runyard.tracking.runs.messages import DescribeRuns, RunsDescribed
from runyard.ui.navigation import Crumb, Shell
from runyard.ui.parts.chosen_runs import MAX_RUNS, chosen
from runyard.ui.parts.list_state import ListState, view_of, view_type
from runyard.ui.parts.param_differences import difference
from runyard.ui.parts.runs_scope import Scope
from runyard.ui.site import Site

_MAX_GROUPINGS = 3
"""Params by which groups are offered, those that tell runs apart best."""


@dataclass(frozen=True)
class Offer:
    """A view of many runs: what its link says, where it leads, and what is seen there."""

    label: str
    href: str
    text: str


@dataclass(frozen=True)
class CompareManyPage:
    """All that compare_many.html may use.

    Attributes
    ----------
    runs: How many runs are chosen.
    most: How many can stand side by side.
    listed: Whether the views are of these runs; else they are of all runs of the view that these were chosen in.
    """

    runs: int
    most: int
    listed: bool
    offers: tuple[Offer, ...]


@dataclass(frozen=True)
class _Those:
    """The runs that are put together, as a table of runs finds them."""

    scope: Scope
    filter: str | None
    view: str

    def address(self, site: Site, **more: str) -> str:
        """Where the table shows them."""
        view = None if self.view == "active" else self.view
        return self.scope.address(site, filter=self.filter, view=view, **more)


def show(site: Site, request: Request) -> Response:
    """The page that offers views of many runs together; fewer stand side by side."""
    state = ListState.of(request)
    run_ids = chosen(site, state.all).run_ids
    if len(run_ids) <= MAX_RUNS:
        return RedirectResponse(f"{site.urls('compare')}?{request.url.query}", 303)
    those = _those(site, run_ids, state.text("back"))
    question = DescribeRuns(
        experiment_ids=list(those.scope.ids), filter=those.filter, run_view_type=view_type(those.view)
    )
    grouped = "Mean and deviation, the least, the greatest and the best value of each metric."
    offers = [
        Offer(f"In groups by {key}", those.address(site, group=f"params.{key}"), grouped)
        for key in _groupings(site.ask(question))
    ]
    drawn = "Curves, and what the params do to a metric: scatter, parallel coordinates, importance."
    offers.append(Offer("As charts", those.address(site, charts="only"), drawn))
    first = site.urls("compare", runs=",".join(run_ids[:MAX_RUNS]))
    offers.append(Offer(f"The first {MAX_RUNS} runs side by side", first, "In the order they were chosen in."))
    page = CompareManyPage(len(run_ids), MAX_RUNS, len(run_ids) <= MAX_READ, tuple(offers))
    crumbs = (Crumb("Experiments", site.urls()), Crumb("Compare"))
    return site.page(request, "compare_many", page, Shell(f"Compare {len(run_ids):,} runs", "experiments", crumbs))


def _those(site: Site, run_ids: Sequence[str], back: str) -> _Those:
    """The runs themselves, or all of the view that they were chosen in: as many as an address may name."""
    came = view_of(back, ("filter", "view", "experiments"))
    found = site.ask(GetRuns(run_ids=list(run_ids[:MAX_READ]))).runs
    ids = came.get("experiments") or list(dict.fromkeys(run.info.experiment_id for run in found))
    alone = len(ids) == 1 and "experiments" not in came
    listed = f"run_id IN ({', '.join(map(value_text, run_ids))})" if len(run_ids) <= MAX_READ else None
    return _Those(
        Scope.of({"experiment_id": ids[0]} if alone else {}, ids),
        listed or next(iter(came.get("filter", ())), None),
        next(iter(came.get("view", ())), "active"),
    )


def _groupings(described: RunsDescribed) -> list[str]:
    """The params that put runs together, those that tell most first."""
    shared = [param for param in described.param_keys if 1 < param.distinct < param.runs]
    shared.sort(key=lambda param: (-difference(param, described.described), param.key))
    return [param.key for param in shared[:_MAX_GROUPINGS]]
