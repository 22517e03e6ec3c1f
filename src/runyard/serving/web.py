"""What people and monitors read of a served model: the page that tries it, its OpenAPI document, its metrics."""

import orjson
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from runyard._resources import web
from runyard.http.framework import explained, json_answer, templates
from runyard.serving.counters import Counters
from runyard.serving.description import Described


def create_web(described: Described, counters: Counters) -> FastAPI:
    """The web framework's half of the server."""
    app = FastAPI(title=described.name, openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    specification = orjson.dumps(described.openapi)
    page = templates().get_template("serving.html").render(model=described)

    def serve_page(_: Request) -> Response:
        return HTMLResponse(page)

    def serve_specification(_: Request) -> Response:
        return Response(specification, media_type="application/json")

    def serve_metrics(request: Request) -> Response:
        body, kind = counters.text(request.headers.get("accept", ""))
        return Response(body, headers={"content-type": kind})

    def go_to_page(_: Request) -> Response:
        return RedirectResponse("docs")

    app.add_route("/", go_to_page, include_in_schema=False)
    app.add_route("/docs", serve_page, include_in_schema=False)
    app.add_route("/openapi.json", serve_specification, include_in_schema=False)
    app.add_route("/metrics", serve_metrics, include_in_schema=False)
    app.mount("/static", StaticFiles(directory=web() / "static"))
    app.add_exception_handler(HTTPException, _as_envelope)
    return app


def _as_envelope(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    absent = f"There is nothing at {request.url.path[:200]!r}. Predictions are at POST /invocations."
    answer = json_answer(explained(request, error, absent))
    answer.headers.update(error.headers or {})
    return answer
