"""Beats: sent by the thread that delivers, while runs go on."""

import time

import pytest

from runyard.client import RunyardClient, beats
from tests.client.scripted import Answer, ScriptedServer
from tests.support.clock import wait_until


def names(server: ScriptedServer) -> list[str]:
    """What came in, by the last word of each address."""
    return [asked.path.rpartition("/")[2] for asked in server.asked]


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beats come at once, and often."""
    monkeypatch.setattr(beats, "FIRST_AFTER", 0.02)
    monkeypatch.setattr(beats, "BEAT_SECONDS", 0.05)


def test_beats_go_on_until_the_run_ends_over_one_connection(scripted: ScriptedServer) -> None:
    """With what is logged between them in its order."""
    connection = RunyardClient(scripted.url).connection
    connection.beat("a" * 32, goes_on=True)
    connection.beat("b" * 32, goes_on=True)
    assert wait_until(lambda: len(scripted.asked) >= 3)
    connection.log_point("a" * 32, "m", 1.0, 1, 1)
    connection.flush()
    connection.beat("b" * 32, goes_on=False)
    time.sleep(0.1)
    assert scripted.asked[-1].body == {"run_ids": ["a" * 32]}
    connection.beat("a" * 32, goes_on=False)
    time.sleep(0.1)
    count = len(scripted.asked)
    time.sleep(0.2)

    assert count == len(scripted.asked)
    assert set(names(scripted)) == {"beat", "log-batch"}
    assert len({asked.client for asked in scripted.asked}) == 1


def test_a_server_that_knows_no_beats_is_asked_once(scripted: ScriptedServer, caplog: pytest.LogCaptureFixture) -> None:
    """As MLflow's; and one that is away loses nothing but the beat."""
    connection = RunyardClient(scripted.url).connection
    scripted.answers = [Answer(503), Answer(404, b"<html>")]
    connection.beat("a" * 32, goes_on=True)
    assert wait_until(lambda: len(scripted.asked) >= 2)
    time.sleep(0.2)

    assert names(scripted) == ["beat", "beat"]
    assert not caplog.records
    connection.beat("a" * 32, goes_on=False)
