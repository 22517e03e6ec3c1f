"""`runyard server`, also called `runyard ui`: the tracking server with its pages."""

from collections.abc import Callable
from typing import Any

import click

from runyard import settings
from runyard.cli.choices import Command, observing_options, variables


def _option(*names: str, variable: str, **details: Any) -> Callable[[Command], Command]:
    """An option that is also read from its two environment variables."""
    return click.option(*names, envvar=variables(variable), show_envvar=True, **details)


class _Seconds(click.ParamType[float]):
    """A number of seconds that a setting takes too, with the same bounds."""

    name = "seconds"

    def __init__(self, setting: settings.Setting) -> None:
        self._setting = setting

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The number; one out of bounds is wrong usage."""
        try:
            return float(self._setting.kind(str(value)))
        except ValueError as problem:
            self.fail(f"{value!r} is not valid: {problem}.", param, ctx)


def _seconds(flag: str, name: str, setting: settings.Setting, **details: Any) -> Callable[[Command], Command]:
    """An option for a number of seconds, `name` in the server's settings."""
    return click.option(flag, name, type=_Seconds(setting), envvar=list(setting.names), show_envvar=True, **details)


def _listed(_ctx: click.Context, _param: click.Parameter, text: str | None) -> list[str] | None:
    return None if text is None else [part.strip() for part in text.split(",") if part.strip()]


# -h names the host, as in MLflow's command line.
@click.command(context_settings={"help_option_names": ["--help"]})
@_option("-h", "--host", variable="HOST", help="Address to listen on; 127.0.0.1 by default.")
@_option("-p", "--port", variable="PORT", type=click.IntRange(0, 65535), help="Port to listen on; 5000 by default.")
@_option(
    "--backend-store-uri",
    variable="BACKEND_STORE_URI",
    help="Database: sqlite:///file.db or postgresql://user@host/name; ./runyard.db by default.",
)
@_option(
    "--registry-store-uri",
    variable="REGISTRY_STORE_URI",
    help="Accepted for the sake of existing start scripts; the registry lives in the backend store.",
)
@_option(
    "--default-artifact-root",
    variable="DEFAULT_ARTIFACT_ROOT",
    help="Artifact location of new experiments; through this server by default.",
)
@_option(
    "--artifacts-destination",
    variable="ARTIFACTS_DESTINATION",
    help="Where artifacts sent through this server are kept; ./runyard-artifacts by default.",
)
@_option(
    "--serve-artifacts/--no-serve-artifacts",
    variable="SERVE_ARTIFACTS",
    default=None,
    help="Whether clients may send and fetch artifacts through this server; they may by default.",
)
@_option(
    "--compress/--no-compress",
    variable="COMPRESS",
    default=None,
    help="Whether large answers are packed with gzip for clients that take it; they are by default.",
)
@_option(
    "--metrics/--no-metrics",
    variable="METRICS",
    default=None,
    help="Whether /metrics tells, in Prometheus' format, how the server fares; it does by default.",
)
@observing_options
@_option("-w", "--workers", variable="WORKERS", type=click.IntRange(min=1), help="Number of processes; 1 by default.")
@_seconds(
    "--statement-timeout",
    "read_seconds",
    settings.STATEMENT_TIMEOUT,
    help="Seconds that the database may take for a read, after which it is answered 422; 30 by default, 0 for no "
    "limit.",
)
@_seconds(
    "--request-timeout",
    "request_seconds",
    settings.REQUEST_TIMEOUT,
    help="Seconds that an operation may take with all its waiting, after which it is answered 504; 100 by default, 0 "
    "for no limit.",
)
@_seconds(
    "--drain-seconds",
    "drain_seconds",
    settings.DRAIN_SECONDS,
    help="Seconds to go on after SIGTERM while /ready answers 503, so that proxies send no more; 0 by default.",
)
@_option("--static-prefix", variable="STATIC_PREFIX", help="Path under which everything is served, such as /tracking.")
@_option(
    "--allowed-hosts",
    variable="SERVER_ALLOWED_HOSTS",
    callback=_listed,
    help="Names under which clients reach this server, separated by commas; its own addresses always work.",
)
@_option(
    "--cors-allowed-origins",
    variable="SERVER_CORS_ALLOWED_ORIGINS",
    callback=_listed,
    help="Origins whose pages may call the API, separated by commas; none by default.",
)
@_option(
    "--x-frame-options",
    variable="SERVER_X_FRAME_OPTIONS",
    type=click.Choice(["SAMEORIGIN", "DENY", "NONE"], case_sensitive=False),
    help="Who may show the pages in a frame; SAMEORIGIN by default.",
)
@_option(
    "--disable-security-middleware",
    variable="SERVER_DISABLE_SECURITY_MIDDLEWARE",
    is_flag=True,
    default=None,
    help="Switch off the checks of Host and Origin. Any web page could then talk to the server.",
)
@click.pass_context
def server(ctx: click.Context, /, registry_store_uri: str | None, **given: Any) -> None:
    """Run the tracking server with its pages.

    With no options it serves ./runyard.db and ./runyard-artifacts at http://127.0.0.1:5000, which is where scripts in
    the same folder log to without a server. Ctrl-C or SIGTERM ends it after what is in flight is answered.
    """
    from runyard.server.launch import serve  # noqa: PLC0415  (help must not wait for the web framework)
    from runyard.server.settings import ServerSettings  # noqa: PLC0415  (as above)

    chosen = ServerSettings.from_environment(**given)
    if registry_store_uri not in (None, chosen.backend_store_uri):
        click.echo("Warning: --registry-store-uri is ignored; the registry lives in the backend store.", err=True)
    ctx.exit(serve(chosen, click.echo))
