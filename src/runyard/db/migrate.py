"""Upgrades a database of an older version."""

from collections.abc import Callable

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from runyard._resources import migrations
from runyard.db.engine import open_engines
from runyard.db.faults import cannot_open
from runyard.db.schema import SchemaOutdated, found_version, note_if_unfilled, schema_locked


def upgrade(uri: str, report: Callable[[str], None] = lambda step: None) -> None:
    """Bring the schema of a database to the newest version: on SQLite in one transaction, on PostgreSQL step by step.

    There, a step that is interrupted is done again by the next upgrade. Indexes are made beside the writers of a
    running server, which no transaction can do.

    Safe when several processes do it at once: the others wait, and find it done.

    Parameters
    ----------
    report: Called with a line for people after each step.

    Raises
    ------
    InvalidParameter: The URI names no database we speak.
    SchemaOutdated: The database belongs to another program, or to a newer version of Runyard; nothing was touched.
    Unavailable: The database cannot be reached, or refuses us.
    """
    config = Config()
    config.set_main_option("script_location", str(migrations()).replace("%", "%%"))
    engines = open_engines(uri)
    try:
        with engines.writing.connect() as connection, schema_locked(connection):
            found = found_version(connection)
            known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
            if found is not None and found not in known:
                raise SchemaOutdated(
                    f"The database has schema version {found!r}, which this version of Runyard does not know. "
                    "A newer one made it: upgrade Runyard instead. Nothing was changed."
                )
            config.attributes["connection"], config.attributes["report"] = connection, report
            command.upgrade(config, "head")
            note_if_unfilled(connection)  # also when an upgrade of an empty database was killed before it came here
            if connection.dialect.name == "postgresql":  # on SQLite all is one transaction
                connection.commit()
    except Exception as error:  # noqa: BLE001  (translated or raised as it is)
        raise cannot_open(error) or error from None
    finally:
        engines.dispose()
