"""Runs the server: opens the database, listens, and ends in order when asked to."""

import asyncio
import importlib
import logging
import os
import resource
import signal
import socket
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from types import FrameType

from uvicorn.server import Server

from runyard.exceptions import RunyardException
from runyard.server.answers import App
from runyard.server.app import create_app, open_gate
from runyard.server.http_protocol import LimitedConfig, LimitedProtocol
from runyard.server.settings import ServerSettings
from runyard.server.workers import run_workers

log = logging.getLogger("runyard.server")

_BACKLOG = 2048
_LAST_RESORT_SECONDS = 1.5


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def serve(settings: ServerSettings, say: Callable[[str], None] = _say) -> int:
    """Serve until SIGTERM or Ctrl-C; returns the exit code.

    Parameters
    ----------
    settings: The server's settings.
    say: Told the address when the server takes requests, and what its operator should know.

    Raises
    ------
    RunyardException: The database cannot be used, or the address cannot be listened on.
    """
    os.umask(0o077)
    _log_to_stderr()
    _raise_file_limit()
    listener = listen(settings.host, settings.port)
    settings = replace(settings, port=listener.getsockname()[1])
    if settings.is_public:
        say(f"Warning: {settings.host} can be reached from other machines, and this server asks nobody who they are.")
    if settings.workers > 1:
        open_gate(settings).close()  # a database that cannot be used is said here, once
        importlib.import_module("runyard.server.web")  # in memory that the workers share
        return run_workers(
            settings.workers,
            work=lambda gone: _serve_one(settings, listener, parent_gone=gone),
            ready=lambda: _announce(settings, say),
        )
    return _serve_one(settings, listener, ready=lambda: _announce(settings, say))


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens at the address.

    Raises
    ------
    RunyardException: The address is taken, not ours or not allowed.
    """
    try:
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        # A name such as localhost has several addresses; clients that try the others find this one too.
        family, kind, protocol, _, address = min(found, key=lambda one: one[0] != socket.AF_INET)
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as problem:
        reason = problem.strerror or str(problem)
        raise RunyardException(
            f"Cannot listen at {host} port {port}: {reason}. Choose another with --host and --port."
        ) from None
    listener.setblocking(False)
    return listener


def _announce(settings: ServerSettings, say: Callable[[str], None]) -> None:
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)  # noqa: S104  (named, not bound)
    shown = f"[{host}]" if ":" in host and not host.startswith("[") else host
    say(f"Runyard is running at http://{shown}:{settings.port}{settings.static_prefix} (Ctrl-C stops it)")


def _serve_one(
    settings: ServerSettings,
    listener: socket.socket,
    parent_gone: int | None = None,
    ready: Callable[[], None] | None = None,
) -> int:
    """Serve in this process until told to stop."""
    gate = open_gate(settings)
    try:
        _Server(create_app(settings, gate), settings, ready, parent_gone).run(sockets=[listener])
    finally:
        gate.close()
    return 0


class _Server(Server):
    """uvicorn's server, which tells when it is ready and ends with exit code 0 when asked to stop."""

    def __init__(
        self, app: App, settings: ServerSettings, ready: Callable[[], None] | None, parent_gone: int | None
    ) -> None:
        config = LimitedConfig(
            app,
            http=LimitedProtocol,
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            backlog=_BACKLOG,
            timeout_keep_alive=settings.limits.idle_seconds,  # type: ignore[arg-type]  # call_later takes fractions
            timeout_graceful_shutdown=settings.limits.shutdown_seconds,  # type: ignore[arg-type]  # so does wait_for
        )
        config.limits = settings.limits
        super().__init__(config)
        self._ready, self._parent_gone = ready, parent_gone
        self._seconds = settings.limits.shutdown_seconds

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to take requests, and say so."""
        await super().startup(sockets)
        if self._parent_gone is not None:
            asyncio.get_running_loop().add_reader(self._parent_gone, self._orphaned, self._parent_gone)
        if self._ready is not None:
            self._ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal asks to stop; a second Ctrl-C does not wait for requests in flight."""
        if self.should_exit and sig == signal.SIGINT:
            self.force_exit = True
        self._stop()

    def _orphaned(self, parent_gone: int) -> None:
        asyncio.get_running_loop().remove_reader(parent_gone)
        self._stop()

    def _stop(self) -> None:
        if self.should_exit:
            return
        self.should_exit = True
        last_resort = threading.Timer(self._seconds + _LAST_RESORT_SECONDS, _give_up)
        last_resort.daemon = True
        last_resort.start()


def _give_up() -> None:
    log.error("the database did not let go in time; what was committed is safe, what was not is lost")
    os._exit(1)


class _OneLine(logging.Formatter):
    """Escapes control characters of messages, so that no request can forge a line of the log."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  (the standard library's name)
        """The line without its traceback."""
        text = super().formatMessage(record)
        return text if text.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def _log_to_stderr() -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_OneLine("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)


def _raise_file_limit() -> None:
    """Every connection is an open file; take as many as the system lets us."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = hard if hard != resource.RLIM_INFINITY else max(soft, 65536)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
