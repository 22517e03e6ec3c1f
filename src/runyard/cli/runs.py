"""`runyard runs`: lists, groups and changes runs, deletes and removes them; `runs_logging` has what logs."""

import sys
from collections.abc import Iterator, Sequence
from typing import IO, Any

import click

from runyard.cli.choices import (
    Command,
    experiment_id_option,
    experiment_options,
    run_id_option,
    status_option,
    tags_of,
    view_option,
)
from runyard.cli.groups import CommandGroup
from runyard.cli.output import output_option, show_json, show_rows, utc
from runyard.cli.runs_logging import COMMANDS, new_run
from runyard.client import RunyardClient
from runyard.core.amounts import plural
from runyard.core.lifecycle import ViewType
from runyard.core.paged_list import PagedList, all_pages
from runyard.core.wire import to_wire
from runyard.entities import Run
from runyard.exceptions import RunyardException
from runyard.tracking.many_runs.entities import RunsChanged
from runyard.tracking.run_groups.keys import STATISTICS


@click.group(cls=CommandGroup)
def runs() -> None:
    """List, group, log, tag, rename, move, delete and remove runs.

    The store is the one that RUNYARD_TRACKING_URI (or MLFLOW_TRACKING_URI) names, the local one when neither is set.
    """


@runs.command(name="list")
@experiment_id_option
@view_option
@click.option("--filter", "filter_string", default="", help="Only runs that match, such as 'metrics.loss < 0.1'.")
@click.option("--order-by", multiple=True, help="Sort by this, such as 'metrics.loss DESC'; may be repeated.")
@click.option("--max-results", type=click.IntRange(min=1), help="Maximum number of results; all by default.")
@output_option()
def list_runs(
    experiment_id: str,
    view: str,
    filter_string: str,
    order_by: tuple[str, ...],
    max_results: int | None,
    output: str,
) -> None:
    """List the runs of an experiment, newest first."""
    found = list(runs_of(experiment_id, ViewType.from_string(view), filter_string, order_by, max_results))
    if output == "json":
        show_json([run.to_dictionary() for run in found])
        return
    rows = [(utc(run.info.start_time), run.info.run_name, run.info.status, run.info.run_id) for run in found]
    show_rows(("Date", "Name", "Status", "ID"), rows)


def runs_of(
    experiment_id: str, view: int, filter_string: str = "", order_by: Sequence[str] = (), limit: int | None = None
) -> Iterator[Run]:
    """The runs of an experiment, which must exist: a search finds nothing in one that does not."""
    client = RunyardClient()
    client.get_experiment(experiment_id)

    def page(size: int, token: str | None) -> PagedList[Run]:
        return client.search_runs([experiment_id], filter_string, view, size, list(order_by), token)

    return all_pages(page, 1000, limit)


@runs.command()
@experiment_id_option
@view_option
@click.option("--by", "keys", multiple=True, required=True, help="params.KEY, tags.KEY, dataset, status or user.")
@click.option("--metric", "metrics", multiple=True, help="A metric to sum up; may be repeated, as --by may.")
@click.option("--filter", "filter_string", default="", help="Only runs that match, such as 'metrics.loss < 0.1'.")
@click.option(
    "--order-by", default="runs DESC", show_default=True, help="group, runs or e.g. 'mean(metrics.loss) ASC'."
)
@click.option("--max-results", type=click.IntRange(1, 1000), default=100, show_default=True, help="Groups.")
@output_option()
def group(  # long: an argument for each option
    experiment_id: str,
    view: str,
    keys: tuple[str, ...],
    metrics: tuple[str, ...],
    filter_string: str,
    order_by: str,
    max_results: int,
    output: str,
) -> None:
    """Group the runs of an experiment, and sum up their metrics: mean, standard deviation, minimum and maximum."""
    client, shown = RunyardClient(), ViewType.from_string(view)
    client.get_experiment(experiment_id)
    found = client.group_runs([experiment_id], keys, metrics, filter_string, shown, order_by, max_results)
    if output == "json":
        show_json(to_wire(found))
        return
    heads = [f"{name}({metric})" for metric in metrics for name in STATISTICS]
    rows = [
        (
            *(value.value for value in one.values),
            one.runs,
            *(_shown(getattr(metric, name)) for metric in one.metrics for name in STATISTICS),
        )
        for one in found.groups
    ]
    show_rows((*keys, "Runs", *heads), rows)
    if found.more:
        click.echo(f"Of the newest {found.runs:,} runs; there are more.", err=True)
    if found.next_page_token:
        click.echo(f"{len(found.groups):,} of {plural(found.total, 'group')}; --max-results shows more.", err=True)


def _shown(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"


@runs.command()
@run_id_option
def describe(run_id: str) -> None:
    """Print everything about a run, but for its metrics' history, as JSON."""
    show_json(RunyardClient().get_run(run_id).to_dictionary())


@runs.command()
@experiment_options
@status_option
def create(status: str, **chosen: Any) -> None:
    """Create a run that has already ended, and print its id as JSON."""
    client = RunyardClient()
    info = new_run(client, **chosen).info
    client.set_terminated(info.run_id, status)
    shown = ("run_id", "experiment_id", "status", "run_name")
    show_json({**{name: getattr(info, name) for name in shown}, "status": status})


for _command in COMMANDS:
    runs.add_command(_command)


def _chosen_runs(command: Command) -> Command:
    """Options that choose runs: by id, by a file of ids, or all that match a filter."""
    options = (
        click.option("-r", "--run-id", "run_ids", multiple=True, help="Id of a run; may be repeated."),
        click.option(
            "--run-ids-from",
            type=click.File(encoding="utf-8"),
            help="File with an id of a run a line; - is standard input.",
        ),
        click.option("-x", "--experiment-id", help="All runs of this experiment that match --filter."),
        click.option("--filter", "filter_string", help="Which runs of the experiment; '' chooses all."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def _run_ids(
    view: int,
    run_ids: Sequence[str],
    run_ids_from: IO[str] | None,
    experiment_id: str | None,
    filter_string: str | None,
) -> list[str]:
    """The ids of the chosen runs.

    Raises
    ------
    UsageError: None are chosen, or an experiment without a filter.
    """
    if (experiment_id is None) != (filter_string is None):
        raise click.UsageError("Give --experiment-id and --filter together; --filter '' chooses all of its runs.")
    chosen = list(run_ids)
    if run_ids_from is not None:
        chosen += [line.strip() for line in run_ids_from if line.strip()]
    if experiment_id is not None:
        chosen += [run.info.run_id for run in runs_of(experiment_id, view, filter_string or "")]
    elif not chosen:
        raise click.UsageError("Choose runs with --run-id, --run-ids-from, or --experiment-id and --filter.")
    return chosen


def _show_changed(done: RunsChanged, verb: str, already: str) -> None:
    """Say what was done; a refused run is an error in the end.

    Raises
    ------
    RunyardException: One was refused.
    """
    kept = f", {plural(done.unchanged, 'was', 'were')} {already}" if done.unchanged else ""
    click.echo(f"{plural(done.changed, 'run has', 'runs have')} been {verb}{kept}.")
    for refused in done.refused:
        click.echo(f"Run {refused.run_id}: {refused.message}", err=True)
    if done.refused:
        raise RunyardException(f"{len(done.refused):,} of the runs could not be {verb}.", done.refused[0].error_code)


@runs.command()
@_chosen_runs
def delete(run_ids: tuple[str, ...], **others: Any) -> None:
    """Mark runs as deleted; `restore` brings them back, `remove` removes them for good.

    Many are deleted some hundred at a time, while others go on logging. Interrupted, repeat it.
    """
    chosen = _run_ids(ViewType.ACTIVE_ONLY, run_ids, **others)
    if len(chosen) == 1 and run_ids:
        RunyardClient().delete_run(chosen[0])
        click.echo(f"Run with ID {chosen[0]} has been deleted.")
    else:
        _show_changed(RunyardClient().delete_runs(chosen), "deleted", "deleted already")


@runs.command()
@_chosen_runs
def restore(run_ids: tuple[str, ...], **others: Any) -> None:
    """Bring deleted runs back."""
    chosen = _run_ids(ViewType.DELETED_ONLY, run_ids, **others)
    if len(chosen) == 1 and run_ids:
        RunyardClient().restore_run(chosen[0])
        click.echo(f"Run with id {chosen[0]} has been restored.")
    else:
        _show_changed(RunyardClient().restore_runs(chosen), "restored", "active already")


@runs.command()
@_chosen_runs
@click.option("--yes", is_flag=True, help="Remove without asking.")
def remove(run_ids: tuple[str, ...], yes: bool, **others: Any) -> None:
    """Remove deleted runs for good, with their artifacts. This cannot be undone.

    Asks first; without a terminal it removes only with --yes. The server removes them in the background. What a version
    of a registered model needs is refused, and so are runs whose artifacts the server does not keep: `runyard gc`
    removes those.
    """
    chosen = _run_ids(ViewType.DELETED_ONLY, run_ids, **others)
    amount = plural(len(chosen), "run")
    if not yes and not sys.stdin.isatty():
        raise click.UsageError(f"Nothing was removed. Repeat with --yes to remove {amount} for good.")
    if yes or click.confirm(f"Remove {amount} with all artifacts? This cannot be undone."):
        _show_changed(RunyardClient().remove_runs(chosen), "removed for good", "being removed already")


@runs.command()
@_chosen_runs
@click.option("-t", "--tags", multiple=True, metavar="KEY=VALUE", help="Set or replace this tag; may be repeated.")
@click.option("--remove", "removed_keys", multiple=True, metavar="KEY", help="Remove this tag; may be repeated.")
def tag(tags: tuple[str, ...], removed_keys: tuple[str, ...], run_ids: tuple[str, ...], **others: Any) -> None:
    """Set and remove tags of runs; `undo` takes that back."""
    if not tags and not removed_keys:
        raise click.UsageError("Give --tags, --remove or both.")
    chosen = _run_ids(ViewType.ACTIVE_ONLY, run_ids, **others)
    done = RunyardClient().tag_runs(chosen, tags_of(tags), removed_keys)
    _show_changed(done, "tagged", "tagged so already")
    _show_undo(done.change_id)


@runs.command()
@_chosen_runs
@click.option(
    "--template",
    default="{name}",
    show_default=True,
    help="The new names, with {name}, {id}, {status}, {user}, {date}, {params.KEY}, {tags.KEY} and {metrics.KEY}.",
)
@click.option("--find", default="", help="Replace this text in the names that the template makes.")
@click.option("--replace", default="", help="What it is replaced with.")
@click.option("--dry-run", is_flag=True, help="Only show the names of the first 100 runs, before and after.")
def rename(run_ids: tuple[str, ...], template: str, find: str, replace: str, dry_run: bool, **others: Any) -> None:
    """Give runs names by a pattern; `undo` takes that back."""
    chosen, client = _run_ids(ViewType.ACTIVE_ONLY, run_ids, **others), RunyardClient()
    if dry_run:
        names = client.preview_run_names(chosen[:100], template, find, replace)
        show_rows(("ID", "Name", "New name"), [(one.run_id, one.before, one.after or one.problem) for one in names])
        return
    done = client.rename_runs(chosen, template, find, replace)
    _show_undo(done.change_id)
    _show_changed(done, "renamed", "named so already")


@runs.command()
@_chosen_runs
@click.option("--to", "target", required=True, help="Experiment that they go to, by id.")
def move(run_ids: tuple[str, ...], target: str, **others: Any) -> None:
    """Move runs to another experiment, with all runs below them; `undo` takes that back.

    Their logged models and datasets go along. Artifacts stay where they are, and their addresses too.
    """
    done = RunyardClient().move_runs(_run_ids(ViewType.ACTIVE_ONLY, run_ids, **others), target)
    if done.children:
        click.echo(f"{plural(done.children, 'nested run')} went along.")
    _show_undo(done.change_id)
    _show_changed(done, "moved", "there already")


def _show_undo(change_id: str | None) -> None:
    if change_id:
        click.echo(f"To take this back, within seven days: runyard runs undo --change-id {change_id}")


@runs.command()
@click.option("--change-id", required=True, help="Id that `rename` or `move` printed.")
def undo(change_id: str) -> None:
    """Take a change of names or experiments back. Runs that were changed again since are left as they are."""
    _show_changed(RunyardClient().undo_run_change(change_id), "set back", "changed since")
