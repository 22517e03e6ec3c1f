"""Runs the server: opens the database, listens, and ends in order when asked to."""

import importlib
import os
import socket
from collections.abc import Callable
from dataclasses import replace

from runyard.server import process
from runyard.server.app import create_app, open_gate
from runyard.server.process import OrderlyServer, listen, log_to_stderr, raise_file_limit
from runyard.server.settings import ServerSettings
from runyard.server.workers import run_workers


def serve(settings: ServerSettings, say: Callable[[str], None] = process.say) -> int:
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
    log_to_stderr()
    raise_file_limit()
    with listen(settings.host, settings.port) as listener:
        settings = replace(settings, port=listener.getsockname()[1])
        if settings.is_public:
            host = settings.host
            say(f"Warning: {host} can be reached from other machines, and this server asks nobody who they are.")
        if settings.workers > 1:
            open_gate(settings).close()  # a database that cannot be used is said here, once
            importlib.import_module("runyard.server.web")  # in memory that the workers share
            return run_workers(
                settings.workers,
                work=lambda gone: _serve_one(settings, listener, parent_gone=gone),
                ready=lambda: _announce(settings, say),
            )
        return _serve_one(settings, listener, ready=lambda: _announce(settings, say))


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
        OrderlyServer(create_app(settings, gate), settings.limits, ready, parent_gone).run(sockets=[listener])
    finally:
        gate.close()
    return 0
