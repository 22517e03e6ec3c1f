"""Runs the server of a model: fetches its files, loads it in each process, listens, and ends in order when asked to."""

import socket
import sys
from collections.abc import Callable
from dataclasses import replace

from runyard.exceptions import RunyardException
from runyard.server import process
from runyard.server.process import OrderlyServer, listen, log_to_stderr, raise_file_limit
from runyard.server.workers import HOPELESS, run_workers
from runyard.serving.app import Served, create_app
from runyard.serving.counters import Counters
from runyard.serving.settings import ServingSettings

_AFTER_STOP = 5

Load = Callable[[], Served]


def serve(load: Load, settings: ServingSettings, say: Callable[[str], None] = process.say) -> int:
    """Serve a model until SIGTERM or Ctrl-C; returns the exit code.

    Parameters
    ----------
    load: Loads it; called once in each process.
    settings: How it is served.
    say: Told the address when the server takes requests, and what its operator should know.

    Raises
    ------
    RunyardException: The model cannot be loaded, or the address cannot be listened on.
    """
    log_to_stderr()
    raise_file_limit()
    listener = listen(settings.host, settings.port)
    settings = replace(settings, port=listener.getsockname()[1])
    if settings.server.is_public:
        say(f"Warning: {settings.host} can be reached from other machines, and this server asks nobody who they are.")
    counters = Counters(settings.workers)
    if settings.workers == 1:
        return _serve_one(load(), settings, listener, counters, ready=lambda: _announce(settings, say))
    return run_workers(
        settings.workers,
        work=lambda gone: _work(load, settings, listener, counters, gone),
        ready=lambda: _announce(settings, say),
        stop_seconds=int(settings.server.limits.shutdown_seconds) + _AFTER_STOP,
    )


def _work(load: Load, settings: ServingSettings, listener: socket.socket, counters: Counters, gone: int) -> int:
    """A worker: what keeps it from loading the model would keep the next one too."""
    try:
        served = load()
    except RunyardException as error:
        sys.stderr.write(f"Error: {' '.join(error.message.split())}\n")
        return HOPELESS
    return _serve_one(served, settings, listener, counters, parent_gone=gone)


def _serve_one(
    served: Served,
    settings: ServingSettings,
    listener: socket.socket,
    counters: Counters,
    parent_gone: int | None = None,
    ready: Callable[[], None] | None = None,
) -> int:
    app = create_app(served, settings, counters)
    OrderlyServer(app, settings.server.limits, ready, parent_gone).run(sockets=[listener])
    return 0


def _announce(settings: ServingSettings, say: Callable[[str], None]) -> None:
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)  # noqa: S104  (named, not bound)
    shown = f"[{host}]" if ":" in host and not host.startswith("[") else host
    say(f"The model is served at http://{shown}:{settings.port}/invocations; try it at /docs (Ctrl-C stops it)")
