"""Environment variables: every name, its type, default and meaning. Standard library only.

Each setting is read as ``RUNYARD_X`` first and as MLflow's ``MLFLOW_X`` second, so that existing set-ups keep working.
``RUNYARD_X_FILE`` names a file that holds the value, as secrets of containers do; the variable itself wins.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runyard.exceptions import InvalidParameter

_TRUE, _FALSE = {"true", "1", "yes", "on"}, {"false", "0", "no", "off", ""}


def _boolean(text: str) -> bool:
    lowered = text.strip().lower()
    if lowered in _TRUE:
        return True
    if lowered in _FALSE:
        return False
    raise ValueError("use true or false")


def _number(kind: type[float] | type[int], least: float, most: float, above: bool = False) -> Callable[[str], Any]:
    """A kind for numbers between two bounds.

    Parameters
    ----------
    above: Whether the lower bound itself is excluded.
    """
    bounds = f"{'more than' if above else 'at least'} {least:g} and at most {most:g}"

    def parsed(text: str) -> Any:
        try:
            value = kind(text)
        except ValueError:
            raise ValueError(f"use a {'whole ' if kind is int else ''}number of {bounds}") from None
        if not least <= value <= most or (above and value == least):  # NaN is between no bounds
            raise ValueError(f"use a {'whole ' if kind is int else ''}number of {bounds}")
        return value

    return parsed


_seconds = _number(float, 0, 1e7, above=True)
_pause = _number(float, 0, 1e7)
_count = _number(int, 1, 1e6)
_retries = _number(int, 0, 1e6)


def _share(text: str) -> float:
    """A share; MLflow's clients accept values over 1."""
    return min(float(_pause(text)), 1.0)


def _names(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _one_of(*words: str) -> Callable[[str], str]:
    def parsed(text: str) -> str:
        if (word := text.strip().lower()) in words:
            return word
        raise ValueError(f"use {', '.join(words[:-1])} or {words[-1]}")

    return parsed


def _from_file(name: str) -> str | None:
    """What the file that ``RUNYARD_X_FILE`` names holds, without the end of its last line; None without the variable.

    Raises
    ------
    InvalidParameter: It cannot be read.
    """
    path = os.environ.get(f"{name}_FILE") if name.startswith("RUNYARD_") else None
    if path is None:
        return None
    try:
        return Path(path).read_text(encoding="utf-8").removesuffix("\n").removesuffix("\r")
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or "it is not text in UTF-8"
        raise InvalidParameter(
            f"Environment variable {name}_FILE names the file {path[:200]!r}, which cannot be read: {reason}."
        ) from None


@dataclass(frozen=True)
class Setting:
    """One environment variable under its two names.

    Attributes
    ----------
    name: The part after ``RUNYARD_`` and ``MLFLOW_``.
    help: What it does, for the reference page.
    kind: Turns the text into the value.
    default: The value when neither name is set.
    ours_only: True when MLflow has no such variable.
    """

    name: str
    help: str
    kind: Callable[[str], Any] = str
    default: Any = None
    ours_only: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The variable's names, the one that wins first."""
        return (f"RUNYARD_{self.name}",) if self.ours_only else (f"RUNYARD_{self.name}", f"MLFLOW_{self.name}")

    def get(self) -> Any:
        """The value in the environment now.

        Raises
        ------
        InvalidParameter: The variable is set to something its type does not allow.
        """
        for name in self.names:
            text = os.environ.get(name)
            if text is None:
                text = _from_file(name)
            if text is None:
                continue
            try:
                return self.kind(text)
            except ValueError as problem:
                raise InvalidParameter(
                    f"Environment variable {name} is {text[:80]!r}, which is not valid: {problem}."
                ) from None
        return self.default

    def is_set(self) -> bool:
        """Whether either name is set, even to empty text."""
        return any(name in os.environ for name in self.names)

    def set(self, value: object) -> None:
        """Set it for this process and its children, under both names so that neither shadows the other."""
        for name in self.names:
            os.environ[name] = str(value)

    def unset(self) -> None:
        """Remove both names from this process."""
        for name in self.names:
            os.environ.pop(name, None)


TRACKING_URI = Setting("TRACKING_URI", "Store that runs are logged to: http(s)://…, sqlite:///…, postgresql://…")
REGISTRY_URI = Setting("REGISTRY_URI", "Store of the model registry; the tracking URI when unset.")
EXPERIMENT_NAME = Setting("EXPERIMENT_NAME", "Experiment of new runs, by name; created if it does not exist.")
EXPERIMENT_ID = Setting(
    "EXPERIMENT_ID", "Experiment of new runs, by id; if a name is set too, both must mean the same experiment."
)
RUN_ID = Setting(
    "RUN_ID",
    "Id of the run that the first start_run() of a program resumes, unless its arguments name another or a parent.",
)
PROJECT_RUN_ID = Setting(
    "PROJECT_RUN_ID", "Set in the programs of a project: their run, active before they start it.", ours_only=True
)
ACTIVE_MODEL_ID = Setting(
    "ACTIVE_MODEL_ID", "The logged model that metrics are logged with, as set_active_model() does."
)
RUN_CONTEXT = Setting("RUN_CONTEXT", "A JSON object of tags added to every new run.")
TRACKING_USERNAME = Setting("TRACKING_USERNAME", "User name for basic authentication.")
TRACKING_PASSWORD = Setting("TRACKING_PASSWORD", "Password for basic authentication.")
TRACKING_TOKEN = Setting("TRACKING_TOKEN", "Bearer token; basic authentication wins when both are set.")
TRACKING_INSECURE_TLS = Setting("TRACKING_INSECURE_TLS", "Do not verify the server's certificate.", _boolean, False)
TRACKING_SERVER_CERT_PATH = Setting(
    "TRACKING_SERVER_CERT_PATH", "CA bundle the server's certificate is checked against."
)
TRACKING_CLIENT_CERT_PATH = Setting("TRACKING_CLIENT_CERT_PATH", "Client certificate with its key (PEM).")
HTTP_REQUEST_TIMEOUT = Setting("HTTP_REQUEST_TIMEOUT", "Timeout of one request, in seconds.", _seconds, 120.0)
HTTP_REQUEST_MAX_RETRIES = Setting(
    "HTTP_REQUEST_MAX_RETRIES", "Maximum number of retries of a failed request.", _retries, 7
)
HTTP_REQUEST_BACKOFF_FACTOR = Setting(
    "HTTP_REQUEST_BACKOFF_FACTOR", "Seconds before the first retry; doubles with each.", _pause, 2.0
)
HTTP_REQUEST_BACKOFF_JITTER = Setting("HTTP_REQUEST_BACKOFF_JITTER", "Random share of each pause, 0 to 1.", _share, 1.0)
ENABLE_ASYNC_LOGGING = Setting("ENABLE_ASYNC_LOGGING", "Make params and tags return at once too.", _boolean, False)
ENABLE_SYSTEM_METRICS_LOGGING = Setting(
    "ENABLE_SYSTEM_METRICS_LOGGING", "Log system metrics of every run.", _boolean, False
)
SYSTEM_METRICS_SAMPLING_INTERVAL = Setting(
    "SYSTEM_METRICS_SAMPLING_INTERVAL", "Seconds between samples.", _seconds, 10.0
)
SYSTEM_METRICS_SAMPLES_BEFORE_LOGGING = Setting(
    "SYSTEM_METRICS_SAMPLES_BEFORE_LOGGING", "Samples averaged into one logged point.", _count, 1
)
SYSTEM_METRICS_NODE_ID = Setting("SYSTEM_METRICS_NODE_ID", "Name of this machine in the keys of its system metrics.")
LOG_ORIGIN = Setting(
    "LOG_ORIGIN",
    "Record what runs are started with: command, folder, packages, machine and uncommitted changes.",
    _boolean,
    True,
    ours_only=True,
)
LOG_PATCH = Setting(
    "LOG_PATCH", "Record the uncommitted changes of the program's git repository.", _boolean, True, ours_only=True
)
HEARTBEATS = Setting(
    "HEARTBEATS",
    "Tell the store every 30 seconds that a started run goes on, so that it shows when it no longer does.",
    _boolean,
    True,
    ours_only=True,
)
LOG_OUTPUT = Setting(
    "LOG_OUTPUT",
    "Keep what the program prints with every run that it starts, and show it live on the run's page.",
    _boolean,
    False,
    ours_only=True,
)
LOG_OUTPUT_LIMIT = Setting(
    "LOG_OUTPUT_LIMIT",
    "Maximum size in bytes of the output that is kept of a run, at least 8 MiB; 64 MiB by default. The beginning and "
    "the end are kept.",
    _number(int, 8 * 2**20, 1e15),
    64 * 2**20,
    ours_only=True,
)
SUPPRESS_PRINTING_URL_TO_STDOUT = Setting(
    "SUPPRESS_PRINTING_URL_TO_STDOUT", "Do not print the run's address when it ends.", _boolean, False
)
ENABLE_ARTIFACTS_PROGRESS_BAR = Setting(
    "ENABLE_ARTIFACTS_PROGRESS_BAR", "Show progress of long transfers.", _boolean, True
)
SYNC_LOGGING = Setting(
    "SYNC_LOGGING", "Make every log call wait until its data is stored.", _boolean, False, ours_only=True
)
REQUIREMENTS_INFERENCE_TIMEOUT = Setting(
    "REQUIREMENTS_INFERENCE_TIMEOUT", "Timeout of inferring a model's requirements, in seconds.", _seconds, 120.0
)
DEFAULT_PREDICTION_DEVICE = Setting(
    "DEFAULT_PREDICTION_DEVICE", "Device that models predict on when the caller names none, such as cpu or cuda:1."
)
DFS_TMP = Setting(
    "DFS_TMP",
    "Folder of a cluster's file system that models of Spark pass through, where Spark's workers are other machines.",
    str,
    "/tmp/mlflow",  # noqa: S108  (MLflow's default, on the file system of the cluster)
)
ENV_ROOT = Setting("ENV_ROOT", "Folder of the environments of models and projects; ~/.runyard/environments by default.")
PROJECT_ENV_MANAGER = Setting("PROJECT_ENV_MANAGER", "Default environment manager of projects.", ours_only=True)
PROJECT_REUSE = Setting(
    "PROJECT_REUSE", "Reuse the result of an earlier, identical run of a project.", _boolean, False, ours_only=True
)
ALIAS = Setting(
    "ALIAS",
    "When `import mlflow` gives Runyard in the Pythons that a project or an aliased program starts: always, missing "
    "(only where no mlflow is installed) or never.",
    ours_only=True,
)
TMP_DIR = Setting("TMP_DIR", "Folder that projects download the values of path parameters to.")
SCORING_SERVER_REQUEST_TIMEOUT = Setting(
    "SCORING_SERVER_REQUEST_TIMEOUT", "Timeout of one request to a served model, in seconds.", _seconds, 60.0
)
MODELS_WORKERS = Setting("MODELS_WORKERS", "Number of processes that serve a model.", _count, 1)
SPOOL_DIR = Setting("SPOOL_DIR", "Folder of the write-behind journal.", str, None, ours_only=True)
SPOOL_FILES_LIMIT = Setting(
    "SPOOL_FILES_LIMIT",
    "Maximum size in bytes of artifacts kept in the spool while the server is away; 10 GiB by default.",
    _number(int, 0, 1e18),
    10 * 2**30,
    ours_only=True,
)
OFFLINE = Setting(
    "OFFLINE",
    "auto: a run whose server cannot be reached is started offline; never: starting it fails.",
    _one_of("auto", "never"),
    "auto",
    ours_only=True,
)
OFFLINE_AFTER = Setting(
    "OFFLINE_AFTER",
    "Seconds without an answer after which writes go to the journal only.",
    _number(float, 0, 1e7),
    5.0,
    ours_only=True,
)
BACKEND_STORE_URI = Setting("BACKEND_STORE_URI", "The server's database: sqlite:///… or postgresql://…")
STATEMENT_TIMEOUT = Setting(
    "STATEMENT_TIMEOUT",
    "Seconds that the server's database may take for a read, after which it is answered 422; 0 for no limit.",
    _pause,
    30.0,
    ours_only=True,
)
REQUEST_TIMEOUT = Setting(
    "REQUEST_TIMEOUT",
    "Seconds that an operation may take on the server with all its waiting, after which it is answered 504; 0 for no "
    "limit.",
    _pause,
    100.0,
    ours_only=True,
)
METRICS = Setting(
    "METRICS",
    "Tell at the server's /metrics, in Prometheus' format, how it fares.",
    _boolean,
    True,
    ours_only=True,
)
LOG_LEVEL = Setting(
    "LOG_LEVEL",
    "The least that the server logs: error, warning, info (every request has a line) or debug.",
    _one_of("error", "warning", "info", "debug"),
    "warning",
    ours_only=True,
)
LOG_FORMAT = Setting(
    "LOG_FORMAT", "How the server logs: text or json.", _one_of("text", "json"), "text", ours_only=True
)
TRACING = Setting(
    "TRACING",
    "Export a span of each request that a server answers by OpenTelemetry, whose OTEL_… variables say where to.",
    _boolean,
    False,
    ours_only=True,
)
COMPRESS = Setting(
    "COMPRESS",
    "Pack the server's large answers with gzip for clients that take it; off where a proxy does so.",
    _boolean,
    True,
    ours_only=True,
)
DRAIN_SECONDS = Setting(
    "DRAIN_SECONDS",
    "Seconds that the server goes on after SIGTERM while /ready answers 503, so that no proxy sends it more.",
    _number(float, 0, 3600),
    0.0,
    ours_only=True,
)
DEFAULT_ARTIFACT_ROOT = Setting("DEFAULT_ARTIFACT_ROOT", "Artifact location of new experiments.")
ARTIFACTS_DESTINATION = Setting("ARTIFACTS_DESTINATION", "Folder or URI where the server keeps proxied artifacts.")
SERVE_ARTIFACTS = Setting("SERVE_ARTIFACTS", "Let clients transfer artifacts through the server.", _boolean, True)
HOST = Setting("HOST", "Address the server listens on.", str, "127.0.0.1")
PORT = Setting("PORT", "Port the server listens on.", _number(int, 0, 65535), 5000)
WORKERS = Setting("WORKERS", "Number of server processes.", _count, 1)
STATIC_PREFIX = Setting("STATIC_PREFIX", "Path under which everything is served.", str, "")
SERVER_ALLOWED_HOSTS = Setting("SERVER_ALLOWED_HOSTS", "Further Host headers to accept, comma-separated.", _names, ())
SERVER_CORS_ALLOWED_ORIGINS = Setting("SERVER_CORS_ALLOWED_ORIGINS", "Origins that may call the API.", _names, ())
SERVER_DISABLE_SECURITY_MIDDLEWARE = Setting(
    "SERVER_DISABLE_SECURITY_MIDDLEWARE", "Switch off the checks of Host and Origin.", _boolean, False
)
SERVER_X_FRAME_OPTIONS = Setting("SERVER_X_FRAME_OPTIONS", "Value of the X-Frame-Options header.", str, "SAMEORIGIN")
S3_ENDPOINT_URL = Setting("S3_ENDPOINT_URL", "Address of a store that speaks S3's protocol; Amazon's when unset.")
S3_IGNORE_TLS = Setting("S3_IGNORE_TLS", "Do not verify the certificate of the S3 store.", _boolean, False)
S3_UPLOAD_EXTRA_ARGS = Setting("S3_UPLOAD_EXTRA_ARGS", "A JSON object of boto3's arguments for every upload to S3.")
S3_PUBLIC_ENDPOINT_URL = Setting(
    "S3_PUBLIC_ENDPOINT_URL",
    "Address under which clients reach the S3 store, for the addresses a server signs; S3_ENDPOINT_URL when unset.",
    ours_only=True,
)
PRESIGNED_DOWNLOAD_URL_TTL_SECONDS = Setting(
    "PRESIGNED_DOWNLOAD_URL_TTL_SECONDS",
    "Seconds that a signed download URL is valid.",
    _number(int, 1, 1e7),
    300,
)
BOTO_CLIENT_ADDRESSING_STYLE = Setting(
    "BOTO_CLIENT_ADDRESSING_STYLE", "How buckets are addressed: auto, path or virtual.", str, "auto"
)

ALL: tuple[Setting, ...] = tuple(value for value in globals().values() if isinstance(value, Setting))


def read_files() -> None:
    """Put what the files of ``RUNYARD_X_FILE`` hold into the environment, for programs that read that themselves.

    Raises
    ------
    InvalidParameter: A file cannot be read.
    """
    for setting in ALL:
        name = setting.names[0]
        text = _from_file(name) if name not in os.environ else None
        if text is not None:
            os.environ[name] = text
