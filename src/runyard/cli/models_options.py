"""Options that the commands about models share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

MANAGERS = ("local", "uv", "virtualenv", "conda")


def model_uri_option(command: Command) -> Command:
    """The required `--model-uri` option."""
    return click.option(
        "-m",
        "--model-uri",
        required=True,
        metavar="URI",
        help="A folder, runs:/…, models:/…, s3://… or another address.",
    )(command)


def environment_options(default: str | None) -> Callable[[Command], Command]:
    """The `--env-manager` option, and MLflow's `--install-mlflow`."""

    def add(command: Command) -> Command:
        command = click.option(
            "--install-mlflow", is_flag=True, help="Accepted for the sake of scripts; Runyard is always installed."
        )(command)
        return click.option(
            "--env-manager",
            type=click.Choice(MANAGERS),
            default=default,
            show_default=default is not None,
            help="Where the model runs: in the environment that is here (local), or in one made for what it asks for.",
        )(command)

    return add


def fetched(model_uri: str, folder: str | None = None) -> Path:
    """The model's files on this machine."""
    from runyard.models.loading import local_folder  # noqa: PLC0415  (help must not wait for it)

    return local_folder(model_uri, folder)
