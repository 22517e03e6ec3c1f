"""The points of a metric for charts: columns of numbers, never more of them than the chart has pixels."""

import math
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from runyard.exceptions import InvalidParameter, RunyardException
from runyard.http.framework import json_answer
from runyard.tracking.metrics.messages import GetMetricCurves, MetricCurve
from runyard.ui.parts.chosen_runs import chosen_ids
from runyard.ui.parts.list_state import ListState
from runyard.ui.parts.looks import looks_of
from runyard.ui.site import Site

DEFAULT_POINTS = 600
MIN_POINTS, MAX_POINTS = 4, 5000


def show(site: Site, request: Request) -> Response:
    """Steps, times and values of one metric of some runs as JSON; NaN and infinities are null."""
    try:
        body = orjson.dumps(_columns(site, ListState.of(request)))
    except RunyardException as error:
        response = json_answer(error)
    else:
        response = Response(body, media_type="application/json")
    response.headers["Cache-Control"] = "no-cache"
    return response


def _columns(site: Site, state: ListState) -> dict[str, Any]:
    ids, key = chosen_ids(state), state.text("key")
    if not key:
        raise InvalidParameter("No metric is named. Name it as ?key=KEY&runs=ID,ID.")
    start, end = _integer(state, "start"), _integer(state, "end")
    most = _integer(state, "max") or DEFAULT_POINTS
    answer = site.ask(
        GetMetricCurves(
            run_ids=ids,
            metric_key=key,
            start_step=start,
            end_step=end,
            max_points=min(max(most, MIN_POINTS), MAX_POINTS),
        )
    )
    curves = {curve.run_id: curve for curve in answer.curves}
    looks = looks_of(ids)
    return {"key": key, "series": [_series(run_id, looks[run_id], curves.get(run_id)) for run_id in ids]}


def _series(run_id: str, look: int, curve: MetricCurve | None) -> dict[str, Any]:
    if curve is None:
        return {"run": run_id, "look": look, "step": [], "time": [], "value": []}
    values = [value if math.isfinite(value) else None for value in curve.values]
    return {"run": run_id, "look": look, "step": curve.steps, "time": curve.timestamps, "value": values}


def _integer(state: ListState, name: str) -> int | None:
    text = state.text(name)
    if not text:
        return None
    try:
        return int(text) if len(text) < 20 else None
    except ValueError:
        raise InvalidParameter(f"Invalid value {text[:20]!r} for parameter '{name}': an integer is needed.") from None
