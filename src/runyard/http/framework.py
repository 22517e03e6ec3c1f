"""Errors of the web framework as ours, and the templates of pages."""

from jinja2 import BytecodeCache, Environment, FileSystemLoader, StrictUndefined
from jinja2.bccache import Bucket
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from runyard._resources import web
from runyard.exceptions import BadRequest, EndpointNotFound, MethodNotAllowed, RunyardException
from runyard.http.answers import envelope, retry_headers


class _Compiled(BytecodeCache):
    """Keeps compiled templates in memory, for all environments of this process: apps that show the same pages.

    To compile those of a page takes ten times as long as to render it.
    """

    def __init__(self) -> None:
        self._code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill a bucket, which stays empty if the text of the template is another one now."""
        code = self._code.get(bucket.key)
        if code is not None:
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled."""
        self._code[bucket.key] = bucket.bytecode_to_string()


_compiled = _Compiled()


def templates() -> Environment:
    """The templates of all pages: what they show is escaped, and a name they were not given is an error.

    They are read once, as static files are: a page has a dozen, and would look at the file of each every time.
    """
    return Environment(
        loader=FileSystemLoader(web() / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        bytecode_cache=_compiled,
        auto_reload=False,
    )


def explained(request: Request, error: HTTPException, absent: str) -> RunyardException:
    """The framework's error as one of ours; `absent` is the error for an unknown path."""
    if error.status_code == 404:
        return EndpointNotFound(absent)
    if error.status_code == 405:
        return MethodNotAllowed(f"This path does not take {request.method}.")
    known = BadRequest(error.detail)
    known.http_status = error.status_code
    return known


def json_answer(error: RunyardException) -> Response:
    """An error in its envelope."""
    headers = {name.decode(): value.decode() for name, value in retry_headers(error)}
    return Response(envelope(error), error.http_status, headers, "application/json")
