"""The same series of images of several runs, beside each other at one step."""

from dataclasses import asdict, dataclass
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from runyard.exceptions import RunyardException
from runyard.http.framework import json_answer
from runyard.tracking.runs.entities import Run
from runyard.ui.navigation import Crumb, Shell
from runyard.ui.parts.chosen_runs import chosen_runs
from runyard.ui.parts.image_series import SeriesOfRuns, series_of_runs
from runyard.ui.parts.list_state import ListState
from runyard.ui.site import Site


@dataclass(frozen=True)
class ImagesPage:
    """All that images.html may use.

    Attributes
    ----------
    shown: The picture of each run at the first step, for readers without scripts.
    """

    runs: tuple[Run, ...]
    ids: str
    key: str
    series: SeriesOfRuns
    shown: tuple[dict[str, Any], ...]


def show(site: Site, request: Request) -> Response:
    """The page of the series of the runs that the address names."""
    state = ListState.of(request)
    runs = chosen_runs(site, state)
    series = series_of_runs(site, runs, state.text("key"))
    shown = tuple(_first(site, run) for run in series.runs if run["pictures"])
    ids = ",".join(run.info.run_id for run in runs)
    page = ImagesPage(tuple(runs), ids, series.key, series, shown)
    title = f"Images of {len(runs)} runs" if len(runs) > 1 else "Images"
    crumbs = (Crumb("Experiments", site.urls()), Crumb("Compare", site.urls("compare", runs=ids)), Crumb("Images"))
    return site.page(request, "images", page, Shell(title, "experiments", crumbs))


def _first(site: Site, run: dict[str, Any]) -> dict[str, Any]:
    step, path, small, _ = run["pictures"][0]
    address = site.urls("get-artifact", run_id=run["id"], path=small or path)
    return {"name": run["name"], "href": run["href"], "step": step, "address": address}


def pictures(site: Site, request: Request) -> Response:
    """The pictures of one series, for ``<image-series>``; errors are JSON."""
    try:
        state = ListState.of(request)
        found = series_of_runs(site, chosen_runs(site, state), state.text("key"))
    except RunyardException as error:
        response = json_answer(error)
    else:
        response = Response(orjson.dumps(asdict(found)), media_type="application/json")
    response.headers["Cache-Control"] = "no-cache"
    return response
