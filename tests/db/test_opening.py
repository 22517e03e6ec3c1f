"""What is said when a database cannot be opened: the reason, to those who set it up."""

import time
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from runyard.client import RunyardClient
from runyard.client.errors import Unreachable
from runyard.db.migrate import upgrade
from runyard.exceptions import InvalidParameter, PermissionDenied, RunyardException, Unavailable
from runyard.gate.gate import Gate
from tests.factories import a_run
from tests.support.postgres import Cluster, free_port
from tests.support.removal import open_remover


@pytest.fixture(scope="module")
def guarded(postgres: Cluster) -> Cluster:
    """A cluster that asks one role for a password, and turns another away."""
    postgres.execute("postgres", "CREATE ROLE asked_for_password LOGIN PASSWORD 'ri#g/h?t@[1'")
    postgres.execute("postgres", "CREATE ROLE turned_away LOGIN")
    return postgres


def a_remover(uri: str) -> None:
    """What `runyard gc` opens."""
    with open_remover(uri):
        pass


@pytest.mark.parametrize(
    ("login", "name", "reason"),
    [
        ("asked_for_password:wr0ng", "postgres", 'password authentication failed for user "asked_for_password"'),
        ("asked_for_password", "postgres", "no password supplied"),
        ("runyard", "nothing_there", 'database "nothing_there" does not exist'),
        ("nobody_known", "postgres", 'role "nobody_known" does not exist'),
        ("turned_away", "postgres", "pg_hba.conf rejects connection"),
    ],
)
def test_postgresql_says_why_it_refuses(guarded: Cluster, login: str, name: str, reason: str) -> None:
    """Who reads "cannot be reached" looks at the network; the SDK and commands say it alike, at once."""
    uri = f"postgresql://{login}@127.0.0.1:{guarded.port}/{name}"
    began = time.monotonic()
    said = []
    for act in (Gate.open, upgrade, a_remover, lambda uri: RunyardClient(uri).create_experiment("x")):
        with pytest.raises(Unavailable) as caught:
            act(uri)
        said.append(caught.value.message)

    assert time.monotonic() - began < 5
    assert all(reason in text and "%23" in text and "wr0ng" not in text for text in said)
    assert said[0] == said[1] == said[2]


def test_a_password_may_hold_anything(guarded: Cluster) -> None:
    """As it is, and percent-encoded: it is the one of the role, and is not shown."""
    for password in ("ri#g/h?t@[1", "ri%23g%2Fh%3Ft%40%5B1"):
        client = RunyardClient(f"postgresql://asked_for_password:{password}@127.0.0.1:{guarded.port}/none")

        with pytest.raises(Unreachable, match='database "none" does not exist') as caught:
            client.create_experiment("x")
        assert not any(part in caught.value.message for part in ("ri#g", "h?t", "ri%23"))


def test_a_port_where_nobody_listens_is_out_of_reach() -> None:
    """Then it is the network, or a database that does not run."""
    with pytest.raises(Unavailable, match=r"cannot be reached \(Connection refused\)"):
        Gate.open(f"postgresql://runyard@127.0.0.1:{free_port()}/x")


@pytest.mark.parametrize("option", ["nonsense=1", "sslmode=nonsense"])
def test_an_option_that_postgresql_does_not_have_is_named(option: str) -> None:
    """It is in the address, so the address is wrong."""
    with pytest.raises(InvalidParameter, match="nonsense"):
        Gate.open(f"postgresql://runyard@127.0.0.1:1/x?{option}")


def test_postgresql_compresses_long_texts_by_lz4(postgres: Cluster, tmp_path: Path) -> None:
    """What it does by itself takes several times as long, each time that an entry of a wide run changes."""
    uri = postgres.store(str(tmp_path))
    with closing(Gate.open(uri)) as gate:
        run_id = a_run(gate, tags={f"t{number}": "a text" for number in range(1_000)})
        with gate.engines.reading.connect() as connection:
            found = sa.text("SELECT pg_column_compression(document) FROM runs WHERE run_uuid = :run_id")
            way = connection.scalar(found, {"run_id": run_id})
    postgres.give_back(uri)

    assert "lz4" == way


def test_files_that_are_not_databases_say_so(tmp_path: Path) -> None:
    """A text file, and a path that leads through one."""
    (tmp_path / "notes.txt").write_text("no database at all, but many letters" * 100)
    found: list[RunyardException] = []
    for path in ("notes.txt", "notes.txt/runyard.db"):
        with pytest.raises(RunyardException) as caught:
            Gate.open(f"sqlite:///{tmp_path / path}")
        found.append(caught.value)

    assert "no SQLite database" in found[0].message
    assert isinstance(found[1], PermissionDenied)
    assert "Not a directory" in found[1].message or "File exists" in found[1].message
