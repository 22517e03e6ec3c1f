"""`runyard experiments`: create, find and change experiments."""

import csv
import datetime
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import click

from runyard.cli.choices import experiment_id_option, view_option
from runyard.cli.groups import CommandGroup
from runyard.cli.output import output_option, show_json, show_pairs, show_rows
from runyard.cli.runs import runs_of
from runyard.client import RunyardClient
from runyard.core.lifecycle import ViewType
from runyard.core.paged_list import all_pages
from runyard.entities import Experiment, Run
from runyard.exceptions import DoesNotExist

_EVERY_RUN = ("run_id", "experiment_id", "status", "artifact_uri", "start_time", "end_time")
"""The first columns of a CSV file."""


@click.group(cls=CommandGroup)
def experiments() -> None:
    """Create, find and change experiments.

    The store is the one that RUNYARD_TRACKING_URI (or MLFLOW_TRACKING_URI) names, the local one when neither is set.
    """


@experiments.command()
@click.option("-n", "--experiment-name", required=True, help="Name, unique in the store.")
@click.option("-l", "--artifact-location", help="Where artifacts of its runs go; the store decides when not given.")
def create(experiment_name: str, artifact_location: str | None) -> None:
    """Create an experiment and print its id."""
    experiment_id = RunyardClient().create_experiment(experiment_name, artifact_location)
    click.echo(f"Created experiment '{experiment_name}' with id {experiment_id}")


@experiments.command()
@click.option("-x", "--experiment-id", help="Id of the experiment.")
@click.option("-n", "--experiment-name", help="Name of the experiment.")
@output_option()
def get(experiment_id: str | None, experiment_name: str | None, output: str) -> None:
    """Show one experiment, by id or by name."""
    experiment = _find(experiment_id, experiment_name)
    if output == "json":
        show_json(_as_json(experiment))
        return
    show_pairs(
        {
            "Experiment ID": experiment.experiment_id,
            "Name": experiment.name,
            "Artifact Location": experiment.artifact_location,
            "Lifecycle Stage": experiment.lifecycle_stage,
            "Creation Time": experiment.creation_time,
            "Last Update Time": experiment.last_update_time,
            "Tags": ", ".join(f"{key}={value}" for key, value in experiment.tags.items()),
        }
    )


def _find(experiment_id: str | None, name: str | None) -> Experiment:
    if (experiment_id is None) == (name is None):
        raise click.UsageError("Give either --experiment-id or --experiment-name.")
    client = RunyardClient()
    if experiment_id is not None:
        return client.get_experiment(experiment_id)
    found = client.get_experiment_by_name(str(name))
    if found is None:
        raise DoesNotExist(f"There is no experiment named {name!r}. List them with: runyard experiments search")
    return found


def _as_json(experiment: Experiment) -> dict[str, Any]:
    names = ("artifact_location", "creation_time", "experiment_id", "last_update_time", "lifecycle_stage", "name")
    return {**{name: getattr(experiment, name) for name in names}, "tags": dict(experiment.tags)}


@experiments.command()
@view_option
@click.option("--max-results", type=click.IntRange(min=1), help="Maximum number of results; all by default.")
@output_option()
def search(view: str, max_results: int | None, output: str) -> None:
    """List experiments."""
    found = list(_all_experiments(ViewType.from_string(view), max_results))
    if output == "json":
        show_json([_as_json(experiment) for experiment in found])
        return
    rows = [(experiment.experiment_id, experiment.name, experiment.artifact_location) for experiment in found]
    show_rows(("Experiment Id", "Name", "Artifact Location"), rows)


def _all_experiments(view: int, limit: int | None) -> Iterator[Experiment]:
    client = RunyardClient()
    return all_pages(lambda size, token: client.search_experiments(view, size, page_token=token), 1000, limit)


@experiments.command()
@experiment_id_option
@click.option("--new-name", required=True, help="The new name, unique in the store.")
def rename(experiment_id: str, new_name: str) -> None:
    """Give an experiment another name."""
    RunyardClient().rename_experiment(experiment_id, new_name)
    click.echo(f"Experiment with id {experiment_id} has been renamed to '{new_name}'.")


@experiments.command()
@experiment_id_option
def delete(experiment_id: str) -> None:
    """Mark an experiment and its runs as deleted; `restore` brings them back, `remove` removes them for good."""
    RunyardClient().delete_experiment(experiment_id)
    click.echo(f"Experiment with ID {experiment_id} has been deleted.")


@experiments.command()
@experiment_id_option
def restore(experiment_id: str) -> None:
    """Bring a deleted experiment back, with the runs that its deletion took along."""
    RunyardClient().restore_experiment(experiment_id)
    click.echo(f"Experiment with id {experiment_id} has been restored.")


@experiments.command()
@experiment_id_option
@click.option("--yes", is_flag=True, help="Remove without asking.")
def remove(experiment_id: str, yes: bool) -> None:
    """Remove a deleted experiment for good, with its runs, logged models and artifacts. This cannot be undone.

    Asks first; without a terminal it removes only with --yes. The server removes it in the background. It is refused
    when a version of a registered model needs something of it, and when the server does not keep its artifacts:
    `runyard gc` removes such an experiment.
    """
    if not yes and not sys.stdin.isatty():
        raise click.UsageError("Nothing was removed. Repeat with --yes to remove the experiment for good.")
    client = RunyardClient()
    name = client.get_experiment(experiment_id).name
    if yes or click.confirm(f"Remove experiment {name!r} with all its runs and artifacts? This cannot be undone."):
        client.remove_experiment(experiment_id)
        click.echo(f"Experiment with id {experiment_id} is being removed for good.")


@experiments.command(name="csv")
@experiment_id_option
@click.option("-o", "--filename", type=click.Path(dir_okay=False, path_type=Path), help="File to write; else stdout.")
def to_csv(experiment_id: str, filename: Path | None) -> None:
    """Write all runs of an experiment as CSV: one row a run, a column for each param, metric and tag."""
    rows = [_as_row(run) for run in runs_of(experiment_id, ViewType.ALL)]
    columns = [*_EVERY_RUN, *sorted({name for row in rows for name in row} - set(_EVERY_RUN))]
    with filename.open("w", newline="", encoding="utf-8") if filename else nullcontext(sys.stdout) as file:
        writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    if filename:
        click.echo(f"Experiment with ID {experiment_id} has been exported as a CSV to file: {filename}.")


def _as_row(run: Run) -> dict[str, object]:
    info, data = run.info, run.data
    return {
        **{name: getattr(info, name) for name in _EVERY_RUN[:4]},
        "start_time": _moment(info.start_time),
        "end_time": _moment(info.end_time),
        **{f"metrics.{key}": value for key, value in data.metrics.items()},
        **{f"params.{key}": value for key, value in data.params.items()},
        **{f"tags.{key}": value for key, value in data.tags.items()},
    }


def _moment(milliseconds: int | None) -> str:
    if milliseconds is None:
        return ""
    return datetime.datetime.fromtimestamp(milliseconds / 1000, tz=datetime.UTC).isoformat(
        sep=" ", timespec="milliseconds"
    )
