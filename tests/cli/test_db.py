"""`runyard db upgrade`: safe at any moment, and clear about what it does not touch."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from runyard.db.engine import open_engines
from runyard.db.schema import HEAD, version
from runyard.gate.gate import Gate
from runyard.tracking.experiments.messages import SearchExperiments
from runyard.tracking.metrics.messages import LogMetric
from tests.cli.conftest import Runyard
from tests.factories import a_run
from tests.support.postgres import free_port
from tests.support.programs import start_command


def test_upgrades_at_once_do_no_harm(database: str) -> None:
    """An init container for each replica starts them together, on an empty database too."""
    if database.startswith("sqlite"):
        Path(database.removeprefix("sqlite:///")).touch()
    started = [start_command("db", "upgrade", database) for _ in range(4)]
    ended = [program.finish() for program in started]

    assert ended == [(0, "The database has the schema of this version.\n", "")] * 4
    for _ in range(2):
        with closing(Gate.open(database)) as gate:
            assert ["Default"] == [one.name for one in gate.ask(SearchExperiments(max_results=10)).experiments]


@pytest.mark.parametrize("name", ["RUNYARD_BACKEND_STORE_URI", "MLFLOW_BACKEND_STORE_URI"])
def test_the_address_comes_from_the_environment(
    runyard: Runyard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A password does not belong on a command line, which every user of the machine can read."""
    assert runyard("db", "upgrade").code == 2
    Gate.open(f"sqlite:///{tmp_path / 'store.db'}").close()
    monkeypatch.setenv(name, f"SQLITE:///{tmp_path / 'store.db'}")

    assert runyard("db", "upgrade").code == 0


def test_a_mistyped_path_makes_no_database(runyard: Runyard, tmp_path: Path) -> None:
    """An empty one that "has the schema of this version" hides that the real one was not upgraded."""
    done = runyard("db", "upgrade", f"sqlite:///{tmp_path / 'typo' / 'store.db'}")

    assert done.code == 1
    assert "There is no database at" in done.err
    assert not (tmp_path / "typo").exists()


def test_databases_of_others_are_refused_and_left_alone(runyard: Runyard, tmp_path: Path) -> None:
    """MLflow's is the one that is tried most; what the server says is said here too."""
    for tables, words in (
        ("alembic_version (version_num)", "belongs to another program"),
        ("customers (id)", "tables of another program"),
    ):
        file = tmp_path / f"{tables[:5]}.db"
        with sqlite3.connect(file) as connection:
            connection.execute(f"CREATE TABLE {tables}")
        connection.close()
        before = file.read_bytes()
        done = runyard("db", "upgrade", f"sqlite:///{file}")

        assert (done.code, 1) == (1, len(done.err.splitlines()))
        assert words in done.err
        assert file.stat().st_size == len(before)
        with sqlite3.connect(file) as connection:
            assert len(connection.execute("SELECT name FROM sqlite_master").fetchall()) == 1
        connection.close()


def test_a_newer_schema_is_not_touched(runyard: Runyard, database: str) -> None:
    """The program is too old for it, not the other way round."""
    Gate.open(database).close()
    engines = open_engines(database)
    with engines.writing.begin() as connection:
        connection.execute(sa.update(version).values(version_num="9999"))
    done = runyard("db", "upgrade", database)

    assert (done.code, "9999" in done.err, "upgrade Runyard instead" in done.err) == (1, True, True)
    with engines.reading.connect() as connection:
        assert connection.execute(sa.select(version.c.version_num)).scalar() == "9999"
    engines.dispose()
    assert HEAD != "9999"


def test_a_database_out_of_reach_is_said_as_the_server_says_it(runyard: Runyard) -> None:
    """In one line, with no traceback and no plea to report it."""
    done = runyard("db", "upgrade", f"postgresql://u:s3cret@127.0.0.1:{free_port()}/db")

    assert (done.code, len(done.err.splitlines())) == (1, 1)
    assert "cannot be reached (Connection refused)" in done.err
    assert not any(word in done.err for word in ("s3cret", "report", "sqlalche"))


def test_check_tells_and_repairs(runyard: Runyard, database: str) -> None:
    """Exit code 1 only while something differs; the command says what and how to mend it."""
    with closing(Gate.open(database)) as gate:
        run_id = a_run(gate)
        gate.perform(LogMetric(run_id=run_id, key="loss", value=0.5, timestamp=1))
    checked = ("documents of runs: 1", "latest points of metrics: 1", "metrics with blocks: 0", "texts of runs: 1")
    clean = "".join(f"Checked {one}, none differs.\n" for one in checked)
    assert (0, clean) == (runyard("db", "check", database).code, runyard("db", "check", database).out)
    engines = open_engines(database)
    with engines.writing.begin() as connection:
        connection.execute(sa.text("UPDATE runs SET document = ''"))
        connection.execute(sa.text("UPDATE metric_series SET value = 7"))
    engines.dispose()

    found = runyard("db", "check", database)
    assert found.code == 1
    assert f"run {run_id}: its document is not what its params and tags say.\n" in found.out
    assert (
        f"run {run_id}: metric 'loss' shows 7.0 at step 0 instead of 0.5 at step 0 as its latest point.\n" in found.out
    )
    assert found.out.endswith("Repeat with --repair to write what the rows say.\n")
    mended = runyard("db", "check", "--repair", database)
    assert (0, True) == (mended.code, "Checked documents of runs: 1, 1 repaired.\n" in mended.out)
    assert clean == runyard("db", "check", database).out


def test_check_of_a_database_that_is_not_there(runyard: Runyard, tmp_path: Path) -> None:
    """No empty one is made, and called clean."""
    assert runyard("db", "check", f"sqlite:///{tmp_path / 'typo.db'}").code == 1
    assert not (tmp_path / "typo.db").exists()
