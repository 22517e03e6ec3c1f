"""Without a server: databases of this machine, and what is loaded for them."""

import subprocess
import sys

import pytest

from runyard.client import RunyardClient
from runyard.core.store_address import absolute
from runyard.exceptions import RunyardException

HEAVY = ("sqlalchemy", "urllib3", "pandas", "numpy", "yaml", "msgspec", "orjson", "alembic")


def test_a_database_takes_what_is_logged(database: str) -> None:
    """SQLite and PostgreSQL."""
    client = RunyardClient(database)
    run_id = client.create_run("0").info.run_id
    for step in range(1500):
        client.log_metric(run_id, "loss", step / 2, timestamp=step, step=step)
    client.log_metric(run_id, "odd", float("nan"))
    client.log_param(run_id, "lr", 0.1)
    client.set_terminated(run_id)

    assert [p.step for p in client.get_metric_history(run_id, "loss")] == list(range(1500))
    run = client.get_run(run_id)
    assert (run.data.params, run.info.status) == ({"lr": "0.1"}, "FINISHED")
    client.connection.close()
    assert client.get_run(run_id).info.run_id == run_id


def test_integers_beyond_64_bits_are_refused_by_a_database_too(database: str) -> None:
    """A script without a server must read what was wrong, not what its database's driver calls it."""
    client = RunyardClient(database)

    with pytest.raises(RunyardException) as caught:
        client.create_run("0", start_time=2**70)

    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"


def test_credentials_of_a_database_are_not_shown() -> None:
    """Neither in addresses nor in errors."""
    client = RunyardClient("postgresql://ann:secret@127.0.0.1:1/none")

    with pytest.raises(Exception, match="reached") as caught:
        client.get_experiment("0")
    assert "secret" not in str(caught.value) + client.connection.transport.address


@pytest.mark.parametrize(
    ("uri", "same"),
    [
        ("sqlite:////tmp/a.db", "sqlite:////tmp/a.db"),
        ("sqlite:////tmp/a.db?timeout=5", "sqlite:////tmp/a.db?timeout=5"),
        ("postgresql://host/name", "postgresql://host/name"),
        ("http://host:5000", "http://host:5000"),
    ],
)
def test_what_is_absolute_stays_as_it_is(uri: str, same: str) -> None:
    """Only relative SQLite paths depend on the working directory."""
    assert absolute(uri) == same


def test_making_a_client_loads_nothing_heavy() -> None:
    """Databases and HTTP load when the first message is sent."""
    script = (
        "import sys; from runyard.client import RunyardClient; RunyardClient('sqlite:///x.db')\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)

    assert ended.stdout.strip() == b"[]", ended.stderr
