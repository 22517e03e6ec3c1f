"""kill -9 at random moments: every acknowledged point is in the store once `runyard sync` has run, and exactly once."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from runyard.cli.sync import sync
from runyard.client import RunyardClient
from runyard.client.connection import close_all
from runyard.client.journal import spool_folder
from tests.client.children import killed_after, start_training
from tests.support.programs import start_program
from tests.support.server import RunningServer


def synced() -> None:
    """Run `runyard sync`; everything must be delivered."""
    result = CliRunner().invoke(sync)
    assert result.exit_code == 0, result.output
    assert not list(spool_folder().glob("*"))


def stored(uri: str, run_id: str) -> list[tuple[int, float]]:
    """Step and value of every point."""
    return sorted((p.step, p.value) for p in RunyardClient(uri).get_metric_history(run_id, "loss"))


def expected(acknowledged: int) -> list[tuple[int, float]]:
    """What a training logged that acknowledged this number of steps."""
    return [(step, step / 2) for step in range(acknowledged)]


@pytest.mark.parametrize("where", ["local", "server"])
def test_a_killed_training_loses_no_acknowledged_point(
    where: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Several times, at moments of all kinds: starting, buffering, delivering."""
    uri = f"sqlite:///{tmp_path / 'runyard.db'}"
    if where == "server":
        server: RunningServer = request.getfixturevalue("server")
        uri = server.url
    for most in (1, 30, 500, 4000, 12_000):
        run_id = RunyardClient(uri).create_run("0").info.run_id
        close_all()
        acknowledged = killed_after(start_training(uri, run_id), random.randint(1, most))
        synced()

        points = stored(uri, run_id)
        assert acknowledged == list(range(len(acknowledged)))
        assert points[: len(acknowledged)] == expected(len(acknowledged))
        assert len(points) <= len(acknowledged) + 1  # the one that was in the journal but not yet acknowledged


def test_a_training_killed_during_an_outage_loses_nothing(start_server: Callable[..., RunningServer]) -> None:
    """The server is gone while it logs; sync delivers when it is back."""
    server = start_server()
    run_id = RunyardClient(server.url).create_run("0").info.run_id
    server.kill()
    acknowledged = killed_after(start_training(server.url, run_id), 3000)
    server.start()
    synced()

    assert stored(server.url, run_id)[: len(acknowledged)] == expected(len(acknowledged))


def test_a_server_killed_again_and_again_loses_nothing(start_server: Callable[..., RunningServer]) -> None:
    """The training notices nothing but a warning; every point arrives once."""
    server = start_server()
    run_id = RunyardClient(server.url).create_run("0").info.run_id
    training = start_training(server.url, run_id, count=30_000)
    for _ in range(3):
        for _ in range(random.randint(500, 5000)):
            training.stdout.readline()
        server.kill()
        server.start()
    code, _, errors = training.finish()

    assert code == 0, errors
    assert stored(server.url, run_id) == expected(30_000)
    assert not list(spool_folder().glob("*"))


def test_two_processes_log_to_one_run(server: RunningServer) -> None:
    """Each with a journal of its own; one is killed, one ends."""
    run_id = RunyardClient(server.url).create_run("0").info.run_id
    one = start_training(server.url, run_id, first=0)
    other = start_training(server.url, run_id, first=10_000_000, count=5000)
    killed = killed_after(one, 3000)
    other.finish()
    synced()

    points = stored(server.url, run_id)
    assert {step for step, _ in points} >= {*killed, *range(10_000_000, 10_005_000)}
    assert len(points) == len(set(points))


def test_the_end_of_a_program_waits_for_the_buffer(server: RunningServer) -> None:
    """Nothing has to be called: leaving is enough, by an exception too."""
    run_id = RunyardClient(server.url).create_run("0").info.run_id
    script = (
        "import sys; from runyard.client import RunyardClient; c = RunyardClient(sys.argv[1])\n"
        "for step in range(2000): c.log_metric(sys.argv[2], 'loss', step / 2, step=step)\n"
        "raise ValueError('over')"
    )
    _, _, errors = start_program(script, server.url, run_id).finish()

    assert "ValueError: over" in errors
    assert stored(server.url, run_id) == expected(2000)
    assert not list(spool_folder().glob("*"))


def test_the_next_start_delivers_what_a_killed_process_left(server: RunningServer) -> None:
    """In the background, without being asked, for the same store only."""
    run_id = RunyardClient(server.url).create_run("0").info.run_id
    close_all()
    training = start_training(server.url, run_id)
    acknowledged = killed_after(training, 2000)
    left = list(spool_folder().glob("*.spool"))
    script = (
        "import sys, time, runyard.client.journal as journal; from runyard.client import RunyardClient\n"
        "RunyardClient(sys.argv[1]).get_experiment('0')\n"
        "deadline = time.monotonic() + 20\n"
        "while list(journal.spool_folder().glob('*.spool')) and time.monotonic() < deadline: time.sleep(0.02)"
    )
    code, _, errors = start_program(script, server.url).finish()
    assert code == 0, errors

    assert len(left) == 1
    assert not list(spool_folder().glob("*.spool"))
    assert stored(server.url, run_id)[: len(acknowledged)] == expected(len(acknowledged))
