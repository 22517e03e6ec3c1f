"""Runs the server: opens the database, listens, and ends in order when asked to."""

import importlib
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import replace

from runyard.core.memory import tune_pools
from runyard.db.engine import parse_uri
from runyard.http import process
from runyard.http.answers import App
from runyard.http.launch import listening, serve_app, shown_address
from runyard.server.app import create_app, open_gate
from runyard.server.metrics import Metrics
from runyard.server.settings import ServerSettings

SWITCH_SECONDS = 0.001
"""How long a thread runs Python while others wait: the event loop does so several times for each request."""

MANY_WORKERS_ON_SQLITE = (
    "Warning: workers on SQLite share the work of reading, but take turns at writing: they add about 80 MB of memory "
    "each and no writes a second. Use PostgreSQL for more writes."
)


def serve(settings: ServerSettings, say: Callable[[str], None] = process.say) -> int:
    """Serve until SIGTERM or Ctrl-C; returns the exit code.

    Parameters
    ----------
    settings: The server's settings.
    say: Called with lines for the operator: the address when the server takes requests, and warnings.

    Raises
    ------
    RunyardException: The database cannot be used, or the address cannot be listened on.
    """
    os.umask(0o077)
    tune_pools()
    sys.setswitchinterval(SWITCH_SECONDS)
    with listening(settings, say) as (listener, port):
        settings = replace(settings, port=port)
        if settings.workers > 1:
            if parse_uri(settings.backend_store_uri).get_backend_name() == "sqlite":
                say(MANY_WORKERS_ON_SQLITE)
            open_gate(settings).close()  # reports once a database that cannot be used
            importlib.import_module("runyard.server.web")  # in memory shared by the workers
        announcement = f"Runyard is running at {shown_address(settings)} (Ctrl-C stops it)"
        with _metrics(settings) as metrics:
            return serve_app(lambda: _opened(settings, metrics), listener, settings, ready=lambda: say(announcement))


def _metrics(settings: ServerSettings) -> AbstractContextManager[Metrics | None]:
    return closing(Metrics(settings.workers, settings.static_prefix)) if settings.metrics else nullcontext()


@contextmanager
def _opened(settings: ServerSettings, metrics: Metrics | None) -> Iterator[App]:
    with closing(open_gate(settings)) as gate:
        yield create_app(settings, gate, metrics)
