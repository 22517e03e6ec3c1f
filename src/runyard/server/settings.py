"""How a server is set up: its addresses, stores, whom it listens to, and its limits."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from runyard import settings
from runyard.artifacts.locations import absolute_location
from runyard.exceptions import InvalidParameter

DEFAULT_DATABASE = "sqlite:///runyard.db"
DEFAULT_ARTIFACTS = "runyard-artifacts"
PROXIED_ROOT = "mlflow-artifacts:/"
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})

_PREFIX = re.compile(r"(/[A-Za-z0-9._~-]+)*")
_FRAME_OPTIONS = frozenset({"SAMEORIGIN", "DENY", "NONE"})


@dataclass(frozen=True)
class Limits:
    """What one client may ask of the server.

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
    shutdown_seconds: float = 8

    @property
    def refused_body(self) -> int:
        """Length at which a body that was refused is cut off.

        It is over the largest that is taken, so that simple clients, which send all before they read, learn what was
        wrong with one that is a little too large.
        """
        return self.json_body + 4 * 2**20


@dataclass(frozen=True)
class ServerSettings:
    """Everything `runyard server` can be told.

    Attributes
    ----------
    host: Address to listen on.
    port: Port to listen on; 0 for any free one.
    backend_store_uri: The database.
    default_artifact_root: Artifact location of new experiments; by default through this server, or the destination.
    artifacts_destination: Where proxied artifacts are kept: a folder, or a URI.
    serve_artifacts: Transfer artifacts through the server.
    workers: Number of processes.
    static_prefix: Path under which everything is served, such as ``/tracking``.
    allowed_hosts: Further ``Host`` headers to accept: names with or without port, networks, ``*.example.com``.
    cors_allowed_origins: Origins whose pages may call the API, such as ``https://notebooks.example.com``.
    x_frame_options: Value of that header; ``NONE`` leaves it out.
    disable_security_middleware: Switch off the checks of Host and Origin.
    limits: What one client may ask.
    """

    host: str = "127.0.0.1"
    port: int = 5000
    backend_store_uri: str = DEFAULT_DATABASE
    default_artifact_root: str | None = None
    artifacts_destination: str = DEFAULT_ARTIFACTS
    serve_artifacts: bool = True
    workers: int = 1
    static_prefix: str = ""
    allowed_hosts: Sequence[str] = ()
    cors_allowed_origins: Sequence[str] = ()
    x_frame_options: str = "SAMEORIGIN"
    disable_security_middleware: bool = False
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        prefix = f"/{self.static_prefix.strip('/')}" if self.static_prefix.strip("/") else ""
        object.__setattr__(self, "static_prefix", prefix)
        object.__setattr__(self, "x_frame_options", self.x_frame_options.strip().upper())
        if not _PREFIX.fullmatch(prefix):
            raise InvalidParameter(
                f"The static prefix {prefix!r} is not a path: use letters, digits and . _ ~ - as in /tracking."
            )
        if self.x_frame_options not in _FRAME_OPTIONS:
            raise InvalidParameter(f"X-Frame-Options cannot be {self.x_frame_options!r}: use SAMEORIGIN, DENY or NONE.")
        if not 0 <= self.port <= 65535:
            raise InvalidParameter(f"There is no port {self.port}: use 1 to 65535, or 0 for any free one.")
        if self.workers < 1:
            raise InvalidParameter(f"A server cannot have {self.workers} workers: use 1 or more.")

    @classmethod
    def from_environment(cls, **given: Any) -> Self:
        """Settings from the ``RUNYARD_…`` and ``MLFLOW_…`` variables; what is given here and is not None wins."""
        named = {
            "host": settings.HOST,
            "port": settings.PORT,
            "backend_store_uri": settings.BACKEND_STORE_URI,
            "default_artifact_root": settings.DEFAULT_ARTIFACT_ROOT,
            "artifacts_destination": settings.ARTIFACTS_DESTINATION,
            "serve_artifacts": settings.SERVE_ARTIFACTS,
            "workers": settings.WORKERS,
            "static_prefix": settings.STATIC_PREFIX,
            "allowed_hosts": settings.SERVER_ALLOWED_HOSTS,
            "cors_allowed_origins": settings.SERVER_CORS_ALLOWED_ORIGINS,
            "x_frame_options": settings.SERVER_X_FRAME_OPTIONS,
            "disable_security_middleware": settings.SERVER_DISABLE_SECURITY_MIDDLEWARE,
        }
        values = {name: setting.get() for name, setting in named.items() if given.get(name) is None}
        chosen = {**values, **given}
        return cls(**{name: value for name, value in chosen.items() if value is not None})

    @property
    def artifact_root(self) -> str:
        """Where artifacts of new experiments go, as clients are told."""
        if self.default_artifact_root:
            return absolute_location(self.default_artifact_root)
        return PROXIED_ROOT if self.serve_artifacts else self.destination

    @property
    def destination(self) -> str:
        """Where proxied artifacts are kept: an absolute folder, or a URI."""
        return absolute_location(self.artifacts_destination)

    @property
    def is_public(self) -> bool:
        """Can other machines reach it?"""
        return self.host not in LOOPBACK and not self.host.startswith("127.")
