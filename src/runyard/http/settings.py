"""Options of a server: its address, the hosts it accepts, and its limits."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from runyard.exceptions import InvalidParameter
from runyard.http.logs import FORMATS, LEVELS

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})

_PREFIX = re.compile(r"(/[A-Za-z0-9._~-]+)*")
_FRAME_OPTIONS = frozenset({"SAMEORIGIN", "DENY", "NONE"})


@dataclass(frozen=True)
class Limits:
    """Limits of one client.

    Attributes
    ----------
    json_body: Bytes of a JSON body, counted before and after unpacking.
    waiting_bodies: Bytes of all unfinished bodies together; more are answered 503.
    waiting_reads: Read operations in progress at one time; more are answered 503.
    head_bytes: Bytes of a request's line and headers together.
    head_fields: Number of headers.
    head_seconds: Time for the line and headers to arrive.
    idle_seconds: How long a connection may wait for its next request.
    body_rate: Bytes a second that a body must bring, on average over `body_window`.
    body_window: Seconds over which a body's speed is judged, and a reader may take nothing of its answer.
    linger_seconds: How long the rest of a body that was refused is read and thrown away.
    connections: Open connections; more are answered 503.
    event_streams: Connections of a process on which pages hear of changes; more are answered 503.
    shutdown_seconds: Time for requests in flight to end after SIGTERM.
    """

    json_body: int = 32 * 2**20
    waiting_bodies: int = 256 * 2**20
    waiting_reads: int = 1024
    head_bytes: int = 64 * 2**10
    head_fields: int = 100
    head_seconds: float = 20
    idle_seconds: float = 30
    body_rate: int = 1024
    body_window: float = 60
    linger_seconds: float = 5
    connections: int = 4096
    event_streams: int = 1000
    shutdown_seconds: float = 8

    @property
    def refused_body(self) -> int:
        """Length at which a body that was refused is cut off.

        It is over the largest that is taken, so that simple clients, which send all before they read, learn what was
        wrong with one that is a little too large.
        """
        return self.json_body + 4 * 2**20


@dataclass(frozen=True, kw_only=True)
class HttpSettings:
    """Options of every server of ours.

    Attributes
    ----------
    host: Address to listen on.
    port: Port to listen on; 0 for any free one.
    workers: Number of processes.
    static_prefix: Path under which everything is served, such as ``/tracking``.
    allowed_hosts: Further ``Host`` headers to accept: names with or without port, networks, ``*.example.com``.
    cors_allowed_origins: Origins whose pages may call the API, such as ``https://notebooks.example.com``.
    x_frame_options: Value of that header; ``NONE`` leaves it out.
    disable_security_middleware: Switch off the checks of Host and Origin.
    log_level: The least that is logged: ``error``, ``warning``, ``info`` (every request has a line) or ``debug``.
    log_format: ``text`` or ``json``.
    tracing: Export a span of each request by OpenTelemetry.
    drain_seconds: How long it goes on after SIGTERM, saying that it is not ready, before it takes no more requests.
    limits: Limits of one client.
    """

    host: str = "127.0.0.1"
    port: int = 5000
    workers: int = 1
    static_prefix: str = ""
    allowed_hosts: Sequence[str] = ()
    cors_allowed_origins: Sequence[str] = ()
    x_frame_options: str = "SAMEORIGIN"
    disable_security_middleware: bool = False
    log_level: str = "warning"
    log_format: str = "text"
    tracing: bool = False
    drain_seconds: float = 0
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        prefix = f"/{self.static_prefix.strip('/')}" if self.static_prefix.strip("/") else ""
        object.__setattr__(self, "static_prefix", prefix)
        object.__setattr__(self, "log_level", self.log_level.strip().lower())
        object.__setattr__(self, "log_format", self.log_format.strip().lower())
        object.__setattr__(self, "x_frame_options", self.x_frame_options.strip().upper())
        if not _PREFIX.fullmatch(prefix):
            raise InvalidParameter(
                f"The static prefix {prefix!r} is not a path: use letters, digits and . _ ~ - as in /tracking."
            )
        if self.x_frame_options not in _FRAME_OPTIONS:
            raise InvalidParameter(f"X-Frame-Options cannot be {self.x_frame_options!r}: use SAMEORIGIN, DENY or NONE.")
        if not 0 <= self.port <= 65535:
            raise InvalidParameter(f"There is no port {self.port}: use 1 to 65535, or 0 for any free one.")
        if self.log_level not in LEVELS:
            raise InvalidParameter(f"There is no log level {self.log_level!r}: use {', '.join(LEVELS)}.")
        if self.log_format not in FORMATS:
            raise InvalidParameter(f"Logs cannot be written as {self.log_format!r}: use {' or '.join(FORMATS)}.")
        if self.workers < 1:
            raise InvalidParameter(f"A server cannot have {self.workers} workers: use 1 or more.")

    @property
    def is_public(self) -> bool:
        """Whether other machines can reach it."""
        return self.host not in LOOPBACK and not self.host.startswith("127.")
