"""What the plots over all runs of a view are made of: values of runs as columns, and which params matter."""

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from runyard.exceptions import InvalidParameter, RunyardException
from runyard.http.framework import json_answer
from runyard.protocol.codec import encode
from runyard.search.fields import RUN_FIELDS
from runyard.search.parser import parse_filter
from runyard.tracking.run_values.messages import MAX_SAMPLED, GetRunValues
from runyard.ui.parts.importance import Question
from runyard.ui.parts.importance_words import answer_of
from runyard.ui.parts.list_state import ListState, view_type
from runyard.ui.parts.runs_scope import Scope
from runyard.ui.site import Site


def values(site: Site, request: Request) -> Response:
    """Columns of values, as the operation answers them; errors are JSON."""
    return _answer(site, request, _values)


def importance(site: Site, request: Request) -> Response:
    """What matters for a metric, or that it is being found out; errors are JSON."""
    return _answer(site, request, _importance)


def _answer(site: Site, request: Request, answered: Callable[[Site, ListState], dict[str, Any]]) -> Response:
    try:
        body = answered(site, ListState.of(request))
    except RunyardException as error:
        response = json_answer(error)
    else:
        response = Response(encode(body), media_type="application/json")
    response.headers["Cache-Control"] = "no-cache"
    return response


def _values(site: Site, state: ListState) -> dict[str, Any]:
    return site.gate.perform(
        GetRunValues(
            experiment_ids=list(Scope.of({}, state.all("experiments")).ids),
            filter=state.text("filter") or None,
            run_view_type=view_type(state.text("view")),
            columns=list(state.all("column")),
            max_runs=MAX_SAMPLED,
        )
    )


def _importance(site: Site, state: ListState) -> dict[str, Any]:
    metric, text = state.text("metric"), state.text("filter")
    if not metric:
        raise InvalidParameter("No metric is named. Name it as ?metric=KEY&experiments=ID.")
    parse_filter(text, RUN_FIELDS, strict=True)
    ids = Scope.of({}, state.all("experiments")).ids
    return answer_of(site.importances.find(Question(ids, text, view_type(state.text("view")), metric)), metric)
