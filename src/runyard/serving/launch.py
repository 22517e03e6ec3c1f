"""Runs the server of a model: fetches its files, loads it in each process, listens, and ends in order when asked to."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from runyard.exceptions import RunyardException
from runyard.http import process
from runyard.http.answers import App
from runyard.http.launch import listening, serve_app, shown_address
from runyard.http.workers import WorkersCannotStart
from runyard.serving.app import Served, create_app
from runyard.serving.counters import Counters
from runyard.serving.settings import ServingSettings

Load = Callable[[], Served]


def serve(load: Load, settings: ServingSettings, say: Callable[[str], None] = process.say) -> int:
    """Serve a model until SIGTERM or Ctrl-C; returns the exit code.

    Parameters
    ----------
    load: Loads it; called once in each process.
    settings: How it is served.
    say: Called with lines for the operator: the address when the server takes requests, and warnings.

    Raises
    ------
    RunyardException: The model cannot be loaded, or the address cannot be listened on.
    """
    with listening(settings.http, say) as (listener, port):
        settings = replace(settings, port=port)
        counters = Counters(settings.workers)
        address = shown_address(settings.http)
        announcement = f"The model is served at {address}/invocations; try it at /docs (Ctrl-C stops it)"
        return serve_app(
            lambda: _opened(load, settings, counters), listener, settings.http, ready=lambda: say(announcement)
        )


@contextmanager
def _opened(load: Load, settings: ServingSettings, counters: Counters) -> Iterator[App]:
    try:
        served = load()
    except RunyardException as error:
        if settings.workers == 1:
            raise
        raise WorkersCannotStart(error.message) from None
    yield create_app(served, settings, counters)
