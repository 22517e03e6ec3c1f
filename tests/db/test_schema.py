"""The schema: made by starting, kept in step with the migrations, never touched silently."""

import time
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from runyard._resources import migrations
from runyard.db.engine import open_engines
from runyard.db.metadata import metadata
from runyard.db.migrate import upgrade
from runyard.db.schema import HEAD, SchemaOutdated, schema_locked
from runyard.gate.gate import Gate
from tests.support.postgres import Cluster
from tests.support.programs import start_program

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


def start_anew(uri: str) -> None:
    """Drop every table, and make them as a server does that starts on an empty database."""
    engines = open_engines(uri)
    with engines.writing.begin() as connection:
        connection.execute(sa.text("DROP TABLE alembic_version"))
        metadata.drop_all(connection)
    engines.dispose()
    Gate.open(uri).close()


def test_head_is_the_newest_migration() -> None:
    """The version a database is checked against is the one migrations lead to."""
    config = Config()
    config.set_main_option("script_location", str(migrations()))

    assert [HEAD] == ScriptDirectory.from_config(config).get_heads()


def test_migrations_make_the_same_schema_as_starting(database: str, tmp_path: Path) -> None:
    """A database made by upgrading is no different from one made by starting."""
    upgrade(database)
    migrated = description(database)
    start_anew(database)

    assert migrated == description(database)


def triggers(uri: str) -> set[tuple[str, str]]:
    """Names and definitions of triggers and of the functions they call, without spaces."""
    engines = open_engines(uri)
    found = {
        "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT tgname, pg_get_triggerdef(pg_trigger.oid) || prosrc FROM pg_trigger "
        "JOIN pg_proc ON pg_proc.oid = tgfoid WHERE NOT tgisinternal",
    }
    try:
        with engines.reading.begin() as connection:
            rows = connection.execute(sa.text(found[engines.dialect])).all()
        return {(name, "".join(text.split())) for name, text in rows}
    finally:
        engines.dispose()


def test_migrations_make_the_same_triggers_as_starting(database: str) -> None:
    """What keeps rows true for servers of two versions is there in old databases and in new ones."""
    upgrade(database)
    migrated = triggers(database)
    start_anew(database)

    assert migrated == triggers(database)
    assert {"metric_points_late"} <= {name for name, _ in migrated}


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
    started = [start_program(program, database, loaded=("a_schema",)) for _ in range(3)]

    assert [(0, "", "")] * 3 == [process.finish() for process in started]
    engines = open_engines(database)
    with engines.reading.begin() as connection:
        assert 1 == connection.execute(sa.text("SELECT count(*) FROM experiments")).scalar()
    engines.dispose()


def _upgraded_to(uri: str, revision: str) -> sa.Engine:
    """A database with the schema of an earlier version, and an engine of it."""
    engines = open_engines(uri)
    config = Config()
    config.set_main_option("script_location", str(migrations()))
    with engines.writing.connect() as connection, schema_locked(connection):
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engines.dispose()
    return sa.create_engine(engines.writing.url)


def test_an_upgrade_ends_what_an_interrupted_one_began(postgres: Cluster) -> None:
    """An index whose making was interrupted is there, but not valid; the next upgrade makes it anew."""
    database = postgres.new_database()
    engine = _upgraded_to(database, "0004")
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE INDEX ix_runs_status ON runs (name)"))

    upgrade(database)

    with engine.begin() as connection:
        [index] = [one for one in sa.inspect(connection).get_indexes("runs") if one["name"] == "ix_runs_status"]
    engine.dispose()
    postgres.drop_database(database)
    assert ["experiment_id", "lifecycle_stage", "status", "start_time", "run_uuid"] == index["column_names"]


def test_indexes_are_made_while_others_write(postgres: Cluster) -> None:
    """A server of the version before goes on logging during the upgrade: no lock of it keeps a writer waiting."""
    database = postgres.new_database()
    engine = _upgraded_to(database, "0004")
    added = sa.text(
        "INSERT INTO runs (run_uuid, experiment_id, name, user_id, status, start_time, lifecycle_stage, artifact_uri,"
        " document) VALUES (:id, 0, '', '', 'RUNNING', 0, 'active', '', '')"
    )
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage, creation_time,"
                " last_update_time) VALUES (0, 'Default', '', 'active', 0, 0)"
            )
        )
    program = "import sys; from runyard.db.migrate import upgrade; upgrade(sys.argv[1])"
    with engine.begin() as writing:
        writing.execute(added, {"id": "1"})  # an open transaction, which making an index waits for
        upgrading = start_program(program, database, loaded=("a_schema",))
        waiting = sa.text(
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX%' AND wait_event = 'virtualxid'"
        )
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as other:
            other.execute(sa.text("SET lock_timeout = '5s'"))
            until = time.monotonic() + 60
            while not other.execute(waiting).scalar_one():
                assert time.monotonic() < until, "The upgrade did not come to the index."
                time.sleep(0.05)
            other.execute(added, {"id": "2"})

    assert (0, "", "") == upgrading.finish()
    with engine.begin() as connection:
        assert 2 == connection.execute(sa.text("SELECT count(*) FROM runs")).scalar_one()
        assert HEAD == connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar_one()
    engine.dispose()
    postgres.drop_database(database)
