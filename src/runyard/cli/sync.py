"""`runyard sync`: delivers what training processes could not deliver themselves."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from runyard.cli.output import output_option, show_json, show_rows
from runyard.core.amounts import plural
from runyard.exceptions import DoesNotExist, RunyardException

if TYPE_CHECKING:
    from runyard.client.orphans import Delivery
    from runyard.client.spool import SpoolFile


@click.command()
@click.option(
    "--spool-dir",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder of the journals; RUNYARD_SPOOL_DIR by default, else ~/.local/state/runyard/spool.",
)
@click.option("--list", "only_list", is_flag=True, help="List what is not delivered, and why; deliver nothing.")
@click.option("--retry-rejected", is_flag=True, help="Send rejected writes again, after the cause was fixed.")
@click.option(
    "--export", "export_to", type=click.Path(path_type=Path), help="Write what is not delivered to this new file."
)
@click.option("--discard", "discarded", metavar="ID", multiple=True, help="Remove what --list shows under this id.")
@output_option()
def sync(
    spool_dir: Path | None,
    only_list: bool,
    retry_rejected: bool,
    export_to: Path | None,
    discarded: tuple[str, ...],
    output: str,
) -> None:
    """Deliver what was logged while a server was down, or by processes that were killed.

    Ends with 1 while anything stays undelivered: refused, unreadable, or its store is out of reach or gone. Repeating
    it is harmless, and nothing is removed except by --discard.
    """
    if sum((only_list, retry_rejected, export_to is not None, bool(discarded))) > 1:
        raise click.UsageError("Give one of --list, --retry-rejected, --export and --discard.")
    try:
        if discarded:
            _discard(discarded, spool_dir, output)
        elif export_to is not None:
            _export(export_to, spool_dir, output)
        elif only_list:
            _list(spool_dir, output)
        else:
            _deliver(spool_dir, retry_rejected, output)
    except OSError as problem:
        raise click.ClickException(f"{problem.filename or spool_dir}: {problem.strerror or problem}") from None


def _deliver(spool_dir: Path | None, retry_rejected: bool, output: str) -> None:
    from runyard.client.orphans import deliver_orphans  # noqa: PLC0415  (loads the client)
    from runyard.client.spool import IN_USE, requeue_rejected, spool_files  # noqa: PLC0415  (loads the client)

    if retry_rejected:
        requeue_rejected(spool_dir)
    outcomes: list[Delivery] = []
    for outcome in deliver_orphans(spool_dir):
        outcomes.append(outcome)
        if output == "table":
            click.echo(_line(outcome))
    after = spool_files(spool_dir)
    in_use = sum(one.state == IN_USE for one in after)
    undelivered = [one for one in after if one.state != IN_USE]
    if output == "json":
        listed = [_fields(outcome) for outcome in outcomes]
        show_json({"journals": listed, "in_use": in_use, "kept": [one.fields() for one in undelivered]})
    else:
        _say_what_is_kept(outcomes, undelivered, in_use)
    if undelivered:
        raise SystemExit(1)


def _say_what_is_kept(outcomes: "list[Delivery]", undelivered: "list[SpoolFile]", in_use: int) -> None:
    shown = {path for outcome in outcomes for path in (outcome.path, outcome.rejected_path)}
    for one in undelivered:
        if one.path not in shown:
            why = f": {one.reason}" if one.reason else ""
            click.echo(f"{one.path.name}  {one.address or 'unknown store'}  {one.entries} {one.state}{why}")
    if undelivered:
        click.echo("Not everything is delivered. See: runyard sync --list")
    elif not outcomes:
        click.echo("Nothing was left behind." + (f" Journals in use: {in_use}." if in_use else ""))


def _list(spool_dir: Path | None, output: str) -> None:
    from runyard.client.spool import IN_USE, spool_files  # noqa: PLC0415  (loads the client)

    found = spool_files(spool_dir)
    if output == "json":
        show_json({"kept": [one.fields() for one in found]})
    elif found:
        rows = [[one.path.name, one.state, one.address, one.entries, one.reason] for one in found]
        show_rows(["ID", "State", "Store", "Entries", "Reason"], rows)
    else:
        click.echo("Nothing was left behind.")
    if any(one.state != IN_USE for one in found):
        raise SystemExit(1)


def _export(file: Path, spool_dir: Path | None, output: str) -> None:
    from runyard.client.spool import export  # noqa: PLC0415  (loads the client)

    count, unread = export(file, spool_dir)
    if output == "json":
        show_json({"file": str(file), "entries": count, "left_out": [one.fields() for one in unread]})
    else:
        click.echo(f"Wrote {plural(count, 'entry', 'entries')} to {file}. All of it is kept in the spool folder too.")
        for one in unread:
            click.echo(f"Left out {one.path.name}: {one.reason}")
    if unread:
        raise SystemExit(1)


def _discard(names: tuple[str, ...], spool_dir: Path | None, output: str) -> None:
    from runyard.client.spool import discard  # noqa: PLC0415  (loads the client)

    gone = []
    for name in names:
        try:
            gone.append(discard(name, spool_dir))
        except DoesNotExist as problem:
            raise click.UsageError(problem.message) from None
        except RunyardException as problem:
            raise click.ClickException(problem.message) from None
        if output == "table":
            click.echo(f"Discarded {name} with {plural(gone[-1].entries, 'entry', 'entries')}.")
    if output == "json":
        show_json({"discarded": [one.fields() for one in gone]})


def _line(outcome: "Delivery") -> str:
    parts = [f"{outcome.delivered} delivered"]
    if outcome.rejected:
        parts.append(f"{outcome.rejected} refused (kept in {outcome.rejected_path})")
    parts.append(f"stopped: {outcome.problem}" if outcome.problem else "done")
    return f"{outcome.path.name}  {outcome.address}  {', '.join(parts)}"


def _fields(outcome: "Delivery") -> dict[str, object]:
    return {
        "journal": str(outcome.path),
        "store": outcome.address,
        "delivered": outcome.delivered,
        "rejected": outcome.rejected,
        "rejects": str(outcome.rejected_path) if outcome.rejected_path else None,
        "problem": outcome.problem,
    }
