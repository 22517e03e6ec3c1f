"""`runyard gc`: removes deleted runs, logged models and experiments for good."""

import re
import sys

import click

from runyard.artifacts.locations import absolute_location
from runyard.artifacts.repository import ArtifactRepository, FileRepository
from runyard.artifacts.resolve import repository_for
from runyard.cli.choices import variables
from runyard.cli.output import show_rows
from runyard.core.clock import now_ms
from runyard.exceptions import RunyardException
from runyard.tracking.removal import Removable, Remover, open_remover

_SECONDS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}


class Age(click.ParamType[int]):
    """A length of time such as `30d` or `1d12h`, as milliseconds."""

    name = "age"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read the text; anything but numbers with units is wrong usage."""
        parts = re.findall(r"(\d+(?:\.\d+)?)([dhms])", str(value))
        if not parts or "".join(number + unit for number, unit in parts) != str(value):
            self.fail(f"{value!r} is not a length of time; write it like 30d, 12h or 1d12h30m.", param, ctx)
        return int(sum(float(number) * _SECONDS[unit] for number, unit in parts) * 1000)


@click.command()
@click.option("--older-than", type=Age(), help="Only what was deleted longer ago than this, such as 30d or 1d12h.")
@click.option("--run-ids", help="Only these runs, separated by commas; they must be deleted.")
@click.option("--experiment-ids", help="Only these experiments with all their runs; they must be deleted.")
@click.option(
    "--backend-store-uri",
    envvar=variables("BACKEND_STORE_URI"),
    show_envvar=True,
    default="sqlite:///runyard.db",
    show_default=True,
    help="The database.",
)
@click.option(
    "--artifacts-destination",
    envvar=variables("ARTIFACTS_DESTINATION"),
    show_envvar=True,
    default="runyard-artifacts",
    show_default=True,
    help="Folder or s3://bucket/prefix where the server keeps the artifacts that clients send through it.",
)
@click.option("--yes", is_flag=True, help="Remove without asking.")
def gc(
    older_than: int | None,
    run_ids: str | None,
    experiment_ids: str | None,
    backend_store_uri: str,
    artifacts_destination: str,
    yes: bool,
) -> None:
    """Remove deleted runs, logged models and experiments for good, with their artifacts.

    A logged model that is registered as a version stays, and so does its experiment.
    Shows what would be removed and asks; without a terminal it removes only with --yes. Servers may keep running.
    """
    before = None if older_than is None else now_ms() - older_than
    with open_remover(backend_store_uri) as remover:
        found = remover.find(before, _names(run_ids), _names(experiment_ids))
        if not found.runs and not found.models and not found.experiments:
            click.echo("Nothing to remove.")
            return
        _show(found)
        if not yes and not _confirmed():
            return
        failures = _remove(remover, found, artifacts_destination)
    if failures:
        raise RunyardException(f"Artifacts that could not be deleted, delete them by hand: {'; '.join(failures)}")


def _names(text: str | None) -> list[str]:
    return [name.strip() for name in (text or "").split(",") if name.strip()]


def _show(found: Removable) -> None:
    rows = [("run", run.run_id, run.name, run.artifact_uri) for run in found.runs]
    rows += [("logged model", model.model_id, model.name, model.artifact_uri) for model in found.models]
    rows += [("experiment", experiment.experiment_id, experiment.name, "") for experiment in found.experiments]
    show_rows(("What", "Id", "Name", "Artifacts"), rows)


def _confirmed() -> bool:
    if sys.stdin.isatty():
        return click.confirm("Remove all of this for good?")
    click.echo("Nothing was removed. Repeat with --yes to remove this for good.")
    return False


def _remove(remover: Remover, found: Removable, destination: str) -> list[str]:
    """Rows first, then artifacts, a run at a time; returns what could not be deleted."""
    failures = []
    for run in found.runs:
        if not remover.remove_run(run.run_id):
            click.echo(f"Run {run.run_id} is not deleted any more; kept.")
            continue
        failures += _delete_artifacts(run.artifact_uri, run.run_id, destination)
        click.echo(f"Removed run {run.run_id}.")
    for model in found.models:
        if not remover.remove_model(model.model_id):
            click.echo(f"Logged model {model.model_id} is needed again; kept.")
            continue
        failures += _delete_artifacts(model.artifact_uri, model.model_id, destination)
        click.echo(f"Removed logged model {model.model_id}.")
    for experiment in found.experiments:
        if remover.remove_experiment(experiment.experiment_id):
            click.echo(f"Removed experiment {experiment.experiment_id}.")
        else:
            click.echo(f"Experiment {experiment.experiment_id} was restored, or has runs or models again; kept.")
    remover.remove_unused_datasets()
    return failures


def _delete_artifacts(uri: str, owner: str, destination: str) -> list[str]:
    """Delete the artifacts of a run or logged model; returns what could not be deleted."""
    try:
        repository = repository_for(uri, "", absolute_location(destination))
        repository.delete_artifacts()
        _drop_empty_folder(repository, owner)
    except (RunyardException, OSError) as problem:
        return [f"{uri} ({problem})"]
    return []


def _drop_empty_folder(repository: ArtifactRepository, owner: str) -> None:
    """On a local disk, do not leave the own folder of a run or model behind when nothing else is in it."""
    if isinstance(repository, FileRepository):
        folder = repository.root.parent
        if folder.name == owner and folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
