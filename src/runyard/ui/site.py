"""What every view works with, and the routes that lead to the views."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from runyard.exceptions import BadRequest, InvalidParameter, PayloadTooLarge, RunyardException
from runyard.gate.gate import Gate
from runyard.protocol.answer import A
from runyard.protocol.message import Message
from runyard.ui.navigation import Shell, Urls
from runyard.ui.parts.importance import Importances
from runyard.ui.render import Renderer, notice_of

MAX_FORM = 1_000_000


@dataclass(frozen=True)
class Form:
    """A form that was sent: its fields, in order."""

    fields: tuple[tuple[str, str], ...]

    def text(self, name: str) -> str:
        """The field's text without the spaces around it; empty when it was not sent."""
        return next((value.strip() for key, value in self.fields if key == name), "")

    def raw(self, name: str) -> str:
        """The field's text as it was sent."""
        return next((value for key, value in self.fields if key == name), "")

    def tag_key(self) -> str:
        """The key of the tag that is to be set.

        Raises
        ------
        InvalidParameter: It is missing.
        """
        key = self.text("key")
        if not key:
            raise InvalidParameter("A tag needs a key. Type one and send the form again.")
        return key

    def new_name(self, owner: str) -> str:
        """The name that something is to have.

        Parameters
        ----------
        owner: What is named, for the error: ``An experiment``.

        Raises
        ------
        InvalidParameter: It is missing.
        """
        name = self.text("name")
        if not name:
            raise InvalidParameter(f"{owner} needs a name. Type one and send the form again.")
        return name

    def all(self, name: str) -> list[str]:
        """Every value of a field, such as the ticked boxes of one name."""
        return [value for key, value in self.fields if key == name]


@dataclass(frozen=True)
class Site:
    """The server as its pages see it.

    Attributes
    ----------
    gate: Performs messages.
    urls: Builds addresses.
    renderer: Renders templates.
    web: The folder with templates, static files and documentation.
    importances: What matters for metrics, found beside the requests.
    """

    gate: Gate
    urls: Urls
    renderer: Renderer
    web: Path
    importances: Importances

    def ask(self, message: Message[A]) -> A:
        """Perform a message in process: pages see what the API says."""
        return self.gate.ask(message)

    def page(self, request: Request, name: str, page: object, shell: Shell, status: int = 200) -> HTMLResponse:
        """The answer with the page `name`."""
        notice = notice_of(request)
        framed = shell if notice is None else Shell(shell.title, shell.section, shell.crumbs, notice, shell.home)
        return self.renderer.page(request, name, page, framed, status)

    def address(self, request: Request) -> str:
        """This server's address as the reader reached it, for examples that can be pasted."""
        return f"{request.url.scheme}://{request.url.netloc}{self.urls.prefix}"


View = Callable[[Site, Request], Response]
Action = Callable[[Site, Form, Mapping[str, Any]], str | Response]


def page_endpoint(site: Site, view: View) -> Callable[[Request], Response]:
    """A route's endpoint for a view: what it raises becomes a page."""

    def answer(request: Request) -> Response:
        try:
            return view(site, request)
        except HTTPException:
            raise
        except RunyardException as error:
            return site.renderer.error(request, error)
        except Exception as error:  # noqa: BLE001  (an edge: the reader gets an id, the log gets the rest)
            return site.renderer.failure(request, error)

    return answer


def action_endpoint(site: Site, action: Action) -> Any:
    """A route's endpoint for a form: it acts and sends the browser to the page the action names, or answers itself."""

    async def answer(request: Request) -> Response:
        try:
            form = await _read_form(request)
            target = await run_in_threadpool(action, site, form, request.path_params)
            return target if isinstance(target, Response) else RedirectResponse(target, 303)
        except RunyardException as error:
            return site.renderer.error(request, error)
        except Exception as error:  # noqa: BLE001  (an edge: the reader gets an id, the log gets the rest)
            return site.renderer.failure(request, error)

    return answer


async def _read_form(request: Request) -> Form:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise BadRequest("A form was expected: send application/x-www-form-urlencoded.")
    body, too_large = bytearray(), PayloadTooLarge(f"The form is over {MAX_FORM:,} bytes. Shorten what it holds.")
    if int(request.headers.get("content-length", 0)) > MAX_FORM:
        raise too_large
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_FORM:
            raise too_large
    try:
        text = body.decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=10_000)
    except ValueError:
        raise BadRequest("The form cannot be read: it is not URL-encoded UTF-8.") from None
    return Form(tuple((key, value.replace("\r\n", "\n")) for key, value in pairs))
