"""`runyard models`: serve models, predict with them, and prepare what they need."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from runyard.cli.choices import Command, variables
from runyard.cli.models_images import build_docker, generate_dockerfile
from runyard.cli.models_options import (
    QUICKEST,
    environment_options,
    manager_for,
    model_uri_option,
    predicting,
)
from runyard.exceptions import InvalidParameter


@click.group()
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


def _form(ctx: click.Context, option: click.Parameter, value: str) -> str:
    """What the input is: ``json`` or ``csv``, whichever way it is called."""
    named = value.partition(";")[0].strip().lower()
    form = {"application/json": "json", "text/csv": "csv", "application/csv": "csv"}.get(named, named)
    if form not in ("json", "csv"):
        raise click.BadParameter(f"{value!r} is not 'json', 'csv' or one of their names in HTTP.")
    return form


# -h names the host, as in MLflow's command line.
@models.command(context_settings={"help_option_names": ["--help"]})
@model_uri_option
@_serving_options
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
    manager, folder = "local" if no_conda else manager_for(env_manager), predicting(model_uri)
    if manager != "local":
        chosen = {name: str(value) for name, value in given.items() if value is not None}
        options = [part for name, value in chosen.items() for part in (_option_name(name), value)]
        _run_in_environment(folder, manager, (), ["models", "serve", "-m", str(folder), *options])
    hosts = [part.strip() for part in (given.pop("allowed_hosts") or "").split(",") if part.strip()]
    bare_nan, wait = given.pop("nan") == "bare", given.pop("batch_wait") / 1000
    settings = ServingSettings(**given, bare_nan=bare_nan, batch_wait=wait, allowed_hosts=hosts)
    from runyard.serving.launch import serve as run  # noqa: PLC0415  (as above)
    from runyard.serving.loading import load_served  # noqa: PLC0415  (as above)

    ctx.exit(run(lambda: load_served(folder, model_uri), settings, click.echo))


@models.command()
@model_uri_option
@click.option("-i", "--input-path", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="File with the "
              "request; standard input when left out.")  # fmt: skip
@click.option("-o", "--output-path", type=click.Path(dir_okay=False, path_type=Path), help="File to write the "
              "predictions to; standard output when left out.")  # fmt: skip
@click.option("-t", "--content-type", default="json", show_default=True, callback=_form, metavar="[json|csv]",
              help="What the input is; the names of HTTP, such as text/csv, are taken too.")  # fmt: skip
@environment_options(QUICKEST)
@click.option("-r", "--pip-requirements-override", help="Requirements, separated by commas, that "
              "replace the model's own in its environment.")  # fmt: skip
@click.option("--env", "variables_set", multiple=True, metavar="NAME=VALUE", help="Variable to set for the model; "
              "may be given several times.")  # fmt: skip
@click.option("--nan", type=click.Choice(["null", "bare"]), default="null", show_default=True, help="How NaN and "
              "Infinity are written.")  # fmt: skip
def predict(
    model_uri: str,
    input_path: Path | None,
    output_path: Path | None,
    content_type: str,
    env_manager: str | None,
    pip_requirements_override: str | None,
    variables_set: Sequence[str],
    nan: str,
    install_mlflow: bool,
) -> None:
    """Predict for a file of the form that the server takes, and write its answer."""
    for one in variables_set:
        name, separator, value = one.partition("=")
        if not separator or not name:
            raise InvalidParameter(f"--env {one!r} is not of the form NAME=VALUE.")
        os.environ[name] = value
    manager, folder = manager_for(env_manager), predicting(model_uri)
    overrides = [part.strip() for part in (pip_requirements_override or "").split(",") if part.strip()]
    if manager != "local" or overrides:
        files = [("-i", input_path), ("-o", output_path)]
        options = [part for name, path in files if path for part in (name, str(path.absolute()))]
        arguments = ["models", "predict", "-m", str(folder), *options, "-t", content_type, "--nan", nan]
        _run_in_environment(folder, manager, overrides, arguments)
    from runyard.serving.loading import load_served  # noqa: PLC0415  (help must not wait for it)
    from runyard.serving.scorer import Scorer, ScoringRequest  # noqa: PLC0415  (as above)

    body = sys.stdin.buffer.read() if input_path is None else input_path.read_bytes()
    scorer = Scorer(load_served(folder, model_uri).model)
    (answer,) = scorer.answer([ScoringRequest(body, content_type == "csv", nan == "bare")])
    if isinstance(answer, Exception):
        raise answer
    if output_path is None:
        click.echo(answer)
    else:
        output_path.write_bytes(answer)


@models.command("prepare-env")
@model_uri_option
@environment_options(QUICKEST)
def prepare_env(model_uri: str, env_manager: str | None, install_mlflow: bool) -> None:
    """Make the model's environment now, so that serving or predicting starts at once later."""
    from runyard.serving.environments import interpreter_for  # noqa: PLC0415  (help must not wait for it)

    python = interpreter_for(predicting(model_uri), manager_for(env_manager), say=_tell)
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


def _tell(line: str) -> None:
    click.echo(line, err=True)


def _option_name(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _run_in_environment(folder: Path, manager: str, overrides: Sequence[str], arguments: Sequence[str]) -> None:
    """Go on in an environment of the model's own: this process becomes the one that runs there."""
    from runyard.serving.environments import interpreter_for  # noqa: PLC0415  (help must not wait for it)

    python = interpreter_for(folder, manager, overrides, _tell)
    sys.stdout.flush()
    os.execv(python, [str(python), "-m", "runyard", *arguments, "--env-manager", "local"])  # noqa: S606


models.add_command(generate_dockerfile)
models.add_command(build_docker)
