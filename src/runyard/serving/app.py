"""The HTTP side of a served model: `/invocations` and the checks of health here, pages for people in `web`."""

import time
from dataclasses import dataclass
from urllib.parse import parse_qs

from runyard.exceptions import InvalidParameter, MethodNotAllowed, RunyardException, Unavailable, UnsupportedMediaType
from runyard.http.access import OPERATION, Access
from runyard.http.answers import App, Receive, Scope, Send, send_error, send_json, unforeseen
from runyard.http.bodies import BodyReader, ClientGone
from runyard.http.guard import FIELDS, Guard
from runyard.http.lifespan import Lifespan
from runyard.http.tracing import Traced, Tracing
from runyard.serving.counters import Counters
from runyard.serving.description import Described
from runyard.serving.pool import Pool
from runyard.serving.scorer import Scorer, ScoringRequest, ServedModel
from runyard.serving.settings import ServingSettings
from runyard.serving.web import create_web

_JSON, _CSV = "application/json", ("text/csv", "application/csv")
_CLIENT_GONE = 499
_METHODS = {
    "/invocations": ("POST",),
    "/ping": ("GET", "HEAD"),
    "/health": ("GET", "HEAD"),
    "/version": ("GET", "HEAD"),
}


@dataclass(frozen=True)
class Served:
    """The model that a server serves.

    Attributes
    ----------
    model: The loaded model.
    described: What its pages say of it.
    """

    model: ServedModel
    described: Described


def create_app(served: Served, settings: ServingSettings, counters: Counters | None = None) -> App:
    """The ASGI application that serves a model.

    Parameters
    ----------
    served: The model.
    settings: How it is served.
    counters: Shared by all processes of the server; its own when left out.
    """
    counters = counters or Counters(1)
    counters.claim()
    scorer = Scorer(served.model, counters.predicted)
    pool = Pool(scorer.answer, settings)
    app = _ScoringApp(pool, settings, counters, served.described)
    tracing = Tracing("runyard-model") if settings.tracing else None
    lifespan = Lifespan([tracing.start] if tracing else [], lambda: _stop(pool, tracing))
    guarded = Guard(app, settings.http, lifespan)
    return Access(Traced(guarded, tracing, settings.http.static_prefix) if tracing else guarded)


def _stop(pool: Pool, tracing: Tracing | None) -> None:
    pool.close()
    if tracing:
        tracing.stop()


class _ScoringApp:
    """Answers the fixed paths itself and passes others on."""

    def __init__(self, pool: Pool, settings: ServingSettings, counters: Counters, described: Described) -> None:
        self._pool, self._settings, self._counters = pool, settings, counters
        self._bodies = BodyReader(settings.http.limits)
        self._version = described.version.encode()
        self._web = create_web(described, counters)
        self._types: dict[bytes, bool] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, method = scope["path"], scope["method"]
        allowed = _METHODS.get(path)
        scope[OPERATION] = path.removeprefix("/") if allowed else ""
        if allowed is None:
            await self._web(scope, receive, send)
        elif method not in allowed:
            error = MethodNotAllowed(f"{path} does not take {method}. Use {allowed[0]}.")
            await send_error(send, error, [(b"allow", ", ".join(allowed).encode())])
        elif path == "/invocations":
            await self._invoke(scope, receive, send)
        else:
            await self._tell(path, send)

    async def _tell(self, path: str, send: Send) -> None:
        if path == "/version":
            await send_json(send, 200, self._version)
        elif self._pool.is_stuck:
            await send_error(send, Unavailable("Every thread hangs in a prediction past its time limit."))
        else:
            await send_json(send, 200, b"\n")

    async def _invoke(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun, status = time.perf_counter(), _CLIENT_GONE
        self._counters.begin()
        try:
            body = await self._pool.answer(await self._request(scope, receive))
            status = 200
            await send_json(send, 200, body)
        except RunyardException as error:
            status = error.http_status
            await send_error(send, error)
        except ClientGone:
            pass
        except Exception as error:  # noqa: BLE001  (an edge: the client gets an id, the log gets the rest)
            status = 500
            await send_error(send, unforeseen(error, "POST /invocations"))
        finally:
            self._counters.end(status, time.perf_counter() - begun)

    async def _request(self, scope: Scope, receive: Receive) -> ScoringRequest:
        fields = scope[FIELDS]
        given = fields.get(b"content-type", b"")
        is_csv = self._types.get(given)
        if is_csv is None:
            is_csv = _is_csv(given.decode("latin-1"))
            if len(self._types) < 16:
                self._types[given] = is_csv
        bare_nan = self._settings.bare_nan if not scope["query_string"] else self._bare_nan(scope["query_string"])
        return ScoringRequest(await self._bodies.read(fields, receive), is_csv, bare_nan)

    def _bare_nan(self, query: bytes) -> bool:
        """How the caller wants NaN and Infinity: ``?nan=bare`` or ``?nan=null``."""
        wanted = parse_qs(query.decode("latin-1"), keep_blank_values=True).get("nan")
        if wanted is None:
            return self._settings.bare_nan
        if wanted not in (["bare"], ["null"]):
            raise InvalidParameter(f"nan={wanted[0]!r} is not known: use bare or null.")
        return wanted == ["bare"]


def _is_csv(given: str) -> bool:
    """Whether the body is CSV. If not it is JSON.

    Raises
    ------
    UnsupportedMediaType: It is neither, or not in UTF-8.
    """
    kind, *parameters = [part.strip() for part in given.lower().split(";")]
    if kind not in (_JSON, *_CSV):
        shown = repr(given[:100]) if given else "missing"
        raise UnsupportedMediaType(f"The Content-Type is {shown}. Send {_JSON} or {_CSV[0]}.")
    for parameter in filter(None, parameters):
        name, _, value = parameter.partition("=")
        if name.strip() != "charset":
            raise UnsupportedMediaType(
                f"The Content-Type has the parameter {name.strip()[:50]!r}. Only charset=utf-8 is taken: since "
                "version 2 of the protocol, a key of the body says what form it has, such as dataframe_split."
            )
        if value.strip().strip('"') not in ("utf-8", "utf8"):
            raise UnsupportedMediaType(f"The charset is {value.strip()[:50]!r}. Only UTF-8 is taken.")
    return kind in _CSV
