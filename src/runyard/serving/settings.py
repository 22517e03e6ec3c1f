"""Options of a model server: address, limits and batching."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from runyard.exceptions import InvalidParameter
from runyard.http.settings import HttpSettings, Limits

_MAX_STOP = 25.0


@dataclass(frozen=True)
class ServingSettings:
    """The options of `runyard models serve`.

    Attributes
    ----------
    host: Address to listen on.
    port: Port to listen on; 0 for any free one.
    timeout: Seconds a request may take, waiting included; then it is answered 504.
    workers: Number of processes, each with the model in its memory.
    threads: Predictions one process makes at the same time, at most. The second and later ones are used only when a
        prediction takes long, as one that asks another service does.
    most_waiting: Requests that may wait for a thread; more are answered 503.
    batch_size: Requests that one call of `predict` may answer together; 1 switches batching off.
    batch_wait: Seconds a request may wait for others to share its call.
    bare_nan: Write NaN and Infinity as those words, as MLflow does, instead of null.
    allowed_hosts: Host headers to accept. Empty: this machine's own names when `host` is this machine alone, any
        otherwise.
    log_level: The least that is logged: ``error``, ``warning``, ``info`` (every request has a line) or ``debug``.
    log_format: ``text`` or ``json``.
    tracing: Export a span of each request by OpenTelemetry.
    """

    host: str = "127.0.0.1"
    port: int = 5000
    timeout: float = 60.0
    workers: int = 1
    threads: int = 16
    most_waiting: int = 1000
    batch_size: int = 1
    batch_wait: float = 0.0
    bare_nan: bool = False
    allowed_hosts: Sequence[str] = ()
    log_level: str = "warning"
    log_format: str = "text"
    tracing: bool = False

    def __post_init__(self) -> None:
        for name, least in (("workers", 1), ("threads", 1), ("most_waiting", 1), ("batch_size", 1)):
            if getattr(self, name) < least:
                raise InvalidParameter(f"{name} cannot be {getattr(self, name)}: use {least} or more.")
        if self.timeout <= 0:
            raise InvalidParameter(f"The time limit cannot be {self.timeout} seconds: use a number above 0.")
        if not 0 <= self.batch_wait < self.timeout:
            raise InvalidParameter(f"A wait of {self.batch_wait} s for a batch must be below the time limit.")

    @property
    def http(self) -> HttpSettings:
        """The same for the parts that all servers share."""
        limits = Limits(
            json_body=256 * 2**20, waiting_bodies=1024 * 2**20, shutdown_seconds=min(self.timeout, _MAX_STOP)
        )
        shared = HttpSettings(
            host=self.host,
            port=self.port,
            workers=self.workers,
            allowed_hosts=self.allowed_hosts,
            log_level=self.log_level,
            log_format=self.log_format,
            tracing=self.tracing,
            limits=limits,
        )
        return replace(shared, disable_security_middleware=shared.is_public and not self.allowed_hosts)
