"""Options that several command groups share."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from runyard.core.lifecycle import ViewType

Command = TypeVar("Command", bound=Callable[..., Any])

VIEWS = [ViewType.to_string(number) for number in (ViewType.ACTIVE_ONLY, ViewType.DELETED_ONLY, ViewType.ALL)]


def variables(name: str) -> list[str]:
    """The two environment variables an option is also read from, the one that wins first."""
    return [f"RUNYARD_{name}", f"MLFLOW_{name}"]


def experiment_id_option(command: Command) -> Command:
    """The required `--experiment-id` option, also read from the environment."""
    return click.option(
        "-x",
        "--experiment-id",
        required=True,
        envvar=variables("EXPERIMENT_ID"),
        show_envvar=True,
        help="Id of the experiment.",
    )(command)


def run_id_option(command: Command) -> Command:
    """The required `--run-id` option, also read from the environment."""
    return click.option(
        "-r", "--run-id", required=True, envvar=variables("RUN_ID"), show_envvar=True, help="Id of the run."
    )(command)


def experiment_options(command: Command) -> Command:
    """What a new run is made with: its experiment by id or name, and name, description, tags and parent."""
    options = (
        click.option("--experiment-id", envvar=variables("EXPERIMENT_ID"), show_envvar=True, help="Experiment, by id."),
        click.option(
            "--experiment-name", envvar=variables("EXPERIMENT_NAME"), show_envvar=True, help="Experiment, by name."
        ),
        click.option("--run-name", help="Name of the run; a random one by default."),
        click.option("--description", help="Text shown on the run's page."),
        click.option("-t", "--tags", multiple=True, metavar="KEY=VALUE", help="A tag; may be repeated."),
        click.option("--parent-run-id", help="Make it a nested run of this one."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def status_option(command: Command) -> Command:
    """The `--status` option: how a run ended."""
    return click.option(
        "--status",
        type=click.Choice(["FINISHED", "FAILED", "KILLED"], case_sensitive=False),
        default="FINISHED",
        show_default=True,
        help="How the run ended.",
    )(command)


def observing_options(command: Command) -> Command:
    """What a server logs and exports of the requests that it answers. None where neither option nor variable is set."""
    options = (
        click.option(
            "--log-level",
            envvar=variables("LOG_LEVEL"),
            show_envvar=True,
            type=click.Choice(["error", "warning", "info", "debug"], case_sensitive=False),
            help="The least that is logged; warning by default. With info, every request has a line.",
        ),
        click.option(
            "--log-format",
            envvar=variables("LOG_FORMAT"),
            show_envvar=True,
            type=click.Choice(["text", "json"], case_sensitive=False),
            help="How it is logged; text by default.",
        ),
        click.option(
            "--tracing/--no-tracing",
            envvar=variables("TRACING"),
            show_envvar=True,
            default=None,
            help="Whether a span of each request is exported by OpenTelemetry, whose OTEL_… variables say where to; "
            "none is by default.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def tags_of(pairs: tuple[str, ...]) -> dict[str, str]:
    """The tags that options of the form ``KEY=VALUE`` name.

    Raises
    ------
    BadParameter: One is not of this form.
    """
    tags: dict[str, str] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise click.BadParameter(f"{pair!r} is not of the form KEY=VALUE.", param_hint="--tags")
        tags[key] = value
    return tags


def view_option(command: Command) -> Command:
    """The `--view` option: which lifecycle stages to list."""
    return click.option(
        "-v",
        "--view",
        type=click.Choice(VIEWS, case_sensitive=False),
        default="active_only",
        show_default=True,
        help="List what is active, what is deleted, or both.",
    )(command)
