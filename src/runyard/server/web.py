"""What is not an operation of the protocol: pages, artifacts, and the API's own documentation."""

from collections.abc import Sequence
from typing import Any

import orjson
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match

from runyard.exceptions import RunyardException
from runyard.gate.gate import Gate
from runyard.http.answers import INCIDENT, unforeseen
from runyard.http.framework import explained, json_answer
from runyard.server import absent
from runyard.server.artifact_routes import artifact_router
from runyard.server.openapi import specification
from runyard.server.openapi_examples import add_examples
from runyard.server.outages import ARTIFACTS, Outage
from runyard.server.settings import ServerSettings
from runyard.ui import Pages
from runyard.ui.pages import api
from runyard.version import VERSION

_FOR_PROGRAMS = ("/api/", "/ajax-api/", "/get-artifact/", "/model-versions/get-artifact/", *absent.ROOTS)
"""Below these, errors are JSON."""


def create_web(settings: ServerSettings, gate: Gate, artifacts_outage: Outage | None = None) -> FastAPI:
    """The web framework's half of the server."""
    outage = artifacts_outage or Outage(ARTIFACTS)
    pages = Pages(gate, settings.static_prefix)
    app = FastAPI(title="Runyard", openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    artifacts, people = artifact_router(settings, gate, outage), pages.router()
    app.include_router(artifacts)
    _add_documentation(app, pages, settings)
    app.include_router(people)
    _add_error_handlers(app, pages, [*app.routes, *artifacts.routes, *people.routes])
    return app


def whole_description(routes: Sequence[BaseRoute], static_prefix: str = "") -> dict[str, Any]:
    """The OpenAPI description of the protocol and of these routes, with examples."""
    described = specification(static_prefix)
    others = get_openapi(title="Runyard", version=VERSION, routes=routes)
    described["paths"].update(others["paths"])
    described["components"]["schemas"].update(others.get("components", {}).get("schemas", {}))
    add_examples(described)
    return described


def _add_documentation(app: FastAPI, pages: Pages, settings: ServerSettings) -> None:
    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = whole_description(app.routes, settings.static_prefix)
        return app.openapi_schema

    def serve_openapi(_: Request) -> Response:
        return Response(orjson.dumps(openapi()), media_type="application/json")

    def serve_docs(request: Request) -> Response:
        return api.show(pages.site, request, openapi())

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way of replacing it
    app.add_route("/api/openapi.json", serve_openapi, include_in_schema=False)
    app.add_route("/api/docs", serve_docs, include_in_schema=False)


def _add_error_handlers(app: FastAPI, pages: Pages, routes: Sequence[BaseRoute]) -> None:
    """Errors are JSON below the API's roots and pages elsewhere; `routes` are all routes, to fill ``Allow``."""

    def deliberate(request: Request, error: Exception) -> Response:
        assert isinstance(error, RunyardException)
        return json_answer(error) if _is_api(request) else pages.error(request, error)

    def of_framework(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        known = explained(request, error, _absent(request))
        response = deliberate(request, known)
        if error.status_code == 405:
            response.headers["Allow"] = ", ".join(_methods(routes, request))
        return response

    def unknown(request: Request, error: Exception) -> Response:
        request.scope[INCIDENT] = True
        if _is_api(request):
            return json_answer(unforeseen(error, f"{request.method} {request.url.path}"))
        return pages.failure(request, error)

    app.add_exception_handler(RunyardException, deliberate)
    app.add_exception_handler(HTTPException, of_framework)
    app.add_exception_handler(Exception, unknown)


def _is_api(request: Request) -> bool:
    path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    return f"{path}/".startswith(_FOR_PROGRAMS) and path != "/api/docs"


def _absent(request: Request) -> str:
    """The error for an unknown path."""
    path = request.scope["path"]
    reason = absent.reason_for_path(path.removeprefix(request.scope.get("root_path", "")))
    return reason or f"There is nothing at {path[:200]!r}. Check the address."


def _methods(routes: Sequence[BaseRoute], request: Request) -> list[str]:
    """The methods of the routes at this path."""
    found: set[str] = set()
    for route in routes:
        match, _ = route.matches(request.scope)
        if match is not Match.NONE:
            found |= getattr(route, "methods", None) or set()
    return sorted(found)
