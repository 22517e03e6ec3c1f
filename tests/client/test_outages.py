"""The store is down, hangs, is full or refuses: nothing that was logged is lost, and training goes on."""

import logging
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from runyard.client import RunyardClient, buffer, delivery
from runyard.client.errors import Unreachable
from runyard.client.journal import spool_folder
from runyard.entities import Metric
from tests.client.reading import history, journals, steps
from tests.client.scripted import Answer, ScriptedServer
from tests.support.clock import wait_until
from tests.support.programs import start_program
from tests.support.server import RunningServer


def test_more_than_memory_holds_comes_back_from_the_journal(
    mortal: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Points and messages logged during an outage, in order, whatever their number."""
    monkeypatch.setattr(buffer, "MAX_QUEUED", 100)
    client = RunyardClient(mortal.url)
    run_id = client.create_run("0").info.run_id
    mortal.kill()
    for step in range(1000):
        client.log_metric(run_id, "loss", 1.0, timestamp=step, step=step)
        if step % 250 == 0:
            client.log_param(run_id, f"p{step}", step)
    mortal.start()

    assert steps(client, run_id) == list(range(1000))
    assert client.get_run(run_id).data.params == {"p0": "0", "p250": "250", "p500": "500", "p750": "750"}


def test_an_outage_is_reported_once_and_stops_nothing(
    start_server: Callable[..., RunningServer],
    impatient: None,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Metrics, params, tags and the end of the run are kept, and delivered when the server is back."""
    monkeypatch.setenv("RUNYARD_OFFLINE_AFTER", "5")
    server = start_server()
    client = RunyardClient(server.url)
    run_id = client.create_run("0").info.run_id
    server.kill()
    began = time.monotonic()
    for step in range(2000):
        client.log_metric(run_id, "loss", 1.0, timestamp=step, step=step)
    for number in range(20):
        client.log_param(run_id, f"p{number}", number)
        client.set_tag(run_id, f"t{number}", number)
    client.set_terminated(run_id)
    assert time.monotonic() - began < 60  # far less than 41 changes would take if each waited
    (warning,) = [record.message for record in caplog.records if record.levelno >= logging.WARNING]
    assert all(part in warning for part in (server.url, "refused", str(journals()[0]), "runyard sync"))

    server.start()
    run = client.get_run(run_id)

    assert (run.info.status, len(run.data.params)) == ("FINISHED", 20)
    assert {f"t{number}" for number in range(20)} <= set(run.data.tags)
    assert steps(client, run_id) == list(range(2000))
    assert "takes what is logged again" in caplog.text


def test_delivery_resumes_without_being_asked(mortal: RunningServer) -> None:
    """The thread notices by itself that the server is back."""
    client = RunyardClient(mortal.url)
    run_id = client.create_run("0").info.run_id
    mortal.kill()
    client.log_metric(run_id, "loss", 1.0)
    assert wait_until(lambda: client.connection._buffer.offline is not None)
    mortal.start()

    watcher = client.connection.transport
    assert wait_until(lambda: len(watcher.send(history(run_id)).get("metrics", ())) == 1)


def test_a_server_that_hangs_does_not_hang_training(mortal: RunningServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes connections and never answers: as good as dead, until it goes on."""
    client = RunyardClient(mortal.url)
    run_id = client.create_run("0").info.run_id
    assert mortal.process is not None
    mortal.process.send_signal(19)  # SIGSTOP
    monkeypatch.setenv("RUNYARD_OFFLINE_AFTER", "0.5")
    began = time.monotonic()
    client.log_param(run_id, "a", 1)
    client.log_metric(run_id, "loss", 1.0)
    for number in range(20):
        client.log_param(run_id, f"p{number}", number)
    client.set_terminated(run_id)
    spent = time.monotonic() - began
    mortal.process.send_signal(18)  # SIGCONT
    monkeypatch.setenv("RUNYARD_OFFLINE_AFTER", "30")

    assert spent < 10  # each of 23 calls waiting half a second would take longer
    run = client.get_run(run_id)
    assert (run.info.status, len(run.data.params), run.data.metrics) == ("FINISHED", 21, {"loss": 1.0})


def test_reads_and_new_runs_fail_clearly_while_the_server_is_down(
    mortal: RunningServer,
) -> None:
    """There is nothing they could return."""
    client = RunyardClient(mortal.url)
    run_id = client.create_run("0").info.run_id
    mortal.kill()
    with pytest.raises(Unreachable, match=mortal.url):
        client.create_run("0")
    client.log_metric(run_id, "loss", 1.0)
    with pytest.raises(Unreachable, match="kept on disk"):
        client.get_run(run_id)


def test_a_failing_server_is_not_hammered(scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even while somebody waits for it."""
    monkeypatch.setenv("RUNYARD_OFFLINE_AFTER", "2")
    monkeypatch.setenv("RUNYARD_HTTP_REQUEST_MAX_RETRIES", "0")
    scripted.answers = [Answer(503)] * 1000
    client = RunyardClient(scripted.url)
    client.log_metric("a" * 32, "m", 1.0)
    with pytest.raises(Unreachable):
        client.connection.flush()

    assert 2 <= len(scripted.asked) <= 8
    scripted.answers.clear()


@pytest.mark.parametrize("attempt", [1, 5, 50, 5_000, 5_000_000])
def test_pauses_stay_short_however_long_an_outage_lasts(attempt: int) -> None:
    """Delivery resumes within seconds, weeks later."""
    assert 0.1 < delivery.backoff_after(attempt) <= delivery.MAX_BACKOFF


def test_synchronous_calls_wait_and_raise(mortal: RunningServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """By argument, and for every call by the environment."""
    client = RunyardClient(mortal.url)
    run_id = client.create_run("0").info.run_id
    client.log_metric(run_id, "loss", 1.0, synchronous=True)
    transport = client.connection.transport
    assert len(transport.send(history(run_id))["metrics"]) == 1
    mortal.kill()

    with pytest.raises(Unreachable):
        client.log_metric(run_id, "loss", 1.0, synchronous=True)
    monkeypatch.setenv("RUNYARD_SYNC_LOGGING", "1")
    for call in (
        lambda: client.log_metric(run_id, "loss", 1.0),
        lambda: client.log_batch(run_id, [Metric("loss", 1.0, 1, 1)]),
        lambda: client.log_param(run_id, "a", 1),
        lambda: client.set_terminated(run_id),
    ):
        with pytest.raises(Unreachable):
            call()
    assert not journals()


def test_points_the_store_refuses_are_set_aside_with_the_reason(
    client: RunyardClient, run_id: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A run that was deleted meanwhile: not retried for ever, said once, and the other run goes on."""
    other = client.create_run("0").info.run_id
    RunyardClient(client.tracking_uri).delete_run(run_id)
    for step in range(1500):
        client.log_metric(run_id, "loss", 1.0, step=step)
        client.log_metric(other, "loss", 1.0, step=step)

    assert len(steps(client, other)) == 1500
    (rejected,) = spool_folder().glob("*.rejected")
    assert len(rejected.read_text().splitlines()) == 1500
    assert rejected.stat().st_mode & 0o077 == 0
    (warning,) = [record.message for record in caplog.records if record.levelno >= logging.WARNING]
    assert run_id in warning
    assert str(rejected) in warning


def test_a_point_the_store_refuses_takes_no_other_along(
    scripted: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    """The batch is halved until the one is found."""
    refusal = Answer.error(400, "INVALID_PARAMETER_VALUE", "not this one")
    # 4 points; the run is fine; first half refused; the run is fine; first point refused, second and second half taken
    scripted.answers = [refusal, Answer(), refusal, Answer(), refusal, Answer(), Answer()]
    client = RunyardClient(scripted.url)
    client.log_batch("a" * 32, [Metric("m", float(n), n, n) for n in range(4)])
    client.connection.flush()

    sent = [[metric["step"] for metric in asked.body.get("metrics", [])] for asked in scripted.asked]
    assert sent == [[0, 1, 2, 3], [], [0, 1], [], [0], [1], [2, 3]]
    assert "not this one" in caplog.text


def test_without_a_journal_calls_wait_for_the_store(
    client: RunyardClient,
    run_id: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Nothing is acknowledged that is not safe; said once."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("RUNYARD_SPOOL_DIR", str(tmp_path / "file"))
    for step in range(5):
        client.log_metric(run_id, "loss", 1.0, timestamp=step, step=step)
        transport = client.connection.transport
        assert len(transport.send(history(run_id))["metrics"]) == step + 1

    (warning,) = [record.message for record in caplog.records]
    assert "RUNYARD_SPOOL_DIR" in warning


def test_a_full_disk_under_the_journal_costs_speed_and_nothing_else(server: RunningServer) -> None:
    """A line cut by the full disk is taken back, and calls wait for the store from then on; said once."""
    run_id = RunyardClient(server.url).create_run("0").info.run_id
    script = (
        "import resource, sys, time; from runyard.client import RunyardClient\n"
        "client = RunyardClient(sys.argv[1])\n"
        "client.log_metric(sys.argv[2], 'loss', 0.0, timestamp=0, step=0)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))\n"
        "for step in range(1, 400): client.log_metric(sys.argv[2], 'loss', step / 2, timestamp=step, step=step)"
    )
    code, _, errors = start_program(script, server.url, run_id).finish()

    assert code == 0, errors
    assert steps(RunyardClient(server.url), run_id) == list(range(400))
    assert errors.count("journal cannot be written") == 1
    assert not journals()


def test_an_interrupt_while_it_waits_leaves_the_client_whole(
    mortal: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C in a notebook that waits for its server, which the system gave to another thread: the kernel goes on."""
    client = RunyardClient(mortal.url)
    run_id = client.create_run("0").info.run_id
    mortal.kill()
    client.log_metric(run_id, "loss", 1.0, step=0)
    monkeypatch.setenv("RUNYARD_OFFLINE_AFTER", "30")
    interrupter = threading.Timer(0.7, lambda: signal.pthread_kill(threading.get_ident(), signal.SIGINT))
    interrupter.start()

    with pytest.raises(KeyboardInterrupt):
        client.get_run(run_id)

    interrupter.join()
    client.log_metric(run_id, "loss", 1.0, step=1)
    mortal.start()
    assert steps(client, run_id) == [0, 1]
