"""The schema: made by starting, kept in step with the migrations, never touched silently."""

import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.config import Config
from alembic.script import ScriptDirectory

from runyard._resources import migrations
from runyard.db.engine import open_engines
from runyard.db.metadata import metadata
from runyard.db.migrate import upgrade
from runyard.db.schema import HEAD, SchemaOutdated
from runyard.gate.gate import Gate

pytestmark = pytest.mark.filterwarnings("ignore:Skipped unsupported reflection:sqlalchemy.exc.SAWarning")


def description(uri: str) -> dict[str, object]:
    """Tables with their columns, keys and indexes, in a form that compares."""
    engines = open_engines(uri)
    try:
        found = sa.inspect(engines.reading)
        return {
            table: (
                [(column["name"], str(column["type"]), column["nullable"]) for column in found.get_columns(table)],
                found.get_pk_constraint(table)["constrained_columns"],
                sorted((key["constrained_columns"], key["referred_table"]) for key in found.get_foreign_keys(table)),
                sorted(tuple(key["column_names"]) for key in found.get_unique_constraints(table)),
                sorted(str(index["name"]) for index in found.get_indexes(table)),
            )
            for table in sorted(found.get_table_names())
        }
    finally:
        engines.dispose()


def test_head_is_the_newest_migration() -> None:
    """The version a database is checked against is the one migrations lead to."""
    config = Config()
    config.set_main_option("script_location", str(migrations()))

    assert [HEAD] == ScriptDirectory.from_config(config).get_heads()


def test_migrations_make_the_same_schema_as_starting(database: str, tmp_path: Path) -> None:
    """A database made by upgrading is no different from one made by starting."""
    upgrade(database)
    migrated = description(database)
    engines = open_engines(database)
    with engines.writing.begin() as connection:
        connection.execute(sa.text("DROP TABLE alembic_version"))
        metadata.drop_all(connection)
    engines.dispose()
    Gate.open(database).close()

    assert migrated == description(database)


def test_an_older_schema_is_refused_and_left_alone(database: str) -> None:
    """Nobody's data is changed before its owner has made a backup and asked for it."""
    Gate.open(database).close()
    engines = open_engines(database)
    with engines.writing.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0000'"))
    before = description(database)

    with pytest.raises(SchemaOutdated, match="runyard db upgrade"):
        Gate.open(database)

    engines.dispose()
    assert before == description(database)


def test_a_database_of_another_program_is_refused(database: str) -> None:
    """A wrong URI must not add our tables to someone else's database."""
    engines = open_engines(database)
    with engines.writing.begin() as connection:
        connection.execute(sa.text("CREATE TABLE customers (id INTEGER)"))
    engines.dispose()

    with pytest.raises(SchemaOutdated, match="another program"):
        Gate.open(database)

    assert ["customers"] == list(description(database))


def test_processes_that_start_together_make_one_schema(database: str) -> None:
    """Several servers may be started at once on an empty database."""
    program = "import sys; from runyard.gate.gate import Gate; Gate.open(sys.argv[1]).close()"
    started = [subprocess.Popen([sys.executable, "-c", program, database]) for _ in range(3)]

    assert [0, 0, 0] == [process.wait(timeout=60) for process in started]
    engines = open_engines(database)
    with engines.reading.begin() as connection:
        assert 1 == connection.execute(sa.text("SELECT count(*) FROM experiments")).scalar()
    engines.dispose()
