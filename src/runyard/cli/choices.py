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
    """The required `--run-id` option."""
    return click.option("-r", "--run-id", required=True, help="Id of the run.")(command)


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
