"""`runyard db`: looks after the schema and the contents of a backend store."""

import sys
from contextlib import closing

import click

from runyard.cli.choices import variables
from runyard.cli.groups import CommandGroup
from runyard.cli.output import progress
from runyard.db import migrate
from runyard.db.engine import require_database
from runyard.gate.gate import Gate
from runyard.tracking.checks import CHECKS, Check, examined

SHOWN = 100
"""Maximum number of differences that a check prints."""


@click.group(cls=CommandGroup)
def db() -> None:
    """Look after the schema and the contents of a backend store."""


@db.command()
@click.argument("uri", envvar=variables("BACKEND_STORE_URI"))
def upgrade(uri: str) -> None:
    """Bring the database at URI to the schema of this version of Runyard.

    URI is the server's backend store, such as sqlite:///runyard.db or postgresql://user@host/name; left out, the
    variable RUNYARD_BACKEND_STORE_URI (or MLFLOW_BACKEND_STORE_URI) names it, which keeps a password off the command
    line. Stop the servers that use it and take a backup first. A database that is up to date is left as it is; several
    upgrades at once do no harm.
    """
    require_database(uri)
    migrate.upgrade(uri, lambda step: click.echo(step, err=True) if sys.stderr.isatty() else None)
    click.echo("The database has the schema of this version.")


@db.command()
@click.argument("uri", envvar=variables("BACKEND_STORE_URI"))
@click.option("--repair", is_flag=True, help="Write what the rows say where something differs.")
def check(uri: str, repair: bool) -> None:
    """Compare what the database at URI keeps twice with the rows it comes from.

    Those are the params and tags of each run as answers show them, the latest point of each metric, the blocks of long
    metrics, from which charts and histories are read, and the index of names, tags and notes. Prints what differs; the
    exit code is 0 when nothing does, or everything was repaired, and 1 otherwise. Servers may keep running, and it may
    be interrupted at any time. URI is given as for `upgrade`.
    """
    require_database(uri)
    with closing(Gate.open(uri)) as gate:
        found = sum(_made(gate, one, repair=repair) for one in CHECKS)
    if found and not repair:
        click.echo("Repeat with --repair to write what the rows say.")
        click.get_current_context().exit(1)


def _made(gate: Gate, one: Check, *, repair: bool) -> int:
    """Make one check, and print what differs; returns the number of differences."""
    total, found = 0, 0
    with progress(f"Checking {one.what}", gate.inspect(one.count), of_bytes=False) as advance:
        for compared, differences in examined(one, gate.inspect, gate.administer if repair else None):
            for difference in differences[: max(SHOWN - found, 0)]:
                click.echo(f"{difference.text}.")
            total, found = total + compared, found + len(differences)
            advance(compared)
    if found > SHOWN:
        click.echo(f"… and {found - SHOWN:,} more.")
    verdict = f"{found:,} {'repaired' if repair else 'differ'}" if found else "none differs"
    click.echo(f"Checked {one.what}: {total:,}, {verdict}.")
    return found
