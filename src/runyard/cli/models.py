"""`runyard models`: serve models, predict with them, and prepare what they need."""

from collections.abc import Sequence
from typing import Any

import click

from runyard.cli.choices import Command, observing_options, variables
from runyard.cli.groups import CommandGroup
from runyard.cli.models_images import build_docker, generate_dockerfile
from runyard.cli.models_options import (
    QUICKEST,
    environment_options,
    manager_for,
    model_uri_option,
    predicting,
    run_in_environment,
    tell,
)
from runyard.cli.models_predict import predict


@click.group(cls=CommandGroup)
def models() -> None:
    """Serve models, predict with them, and prepare what they need."""


def _serving_options(command: Command) -> Command:
    for option in reversed(
        [
            click.option("-p", "--port", type=click.IntRange(0, 65535), default=5000, envvar=variables("PORT"),
                         show_default=True, show_envvar=True, help="Port to listen on; 0 for any free one."),
            click.option("-h", "--host", default="127.0.0.1", envvar=variables("HOST"), show_default=True,
                         show_envvar=True, help="Address to listen on; 0.0.0.0 lets other machines in."),
            click.option("-t", "--timeout", type=float, default=60, show_default=True, show_envvar=True,
                         envvar=variables("SCORING_SERVER_REQUEST_TIMEOUT"), help="Timeout of a request, in seconds."),
            click.option("-w", "--workers", type=click.IntRange(min=1), default=1, envvar=variables("MODELS_WORKERS"),
                         show_default=True, show_envvar=True, help="Number of processes, each with the model."),
            click.option("--threads", type=click.IntRange(min=1), default=16, show_default=True,
                         help="Maximum number of predictions at the same time in a process; more than one "
                         "thread is used only when predictions take long."),
            click.option("--batch-size", type=click.IntRange(min=1), default=1, show_default=True,
                         help="Maximum number of requests that one call of the model answers together. Only for "
                         "models whose prediction for a row does not depend on other rows."),
            click.option("--batch-wait", type=click.FloatRange(min=0), default=0, show_default=True,
                         help="Maximum number of milliseconds that a request waits for others to share its call."),
            click.option("--nan", type=click.Choice(["null", "bare"]), default="null", show_default=True,
                         help="How NaN and Infinity are written: null, which every JSON reader takes, or the bare "
                         "words, as MLflow does. A caller can ask for either with ?nan=."),
            click.option("--allowed-hosts", help="Host headers to accept, separated by commas. By default any when "
                         "--host lets other machines in, else this machine's own names."),
        ]
    ):  # fmt: skip
        command = option(command)
    return command


# -h names the host, as in MLflow's command line.
@models.command(context_settings={"help_option_names": ["--help"]})
@model_uri_option
@_serving_options
@observing_options
@environment_options(QUICKEST)
@click.option("--no-conda", is_flag=True, help="The same as --env-manager local.")
@click.pass_context
def serve(ctx: click.Context, /, model_uri: str, env_manager: str | None, no_conda: bool, **given: Any) -> None:
    """Serve a model at /invocations, with a page to try it at /docs.

    The model's code runs in this process: serve only models whose authors you trust. Ctrl-C or SIGTERM ends the server
    after what is in flight is answered.
    """
    from runyard.serving.settings import ServingSettings  # noqa: PLC0415  (help must not wait for the web framework)

    del given["install_mlflow"]
    given = {name: value for name, value in given.items() if value is not None}
    manager, folder = "local" if no_conda else manager_for(env_manager), predicting(model_uri)
    if manager != "local":
        options = [part for name, value in given.items() for part in _option(name, value)]
        run_in_environment(folder, manager, (), ["models", "serve", "-m", str(folder), *options])
    hosts = [part.strip() for part in given.pop("allowed_hosts", "").split(",") if part.strip()]
    bare_nan, wait = given.pop("nan") == "bare", given.pop("batch_wait") / 1000
    settings = ServingSettings(**given, bare_nan=bare_nan, batch_wait=wait, allowed_hosts=hosts)
    from runyard.serving.launch import serve as run  # noqa: PLC0415  (as above)
    from runyard.serving.loading import load_served  # noqa: PLC0415  (as above)

    ctx.exit(run(lambda: load_served(folder, model_uri), settings, click.echo))


@models.command("prepare-env")
@model_uri_option
@environment_options(QUICKEST)
def prepare_env(model_uri: str, env_manager: str | None, install_mlflow: bool) -> None:
    """Make the model's environment now, so that serving or predicting starts at once later."""
    from runyard.serving.environments import interpreter_for  # noqa: PLC0415  (help must not wait for it)

    python = interpreter_for(predicting(model_uri), manager_for(env_manager), say=tell)
    click.echo(f"Ready: {python}")


@models.command("update-pip-requirements")
@model_uri_option
@click.argument("operation", type=click.Choice(["add", "remove"]))
@click.argument("requirement_strings", nargs=-1, required=True)
def update_pip_requirements(model_uri: str, operation: str, requirement_strings: Sequence[str]) -> None:
    """Add requirements to a saved model's files, or remove packages from them.

    Takes a folder, or the address of a run's model. Versions of registered models never change, so models:/ addresses
    are refused.
    """
    from runyard.serving.commands import update_model_requirements  # noqa: PLC0415  (help must not wait for it)

    click.echo("\n".join(update_model_requirements(model_uri, operation, requirement_strings)))


def _option(name: str, value: Any) -> list[str]:
    """An option as it is given on a command line."""
    shown = name.replace("_", "-")
    if isinstance(value, bool):
        return [f"--{shown}" if value else f"--no-{shown}"]
    return [f"--{shown}", str(value)]


models.add_command(predict)
models.add_command(generate_dockerfile)
models.add_command(build_docker)
