"""`runyard run`: a project from a folder or a git repository, once or as a sweep."""

import signal
from collections.abc import Sequence
from typing import Any

import click

from runyard.cli.choices import Command, variables
from runyard.cli.interrupts import interrupted_by
from runyard.core.amounts import plural
from runyard.environments import MANAGERS
from runyard.exceptions import ExecutionException, InvalidParameter


def _project_options(command: Command) -> Command:
    for option in reversed(
        [
            click.option("-e", "--entry-point", default="main", show_default=True, help="Name from the MLproject file, "
                         "or path of a script (.py, .sh) of the project."),
            click.option("-v", "--version", help="Branch, tag or commit, for projects in git."),
            click.option("-P", "--param-list", multiple=True, metavar="NAME=VALUE", help="Value of a parameter; may be "
                         "given several times. Names that the entry point does not declare follow its command."),
            click.option("-A", "--docker-args", multiple=True, metavar="NAME[=VALUE]", help="Option of docker run, for "
                         "projects that name a container."),
            click.option("--experiment-name", envvar=variables("EXPERIMENT_NAME"), show_envvar=True,
                         help="Experiment of the run; created if it does not exist."),
            click.option("--experiment-id", envvar=variables("EXPERIMENT_ID"), show_envvar=True,
                         help="Experiment of the run, by id."),
            click.option("-b", "--backend", default="local", show_default=True, metavar="NAME", help="Where it runs: "
                         "local, kubernetes, or what an installed package offers."),
            click.option("-c", "--backend-config", metavar="FILE", help="What the backend needs to know: a .json file, "
                         "or JSON."),
            click.option("--env-manager", type=click.Choice(MANAGERS), help="Where the project gets its packages: from "
                         "the current environment (local), or one created for it. By default what suits the "
                         "environment it names; local when it names none."),
            click.option("--storage-dir", envvar=variables("TMP_DIR"), show_envvar=True, help="Folder to which the "
                         "values of path parameters are fetched from elsewhere."),
            click.option("--run-id", help="A run that exists already, to be used instead of a new one."),
            click.option("--run-name", help="Name of the run."),
            click.option("--build-image", is_flag=True, help="Build an image that holds the project, instead of "
                         "mounting it into the image it names."),
            click.option("--reuse", is_flag=True, default=None, help="Take an earlier finished run of the same files, "
                         "entry point, values and environment as the result; for the steps of a workflow too."),
        ]
    ):  # fmt: skip
        command = option(command)
    return command


def _sweep_options(command: Command) -> Command:
    for option in reversed(
        [
            click.option("--sweep", "swept", multiple=True, metavar="NAME=VALUES", help="Run once for each value: "
                         "lr=0.1,0.01 or depth=3..8 or x=0..1..0.25. Several make all combinations."),
            click.option("--parallel", type=click.IntRange(min=1), help="Runs of a sweep at the same time; one by "
                         "default."),
            click.option("--resume", metavar="RUN_ID", help="Continue a sweep: run the points of this parent run "
                         "that have not finished. The URI may be left out."),
            click.option("--engine", default="local", show_default=True, metavar="NAME", help="What runs a sweep: "
                         "local, dask, or what an installed package offers."),
            click.option("--engine-config", metavar="FILE", help="What the engine needs to know: a .json file, or JSON "
                         'such as {"address": "tcp://host:8786"}.'),
        ]
    ):  # fmt: skip
        command = option(command)
    return command


@click.command()
@_project_options
@_sweep_options
@click.argument("uri", required=False)
@click.pass_context
def run(ctx: click.Context, /, uri: str | None, **given: Any) -> None:
    """Run a project: a folder, a zip file or a git repository, URI#FOLDER for a folder in it.

    What it prints is shown, and kept with the run. Ctrl-C ends the run with all its processes. The exit code is 0 when
    it succeeded and 1 when it did not.
    """
    if uri is None and given["resume"] is None:
        raise click.UsageError("Missing argument 'URI'.")
    given["parameters"] = pairs(given.pop("param_list"), "-P")
    if given["experiment_name"] and given["experiment_id"]:
        given = _preferring_options(ctx, given)
    with interrupted_by(signal.SIGTERM, signal.SIGHUP):
        if given["swept"] or given["resume"]:
            _sweep(ctx, uri, given)
        else:
            _run_once(ctx, str(uri), given)


def _run_once(ctx: click.Context, uri: str, given: dict[str, Any]) -> None:
    from runyard.projects import run as run_project  # noqa: PLC0415  (help must not wait for it)

    for name in ("swept", "parallel", "resume", "engine", "engine_config"):
        if ctx.get_parameter_source(name) == click.core.ParameterSource.COMMANDLINE:
            raise click.UsageError(f"--{name.replace('_', '-')} has no meaning without --sweep.")
        given.pop(name)
    given["docker_args"] = pairs(given.pop("docker_args"), "-A", bare=True)
    try:
        submitted = run_project(uri, **given)
    except ExecutionException as problem:
        # its output has been shown already: the lines that the message repeats are for callers in Python
        raise ExecutionException(problem.message.partition(" Its last lines:")[0]) from None
    click.echo(f"Run {submitted.run_id} {submitted.get_status()}")


def _sweep(ctx: click.Context, uri: str | None, given: dict[str, Any]) -> None:
    from runyard.projects import sweep  # noqa: PLC0415  (as above)
    from runyard.projects.sweeps.sweep import progress_line  # noqa: PLC0415  (as above)

    for name in ("docker_args", "backend", "backend_config", "storage_dir", "run_id", "build_image"):
        if ctx.get_parameter_source(name) == click.core.ParameterSource.COMMANDLINE:
            raise click.UsageError(f"--{name.replace('_', '-')} cannot be used with --sweep.")
        given.pop(name)
    done = sweep(
        uri,
        pairs(given.pop("swept"), "--sweep", form="NAME=VALUES, such as lr=0.1,0.01"),
        on_start=lambda run_id, total: click.echo(f"Run {run_id}: {plural(total, 'point')}"),
        on_progress=lambda outcome, ended, total: click.echo(progress_line(outcome, ended, total)),
        **given,
    )
    failed = done.failed
    click.echo(
        f"Run {done.run_id}: {len(done.outcomes) - len(failed)} of {plural(len(done.outcomes), 'point')} succeeded"
    )
    if failed:
        click.echo(f"Run the others again with: runyard run --resume {done.run_id}", err=True)
        ctx.exit(1)


def pairs(options: Sequence[str], option: str, bare: bool = False, form: str = "NAME=VALUE") -> dict[str, Any]:
    """Names and values of a repeated option.

    Parameters
    ----------
    bare: Whether a name may stand alone, meaning True.
    form: The required form, for messages.

    Raises
    ------
    InvalidParameter: One is not of that form, or a name comes twice.
    """
    found: dict[str, Any] = {}
    for one in options:
        name, separator, value = one.partition("=")
        if not name or not (separator or bare):
            raise InvalidParameter(f"{option} {one!r} is not of the form {form}.")
        if name in found:
            raise InvalidParameter(f"{option} gives {name!r} twice.")
        found[name] = value if separator else True
    return found


def _preferring_options(ctx: click.Context, given: dict[str, Any]) -> dict[str, Any]:
    """An experiment named on the command line wins over one that the environment names."""
    environment = click.core.ParameterSource.ENVIRONMENT
    for name in ("experiment_id", "experiment_name"):
        if ctx.get_parameter_source(name) == environment:
            return {**given, name: None}
    return given
