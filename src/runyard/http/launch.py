"""Serves an application, in this process or in several, and says where."""

import math
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from runyard.http.answers import App
from runyard.http.logs import log_to_stderr
from runyard.http.process import OrderlyServer, listen, raise_file_limit
from runyard.http.settings import HttpSettings
from runyard.http.systemd import given_listener, notify
from runyard.http.tracing import require_tracing
from runyard.http.workers import run_workers

_LATER_THAN_LAST_RESORT = 2
"""Seconds after the shutdown time at which a worker that still runs is killed."""

OpenApp = Callable[[], AbstractContextManager[App]]
Say = Callable[[str], None]


@contextmanager
def listening(settings: HttpSettings, say: Say) -> Iterator[tuple[socket.socket, int]]:
    """A socket that listens, and its port, in a process that is ready to serve.

    It is the one that systemd opened, if it did, else one at the settings' address.

    Raises
    ------
    RunyardException: The address cannot be listened on, or a package is missing that the settings need.
    """
    log_to_stderr(settings.log_level, settings.log_format)
    if settings.tracing:
        require_tracing()
    raise_file_limit()
    with given_listener() or listen(settings.host, settings.port) as listener:
        if settings.is_public:
            host = settings.host
            say(f"Warning: {host} can be reached from other machines, and this server has no authentication.")
        yield listener, listener.getsockname()[1]


def serve_app(open_app: OpenApp, listener: socket.socket, settings: HttpSettings, ready: Callable[[], None]) -> int:
    """Serve until SIGTERM or Ctrl-C; returns the exit code.

    Parameters
    ----------
    open_app: Opens the application; called once in each process, and closed when that ends.
    listener: Takes the connections.
    settings: Number of processes, and limits.
    ready: Called when requests are taken.
    """

    def serve_here(ready: Callable[[], None] | None = None, parent_gone: int | None = None) -> int:
        with open_app() as app:
            server = OrderlyServer(app, settings.limits, ready, parent_gone, settings.drain_seconds)
            server.run(sockets=[listener])
        return 0

    def running() -> None:
        ready()
        notify("READY=1")

    if settings.workers == 1:
        return serve_here(running)
    return run_workers(
        settings.workers,
        work=lambda gone: serve_here(parent_gone=gone),
        ready=running,
        stop_seconds=math.ceil(settings.drain_seconds + settings.limits.shutdown_seconds) + _LATER_THAN_LAST_RESORT,
    )


def shown_address(settings: HttpSettings) -> str:
    """The server's address as a browser on this machine takes it."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)  # noqa: S104  (named, not bound)
    shown = f"[{host}]" if ":" in host and not host.startswith("[") else host
    return f"http://{shown}:{settings.port}{settings.static_prefix}"
