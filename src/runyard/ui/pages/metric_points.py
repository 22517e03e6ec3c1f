"""The points of a metric for charts: columns of numbers, never more of them than the chart has pixels."""

from starlette.requests import Request
from starlette.responses import Response

from runyard.exceptions import InvalidParameter, RunyardException
from runyard.http.framework import json_answer
from runyard.tracking.metrics.messages import GetMetricCurves
from runyard.ui.parts import curve_bytes
from runyard.ui.parts.chosen_runs import chosen_ids
from runyard.ui.parts.list_state import ListState
from runyard.ui.parts.looks import looks_of
from runyard.ui.site import Site

DEFAULT_POINTS = 600
MIN_POINTS, MAX_POINTS = 4, 5000


def show(site: Site, request: Request) -> Response:
    """Steps, times and values of one metric of some runs, as `curve_bytes` spells them; errors are JSON."""
    try:
        body = _curves(site, ListState.of(request))
    except RunyardException as error:
        response = json_answer(error)
    else:
        response = Response(body, media_type=curve_bytes.MEDIA_TYPE)
    response.headers["Cache-Control"] = "no-cache"
    return response


def _curves(site: Site, state: ListState) -> bytes:
    ids, key = chosen_ids(state), state.text("key")
    if not key:
        raise InvalidParameter("No metric is named. Name it as ?key=KEY&runs=ID,ID.")
    most = _integer(state, "max") or DEFAULT_POINTS
    answer = site.ask(
        GetMetricCurves(
            run_ids=ids,
            metric_key=key,
            x_metric_key=state.text("by") or None,
            start_step=_integer(state, "start"),
            end_step=_integer(state, "end"),
            max_points=min(max(most, MIN_POINTS), MAX_POINTS),
        )
    )
    return curve_bytes.encoded(key, ids, looks_of(ids), {curve.run_id: curve for curve in answer.curves})


def _integer(state: ListState, name: str) -> int | None:
    text = state.text(name)
    if not text:
        return None
    try:
        return int(text) if len(text) < 20 else None
    except ValueError:
        raise InvalidParameter(f"Invalid value {text[:20]!r} for parameter '{name}': an integer is needed.") from None
