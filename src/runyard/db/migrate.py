"""Upgrading a database that was made by an older version."""

from alembic import command
from alembic.config import Config

from runyard._resources import migrations
from runyard.db.engine import open_engines


def upgrade(uri: str) -> None:
    """Bring the schema of a database to the newest version, in one transaction.

    Raises
    ------
    InvalidParameter: The URI names no database we speak.
    """
    config = Config()
    config.set_main_option("script_location", str(migrations()))
    engines = open_engines(uri)
    try:
        with engines.writing.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    finally:
        engines.dispose()
