"""`runyard db`: looks after the schema of a backend store."""

import click

from runyard.cli.choices import variables
from runyard.db import migrate
from runyard.db.engine import require_database


@click.group()
def db() -> None:
    """Look after the schema of a backend store."""


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
    migrate.upgrade(uri)
    click.echo("The database has the schema of this version.")
