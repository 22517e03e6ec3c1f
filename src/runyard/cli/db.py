"""`runyard db`: looks after the schema of a backend store."""

import click

from runyard.db import migrate


@click.group()
def db() -> None:
    """Look after the schema of a backend store."""


@db.command()
@click.argument("uri")
def upgrade(uri: str) -> None:
    """Bring the database at URI to the schema of this version of Runyard.

    URI is the server's backend store, such as sqlite:///runyard.db or postgresql://user@host/name. Stop the servers
    that use it and take a backup first. A database that is up to date is left as it is.
    """
    migrate.upgrade(uri)
    click.echo("The database has the schema of this version.")
