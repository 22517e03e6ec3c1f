"""Options of the tracking server: its stores, and those of every server."""

from dataclasses import dataclass
from typing import Any, Self

from runyard import settings
from runyard.artifacts.addresses import absolute_location
from runyard.http.settings import HttpSettings

DEFAULT_DATABASE = "sqlite:///runyard.db"
DEFAULT_ARTIFACTS = "runyard-artifacts"
PROXIED_ROOT = "mlflow-artifacts:/"


@dataclass(frozen=True, kw_only=True)
class ServerSettings(HttpSettings):
    """The options of `runyard server`.

    Attributes
    ----------
    backend_store_uri: The database.
    default_artifact_root: Artifact location of new experiments; by default through this server, or the destination.
    artifacts_destination: Where proxied artifacts are kept: a folder, or a URI.
    serve_artifacts: Transfer artifacts through the server.
    read_seconds: How long the database may take for a read; 0 for no limit.
    request_seconds: How long an operation may take, with all its waiting; 0 for no limit. Clients wait for 120.
    metrics: Tell at ``/metrics`` how the server fares.
    compress: Pack large answers with gzip for clients that take it.
    """

    backend_store_uri: str = DEFAULT_DATABASE
    default_artifact_root: str | None = None
    artifacts_destination: str = DEFAULT_ARTIFACTS
    serve_artifacts: bool = True
    read_seconds: float = 30
    request_seconds: float = 100
    metrics: bool = True
    compress: bool = True

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
            "read_seconds": settings.STATEMENT_TIMEOUT,
            "request_seconds": settings.REQUEST_TIMEOUT,
            "metrics": settings.METRICS,
            "log_level": settings.LOG_LEVEL,
            "log_format": settings.LOG_FORMAT,
            "tracing": settings.TRACING,
            "compress": settings.COMPRESS,
            "drain_seconds": settings.DRAIN_SECONDS,
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
        """The artifact root of new experiments that clients get."""
        if self.default_artifact_root:
            return absolute_location(self.default_artifact_root)
        return PROXIED_ROOT if self.serve_artifacts else self.destination

    @property
    def destination(self) -> str:
        """Where proxied artifacts are kept: an absolute folder, or a URI."""
        return absolute_location(self.artifacts_destination)
