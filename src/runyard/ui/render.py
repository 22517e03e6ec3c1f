"""Turns what a view built into a page: the Jinja environment, and the pages for errors."""

import logging
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from runyard.core.clock import now_ms
from runyard.exceptions import RunyardException, Unavailable
from runyard.http.framework import templates
from runyard.http.request_ids import incident_id
from runyard.ui.navigation import NOTICES, Crumb, Shell, Urls
from runyard.ui.parts import format as formats
from runyard.ui.parts import presentation, system_metrics
from runyard.ui.static import StaticFiles
from runyard.version import __version__

log = logging.getLogger(__name__)

_THEME = "runyard-theme"
"""The cookie that ``web/static/js/shell.js`` sets."""


@dataclass(frozen=True)
class ErrorPage:
    """All that error.html may use."""

    status: int
    reason: str
    message: str
    back: str
    incident: str | None = None


class Renderer:
    """Renders templates with everything escaped and nothing undefined.

    Parameters
    ----------
    urls: Builds addresses.
    statics: The static files.
    """

    def __init__(self, urls: Urls, statics: StaticFiles) -> None:
        self.urls = urls
        self.environment = templates()
        self.environment.filters.update(formats.FILTERS | presentation.FILTERS | system_metrics.FILTERS)
        self.environment.globals.update(
            url=urls, static=statics.url, with_imports=statics.with_imports, version=__version__
        )
        self.environment.tests.update(presentation.TESTS)

    def page(self, request: Request, name: str, page: object, shell: Shell, status: int = 200) -> HTMLResponse:
        """The page `name`, whose template may use what `page` holds and nothing else."""
        return self._answer(request, f"pages/{name}.html", page, shell, status)

    def error(self, request: Request, error: RunyardException) -> Response:
        """The page that says what was wrong with a request."""
        status = error.get_http_status_code()
        headers = {"Retry-After": str(error.retry_after)} if isinstance(error, Unavailable) else None
        response = self._error_page(request, status, error.message)
        response.headers.update(headers or {})
        return response

    def failure(self, request: Request, error: Exception) -> Response:
        """The page for an unexpected error: it is logged with an id, and the page shows only the id."""
        incident = incident_id()
        log.error("page %s failed, incident %s", request.url.path, incident, exc_info=error)
        return self._error_page(request, 500, "Something went wrong on the server. Its log says what.", incident)

    def _error_page(self, request: Request, status: int, message: str, incident: str | None = None) -> HTMLResponse:
        reason = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "Error"
        page = ErrorPage(status, reason, message, self._back(request), incident)
        return self._answer(request, "error.html", page, Shell(title=reason, crumbs=(Crumb(reason),)), status)

    def _back(self, request: Request) -> str:
        """Where the reader came from, when that was a page of this server."""
        referrer, here = request.headers.get("referer", ""), f"{request.url.scheme}://{request.url.netloc}/"
        return referrer if referrer.startswith(here) and referrer != str(request.url) else self.urls()

    def _answer(self, request: Request, template: str, page: object, shell: Shell, status: int) -> HTMLResponse:
        context: dict[str, Any] = {"page": page, "shell": shell, "now": now_ms(), "theme": chosen_theme(request)}
        html = self.environment.get_template(template).render(context)
        return HTMLResponse(html, status, headers={"Cache-Control": "no-store" if status >= 400 else "no-cache"})


def chosen_theme(request: Request) -> str:
    """``light`` or ``dark`` where the reader chose one: a script that looked it up would hold up the page."""
    theme = request.cookies.get(_THEME, "")
    return theme if theme in ("light", "dark") else ""


def notice_of(request: Request) -> str | None:
    """The line about what has just been done, by its code in the address."""
    return NOTICES.get(request.query_params.get("notice", ""))
