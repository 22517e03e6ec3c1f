"""Options that the commands about models share."""

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from runyard.cli.choices import Command
from runyard.environments import MANAGERS

QUICKEST = "uv when left out, or virtualenv where uv is not installed."


def model_uri_option(command: Command) -> Command:
    """The required `--model-uri` option."""
    return click.option(
        "-m",
        "--model-uri",
        required=True,
        metavar="URI",
        help="A folder, runs:/…, models:/…, s3://… or another address.",
    )(command)


def environment_options(left_out: str) -> Callable[[Command], Command]:
    """The `--env-manager` option, and MLflow's `--install-mlflow`.

    Parameters
    ----------
    left_out: What happens without it.
    """

    def add(command: Command) -> Command:
        command = click.option(
            "--install-mlflow", is_flag=True, help="Accepted for the sake of scripts; Runyard is always installed."
        )(command)
        return click.option(
            "--env-manager",
            type=click.Choice(MANAGERS),
            help="Environment of the model: the current one (local), or one created for its requirements, "
            f"and kept. {left_out}",
        )(command)

    return add


def fetched(model_uri: str, folder: str | None = None) -> Path:
    """The model's files on this machine.

    Raises
    ------
    InvalidParameter: There is no model.
    """
    from runyard.models.loading import local_folder  # noqa: PLC0415  (help must not wait for it)
    from runyard.models.mlmodel import MLMODEL, MLmodel  # noqa: PLC0415  (as above)

    found = local_folder(model_uri, folder)
    MLmodel.read(found / MLMODEL)
    return found


def predicting(model_uri: str) -> Path:
    """The files of a model that predicts, on this machine.

    Raises
    ------
    InvalidParameter: There is no model, or nothing says how it predicts.
    """
    from runyard.models.loading import read_flavor  # noqa: PLC0415  (help must not wait for it)
    from runyard.models.mlmodel import PYFUNC  # noqa: PLC0415  (as above)

    found = fetched(model_uri)
    read_flavor(found, PYFUNC)
    return found


def manager_for(chosen: str | None) -> str:
    """What makes the environment of a model."""
    from runyard.environments.creation import default_manager  # noqa: PLC0415  (help must not wait for it)

    return chosen or default_manager()


def tell(line: str) -> None:
    """Say something to the person at the terminal; what programs read is not in between."""
    click.echo(line, err=True)


def run_in_environment(folder: Path, manager: str, overrides: Sequence[str], arguments: Sequence[str]) -> None:
    """Go on in an environment of the model's own: this process becomes the one that runs there."""
    from runyard.serving.environments import interpreter_for  # noqa: PLC0415  (help must not wait for it)

    python = interpreter_for(folder, manager, overrides, tell)
    sys.stdout.flush()
    os.execv(python, [str(python), "-m", "runyard", *arguments, "--env-manager", "local"])  # noqa: S606
