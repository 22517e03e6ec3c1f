"""A server process: listens, says when it is ready, and ends in order when asked to."""

import asyncio
import contextlib
import logging
import os
import resource
import signal
import socket
import sys
import threading
from collections.abc import Callable, Generator
from types import FrameType

from uvicorn.server import Server

from runyard.exceptions import RunyardException
from runyard.http.answers import App
from runyard.http.protocol import LimitedConfig, LimitedProtocol
from runyard.http.settings import Limits
from runyard.http.systemd import notify
from runyard.http.workers import ending_signals

log = logging.getLogger("runyard.http")

_BACKLOG = 2048
_LAST_RESORT_SECONDS = 1.5
ENDING = "runyard.ending"
"""Key in the state of requests, set from SIGTERM on while the server still takes them."""
AT_END = "runyard.at_end"
"""Key in the state of requests: a list to which answers without an end add what ends them, called when it is time."""


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


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


class OrderlyServer(Server):
    """uvicorn's server; it reports when it is ready and exits with code 0 when asked to stop.

    Parameters
    ----------
    app: What is served.
    limits: Limits of a client, and the time for requests in flight to end.
    ready: Called when it takes requests.
    parent_gone: A file descriptor; the server ends when it becomes readable.
    drain_seconds: How long it goes on taking requests after SIGTERM; another signal ends that.
    """

    def __init__(
        self,
        app: App,
        limits: Limits,
        ready: Callable[[], None] | None = None,
        parent_gone: int | None = None,
        drain_seconds: float = 0,
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
            timeout_keep_alive=limits.idle_seconds,  # type: ignore[arg-type]  # call_later takes fractions
            timeout_graceful_shutdown=limits.shutdown_seconds,  # type: ignore[arg-type]  # so does wait_for
        )
        config.limits = limits
        super().__init__(config)
        self._ready, self._parent_gone = ready, parent_gone
        self._seconds, self._drain_seconds = limits.shutdown_seconds, drain_seconds

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to take requests, and print the address."""
        self.lifespan.state[AT_END] = []
        await super().startup(sockets)
        if self._parent_gone is not None:
            asyncio.get_running_loop().add_reader(self._parent_gone, self._orphaned, self._parent_gone)
        if self._ready is not None:
            self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End what would go on for ever, then wait for requests in flight."""
        for end in self.lifespan.state[AT_END]:
            end()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Listen for signals that ask to stop; the end of the terminal is one, unless it is to be ignored (nohup)."""
        with super().capture_signals():
            if threading.current_thread() is threading.main_thread() and signal.SIGHUP in ending_signals():
                signal.signal(signal.SIGHUP, self.handle_exit)
            yield

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal asks to stop; a second Ctrl-C does not wait for requests in flight."""
        if self.should_exit and sig == signal.SIGINT:
            self.force_exit = True
        if self._parent_gone is None:
            notify("STOPPING=1")
        seconds, self._drain_seconds = self._drain_seconds, 0
        if not seconds or not self.started or sig != signal.SIGTERM:
            self._stop()
            return
        self.lifespan.state[ENDING] = True
        drained = threading.Timer(seconds, self._stop)
        drained.daemon = True
        drained.start()

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
    log.error("what was in flight did not end in time; what was stored is safe, what was not is lost")
    os._exit(1)


def raise_file_limit() -> None:
    """Raise the limit of open files to the system's maximum: every connection is an open file."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = hard if hard != resource.RLIM_INFINITY else max(soft, 65536)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
