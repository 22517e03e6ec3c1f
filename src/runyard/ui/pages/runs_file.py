"""The table of runs of one experiment or several as a file: every row of the view, with the columns that it shows."""

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from runyard.exceptions import DoesNotExist, MissingPackage, NotImplementedHere
from runyard.tracking.runs.entities import Run
from runyard.tracking.runs.messages import DescribeRuns, SearchRuns
from runyard.ui.parts.columns import ValueColumn, choose_columns
from runyard.ui.parts.groups_export import head_of_groups, rows_of_groups
from runyard.ui.parts.list_state import ListState, view_type
from runyard.ui.parts.own_columns import around
from runyard.ui.parts.run_groups import NEWEST_FIRST, question_of
from runyard.ui.parts.runs_export import WRITERS, columns_of, head_of, row_of
from runyard.ui.parts.runs_scope import Scope
from runyard.ui.parts.sorting import order_terms
from runyard.ui.site import Site

PIECE = 1000
"""Runs that are read and written at once."""


def show(site: Site, request: Request) -> Response:
    """The file. It is sent as it is read: the runs of a view may be very many.

    Raises
    ------
    DoesNotExist: There are no files of this kind.
    NotImplementedHere: The package that writes them is not installed.
    """
    suffix, state = request.path_params["suffix"], ListState.of(request)
    if suffix not in WRITERS:
        kinds = ", ".join(f".{kind}" for kind in WRITERS)
        raise DoesNotExist(f"There are no files '.{suffix[:20]}' of runs; there are: {kinds}.")
    scope = Scope.of(request.path_params, state.all("experiments"))
    experiments = scope.experiments(site)
    stage = "active" if scope.several else experiments[0].lifecycle_stage
    view = state.choice("view", (stage, "active", "deleted", "all"))
    question = SearchRuns(
        experiment_ids=list(scope.ids),
        filter=state.text("filter") or None,
        run_view_type=view_type(view),
        order_by=order_terms(state.all("order"), NEWEST_FIRST),
        max_results=PIECE,
    )
    described = site.ask(
        DescribeRuns(
            experiment_ids=question.experiment_ids, filter=question.filter, run_view_type=question.run_view_type
        )
    )
    choice = choose_columns(described, state.all("col"), with_equal=bool(state.text("equal")))
    media_type, write = WRITERS[suffix]
    if state.all("group"):
        metrics = [column.key for column in choice.shown if column.kind == "metrics"]
        same = {"experiment_ids": question.experiment_ids, "filter": question.filter}
        grouped = question_of(state, {**same, "run_view_type": question.run_view_type}, metrics, PIECE)
        written = write(head_of_groups(grouped, metrics), rows_of_groups(site, grouped, metrics))
        return _file(written, media_type, f"groups.{suffix}")
    names = {experiment.experiment_id: experiment.name for experiment in experiments}
    columns = columns_of(choice, several=scope.several, deleted=question.run_view_type == "DELETED_ONLY")
    written = write(head_of(columns), _rows(site, question, columns, names))
    return _file(written, media_type, f"runs.{suffix}" if scope.several else f"experiment-{scope.ids[0]}.{suffix}")


def _file(written: Iterator[bytes], media_type: str, name: str) -> StreamingResponse:
    """The file as it is sent.

    Raises
    ------
    NotImplementedHere: The package that writes it is not installed.
    """
    try:
        first = next(written)  # what is wrong with the question is said before the file begins
    except MissingPackage as error:
        raise NotImplementedHere(str(error)) from None
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-cache"}
    return StreamingResponse(itertools.chain([first], written), media_type=media_type, headers=headers)


def _rows(
    site: Site, question: SearchRuns, columns: list[ValueColumn], experiments: Mapping[str, str]
) -> Iterator[list[list[Any]]]:
    """The rows of the file, some at a time."""
    names = [column.name for column in columns]
    for runs in _pieces(site, question):
        beside = around(site, names, runs, experiments)
        yield [row_of(run, columns, beside) for run in runs]


def _pieces(site: Site, question: SearchRuns) -> Iterator[list[Run]]:
    while True:
        found = site.ask(question)
        yield found.runs
        if not found.next_page_token:
            return
        question.page_token = found.next_page_token
