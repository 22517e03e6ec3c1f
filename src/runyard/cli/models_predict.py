"""`runyard models predict`: for one request, or for a folder of files on many cores or machines."""

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from signal import SIGTERM
from typing import TYPE_CHECKING, Any

import click

from runyard.cli.choices import Command
from runyard.cli.interrupts import interrupted_by
from runyard.cli.models_options import (
    environment_options,
    manager_for,
    model_uri_option,
    predicting,
    run_in_environment,
    tell,
)
from runyard.core.amounts import plural
from runyard.exceptions import InvalidParameter

if TYPE_CHECKING:
    from runyard.scoring.folder import Plan
    from runyard.scoring.job import FileReport

_FOR_FOLDERS = ("address", "workers", "keep", "output_format", "batch_rows", "params", "restart")
_FOR_REQUESTS = ("content_type", "nan", "pip_requirements_override")


def _form(ctx: click.Context, option: click.Parameter, value: str) -> str:
    """What the input is: ``json`` or ``csv``, whichever way it is called."""
    named = value.partition(";")[0].strip().lower()
    form = {"application/json": "json", "text/csv": "csv", "application/csv": "csv"}.get(named, named)
    if form not in ("json", "csv"):
        raise click.BadParameter(f"{value!r} is not 'json', 'csv' or one of their names in HTTP.")
    return form


def _params(ctx: click.Context, option: click.Parameter, value: str | None) -> dict[str, Any] | None:
    if value is None:
        return None
    try:
        found = json.loads(value)
    except ValueError as problem:
        raise click.BadParameter(f"{value!r} is not JSON: {problem}.") from None
    if not isinstance(found, dict):
        raise click.BadParameter(f"{value!r} is not an object of names and values.")
    return found


def _folder_options(command: Command) -> Command:
    for option in reversed(
        [
            click.option("--engine", type=click.Choice(["spark", "dask", "ray"]), help="Predict for the Parquet and "
                         "CSV files of the folder -i, on many cores or machines: a file of predictions for each in the "
                         "folder -o. Files that have one are skipped, so that an interrupted command goes on."),
            click.option("--address", help="Cluster to predict on: Spark's master or sc://…, Dask's scheduler, Ray's "
                         "head; workers on this machine when left out. Its machines need both folders."),
            click.option("--workers", type=click.IntRange(min=1), help="Number of workers on this machine; one for "
                         "each core when left out."),
            click.option("--keep", multiple=True, metavar="COLUMN", help="Column of the input to write beside the "
                         "predictions; may be given several times; * for all."),
            click.option("--output-format", type=click.Choice(["parquet", "csv"]), help="Format of the predictions; "
                         "that of each input file when left out."),
            click.option("--batch-rows", type=click.IntRange(min=1), default=10_000, show_default=True,
                         help="Maximum number of rows in memory, and of a call of the model."),
            click.option("--params", callback=_params, metavar="JSON", help="Parameters of each call."),
            click.option("--restart", is_flag=True, help="Predict for all files again."),
        ]
    ):  # fmt: skip
        command = option(command)
    return command


@click.command()
@model_uri_option
@click.option("-i", "--input-path", help="File with the request, standard input when left out; with --engine a folder, "
              "or an address such as s3://….")  # fmt: skip
@click.option("-o", "--output-path", help="File to write the predictions to, standard output when left out; with "
              "--engine a folder.")  # fmt: skip
@click.option("-t", "--content-type", default="json", show_default=True, callback=_form, metavar="[json|csv]",
              help="What the input is; the names of HTTP, such as text/csv, are taken too.")  # fmt: skip
@environment_options("uv when left out, or virtualenv where uv is not installed; local with --engine.")
@click.option("-r", "--pip-requirements-override", help="Requirements, separated by commas, that "
              "replace the model's own in its environment.")  # fmt: skip
@click.option("--env", "variables_set", multiple=True, metavar="NAME=VALUE", help="Variable to set for the model; "
              "may be given several times.")  # fmt: skip
@click.option("--nan", type=click.Choice(["null", "bare"]), default="null", show_default=True, help="How NaN and "
              "Infinity are written.")  # fmt: skip
@_folder_options
@click.pass_context
def predict(ctx: click.Context, /, engine: str | None, install_mlflow: bool, **given: Any) -> None:
    """Predict for a file of the form that the server takes, and write its answer; or for a folder of files."""
    others = _FOR_REQUESTS if engine else _FOR_FOLDERS
    wrong = [name for name in others if ctx.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT]
    if wrong:
        option = "--" + wrong[0].replace("_", "-")
        raise click.UsageError(f"{option} is {'not for folders' if engine else 'for folders: it needs --engine'}.")
    variables = dict(map(_variable, given.pop("variables_set")))
    if engine is None:
        os.environ.update(variables)
        _predict_request(**{name: value for name, value in given.items() if name not in _FOR_FOLDERS})
        return
    folders = {name: value for name, value in given.items() if name not in _FOR_REQUESTS}
    ctx.exit(_predict_folder(engine, extra_env=variables, **folders))


def _variable(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator or not name:
        raise InvalidParameter(f"--env {text!r} is not of the form NAME=VALUE.")
    return name, value


def _predict_request(
    model_uri: str,
    input_path: str | None,
    output_path: str | None,
    content_type: str,
    env_manager: str | None,
    pip_requirements_override: str | None,
    nan: str,
) -> None:
    source = Path(input_path) if input_path is not None else None
    if source is not None and not source.is_file():
        raise click.BadParameter(f"There is no file {input_path!r}; a folder needs --engine.", param_hint="-i")
    manager, folder = manager_for(env_manager), predicting(model_uri)
    overrides = [part.strip() for part in (pip_requirements_override or "").split(",") if part.strip()]
    if manager != "local" or overrides:
        files: Sequence[tuple[str, str | None]] = [("-i", input_path), ("-o", output_path)]
        options = [part for name, path in files if path for part in (name, str(Path(path).absolute()))]
        arguments = ["models", "predict", "-m", str(folder), *options, "-t", content_type, "--nan", nan]
        run_in_environment(folder, manager, overrides, arguments)
    from runyard.serving.loading import load_served  # noqa: PLC0415  (help must not wait for it)
    from runyard.serving.scorer import Scorer, ScoringRequest  # noqa: PLC0415  (as above)

    body = sys.stdin.buffer.read() if source is None else source.read_bytes()
    scorer = Scorer(load_served(folder, model_uri).model)
    (answer,) = scorer.answer([ScoringRequest(body, content_type == "csv", nan == "bare")])
    if isinstance(answer, Exception):
        raise answer
    if output_path is None:
        click.echo(answer)
    else:
        Path(output_path).write_bytes(answer)


def _predict_folder(engine: str, input_path: str | None, output_path: str | None, **options: Any) -> int:
    """Predict for a folder, showing how far it is; returns the exit code: 1 when a file failed."""
    if input_path is None or output_path is None:
        raise click.UsageError("--engine needs two folders: -i with the files, -o for the predictions.")
    from runyard.scoring.folder import predict_folder  # noqa: PLC0415  (help must not wait for it)

    with interrupted_by(SIGTERM), _Progress.shown() as progress:
        try:
            scores = predict_folder(
                options.pop("model_uri"),
                input_path,
                output_path,
                engine,
                on_plan=progress.begin,
                on_file=progress.file,
                **options,
            )
        except KeyboardInterrupt:
            progress.end()
            done = f"{progress.done} of {plural(progress.files, 'file')}"
            tell(f"Interrupted: {done} done. The same command goes on from there.")
            return 130
    parts = [f"{plural(len(scores.done), 'file')}, {plural(scores.rows, 'row')} in {scores.seconds:.1f} s"]
    parts += [f"{scores.skipped} were done before"] if scores.skipped else []
    parts += [f"{len(scores.failed)} failed"] if scores.failed else []
    click.echo("; ".join(parts))
    return 1 if scores.failed else 0


class _Progress:
    """A bar on a terminal; files that fail are named on a line of their own in any case."""

    def __init__(self, bar: Any) -> None:
        self._bar, self._task = bar, None
        self.files = self.done = self._rows = self._failed = 0

    @classmethod
    @contextmanager
    def shown(cls) -> Iterator["_Progress"]:
        """A bar on standard error, if that is a terminal."""
        if not sys.stderr.isatty():
            yield cls(None)
            return
        from rich.console import Console  # noqa: PLC0415  (only when a bar is drawn: it costs 40 ms)
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415  (as above)

        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True)) as bar:
            yield cls(bar)

    def begin(self, plan: "Plan") -> None:
        """There is this to do."""
        self.files = len(plan.files)
        if self._bar is not None:
            self._task = self._bar.add_task(self._counters(), total=sum(one.size for one in plan.files))

    def file(self, report: "FileReport") -> None:
        """A file is done, or failed."""
        self._rows += report.rows
        if report.problem is None:
            self.done += 1
        else:
            self._failed += 1
            line = f"{report.name} failed: {report.problem}"
            if self._bar is None:
                tell(line)
            else:
                self._bar.console.print(line, markup=False, highlight=False)
        if self._bar is not None:
            self._bar.update(self._task, advance=report.size, description=self._counters())

    def end(self) -> None:
        """Leave the bar as it is."""
        if self._bar is not None:
            self._bar.stop()

    def _counters(self) -> str:
        failed = f", {self._failed} failed" if self._failed else ""
        return f"{self.done}/{self.files} files, {self._rows} rows{failed}"
