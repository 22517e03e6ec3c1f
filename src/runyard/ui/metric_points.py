"""The points of a metric for charts: columns of numbers, never more of them than the chart has pixels."""

from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from runyard.core.limits import MAX_INTERVAL_POINTS
from runyard.exceptions import InvalidParameter, RunyardException
from runyard.tracking.metrics.messages import GetMetricHistoryBulkInterval
from runyard.ui.chosen_runs import chosen_ids
from runyard.ui.listing import Place
from runyard.ui.records import double, finite
from runyard.ui.site import Site

DEFAULT_POINTS = 600


def show(site: Site, request: Request) -> Response:
    """Steps, times and values of one metric of some runs as JSON; what is no number is null."""
    try:
        return _answer(200, _columns(site, Place.of(request)))
    except RunyardException as error:
        return _answer(error.get_http_status_code(), error.to_wire())


def _columns(site: Site, place: Place) -> dict[str, Any]:
    ids = chosen_ids(place)
    start, end = _integer(place, "start"), _integer(place, "end")
    most = _integer(place, "max") or DEFAULT_POINTS
    answer = site.perform(
        GetMetricHistoryBulkInterval(
            run_ids=ids,
            metric_key=place.text("key"),
            start_step=start,
            end_step=end,
            max_results=min(max(most, 2), MAX_INTERVAL_POINTS),
        )
    )
    series: dict[str, dict[str, list[Any]]] = {run_id: {"step": [], "time": [], "value": []} for run_id in ids}
    for point in answer.get("metrics", ()):
        columns = series[point["run_id"]]
        columns["step"].append(point["step"])
        columns["time"].append(point["timestamp"])
        columns["value"].append(finite(double(point["value"])))
    return {"key": place.text("key"), "series": [{"run": run_id, **columns} for run_id, columns in series.items()]}


def _integer(place: Place, name: str) -> int | None:
    text = place.text(name)
    if not text:
        return None
    try:
        return int(text) if len(text) < 20 else None
    except ValueError:
        raise InvalidParameter(f"Invalid value {text[:20]!r} for parameter '{name}': an integer is needed.") from None


def _answer(status: int, body: dict[str, Any]) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json", headers={"Cache-Control": "no-cache"})
