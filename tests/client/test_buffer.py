"""Write-behind: what a call acknowledged arrives, once and in order, whatever the store does meanwhile."""

import logging
import math
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runyard.client import RunyardClient, buffer
from runyard.client.errors import Unreachable
from runyard.client.spool import spool_folder
from runyard.entities import Metric, Param
from runyard.exceptions import InvalidParameter, RunyardException
from runyard.tracking.metrics.messages import GetMetricHistory
from tests.client.scripted import Answer, ScriptedServer
from tests.support.server import RunningServer


def steps(client: RunyardClient, run_id: str, key: str = "loss") -> list[int]:
    """The steps of a metric, in the order the store gives them."""
    return [point.step for point in client.get_metric_history(run_id, key)]


def journals() -> list[Path]:
    """The journals of all processes."""
    return list(spool_folder().glob("*.spool"))


def test_a_read_sees_what_was_logged_before_it(client: RunyardClient, run_id: str) -> None:
    """Every read through the client waits for the buffer."""
    for step in range(2500):
        client.log_metric(run_id, "loss", step / 2, timestamp=step, step=step)

    assert client.get_run(run_id).data.metrics == {"loss": 1249.5}
    assert steps(client, run_id) == list(range(2500))
    assert client.search_runs(["0"], "metrics.loss > 1249")[0].info.run_id == run_id


def test_special_values_and_keys_arrive(client: RunyardClient, run_id: str) -> None:
    """NaN, the infinities, integers, booleans, letters of any alphabet."""
    given: dict[str, Any] = {"a": math.nan, "b": math.inf, "c": -math.inf, "größe/x y:z.1-2": 3, "e": True, "f": "2.5"}
    for key, value in given.items():
        client.log_metric(run_id, key, value, step=-(2**63))

    metrics = client.get_run(run_id).data.metrics
    assert math.isnan(metrics.pop("a"))
    assert metrics == {"b": math.inf, "c": -math.inf, "größe/x y:z.1-2": 3.0, "e": 1.0, "f": 2.5}


@pytest.mark.parametrize(
    ("key", "value", "timestamp", "step"),
    [
        ("", 1.0, None, None),
        ("a//b", 1.0, None, None),
        ("x" * 251, 1.0, None, None),
        ("a\nb", 1.0, None, None),
        (7, 1.0, None, None),
        (["k"], 1.0, None, None),
        ("k", "much", None, None),
        ("k", None, None, None),
        ("k", b"1", None, None),
        ("k", 10**400, None, None),
        ("k", 1.0, -1, None),
        ("k", 1.0, 1.5, None),
        ("k", 1.0, 2**63, None),
        ("k", 1.0, None, 1.5),
        ("k", 1.0, None, "x"),
        ("k", 1.0, None, math.nan),
        ("k", 1.0, None, math.inf),
    ],
)
def test_a_bad_point_is_refused_at_once(key: Any, value: Any, timestamp: Any, step: Any, local: RunyardClient) -> None:
    """The caller hears of it in the call, not later from a thread."""
    with pytest.raises(InvalidParameter):
        local.log_metric("a" * 32, key, value, timestamp, step)
    assert not journals()


def test_params_and_tags_come_after_what_was_logged_before(client: RunyardClient, run_id: str) -> None:
    """A param that is there tells that the points before it are."""
    watcher = RunyardClient(client.tracking_uri)
    for step in range(500):
        client.log_metric(run_id, "loss", 1.0, step=step)
    client.log_param(run_id, "done", 1)

    answer = watcher.connection.sender.send(_history(run_id))
    assert len(answer["metrics"]) == 500


def test_the_end_of_a_run_comes_after_its_points(client: RunyardClient, run_id: str) -> None:
    """Who sees FINISHED sees everything."""
    client.log_metric(run_id, "loss", 1.0)
    client.set_terminated(run_id)

    sender = client.connection.sender
    assert len(sender.send(_history(run_id))["metrics"]) == 1
    assert client.get_run(run_id).info.status == "FINISHED"


def test_a_batch_of_metrics_is_checked_before_the_first_is_logged(client: RunyardClient, run_id: str) -> None:
    """All or nothing, as the protocol has it."""
    with pytest.raises(InvalidParameter, match=r"metrics\[1\]"):
        client.log_batch(run_id, [Metric("good", 1.0, 1, 0), Metric("a//b", 1.0, 1, 0)])

    assert client.get_run(run_id).data.metrics == {}


def test_large_batches_are_split(client: RunyardClient, run_id: str) -> None:
    """More metrics and params than one message takes."""
    client.log_batch(
        run_id,
        [Metric("loss", 1.0, step, step) for step in range(2300)],
        [Param(f"p{number}", str(number)) for number in range(250)],
    )

    assert len(steps(client, run_id)) == 2300
    assert len(client.get_run(run_id).data.params) == 250


def test_many_threads_log_to_one_run(client: RunyardClient, run_id: str) -> None:
    """Each thread's points arrive in its order, each once."""

    def log(number: int) -> None:
        for step in range(500):
            client.log_metric(run_id, f"m{number}", float(step), timestamp=1, step=step)

    threads = [threading.Thread(target=log, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    for number in range(6):
        assert [p.value for p in client.get_metric_history(run_id, f"m{number}")] == [float(s) for s in range(500)]


def test_nothing_is_left_on_disk_when_all_is_delivered(local: RunyardClient) -> None:
    """Closing removes the journal."""
    run_id = local.create_run("0").info.run_id
    local.log_metric(run_id, "loss", 1.0)
    assert len(journals()) == 1
    local.connection.close()

    assert not journals()
    assert steps(local, run_id) == [0]


def test_more_than_memory_holds_comes_back_from_the_journal(
    start_server: Callable[..., RunningServer], monkeypatch: pytest.MonkeyPatch, impatient: None
) -> None:
    """Points and messages logged during an outage, in order, whatever their number."""
    monkeypatch.setattr(buffer, "MOST_IN_MEMORY", 100)
    server = start_server()
    client = RunyardClient(server.url)
    run_id = client.create_run("0").info.run_id
    server.kill()
    for step in range(1000):
        client.log_metric(run_id, "loss", 1.0, timestamp=step, step=step)
        if step % 250 == 0:
            client.log_param(run_id, f"p{step}", step)
    server.start()

    assert steps(client, run_id) == list(range(1000))
    assert client.get_run(run_id).data.params == {"p0": "0", "p250": "250", "p500": "500", "p750": "750"}


def test_a_long_journal_is_replaced_while_logging_goes_on(
    local: RunyardClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Weeks of training do not fill the disk."""
    monkeypatch.setattr(buffer, "NEW_JOURNAL_AT", 20_000)
    run_id = local.create_run("0").info.run_id
    for step in range(5000):
        local.log_metric(run_id, "loss", 1.0, timestamp=step, step=step)
        if step % 500 == 499:
            time.sleep(0.15)

    assert steps(local, run_id) == list(range(5000))
    assert [path.stat().st_size < 150_000 for path in journals()] == [True]


def test_an_outage_is_reported_once_and_stops_nothing(
    start_server: Callable[..., RunningServer], impatient: None, caplog: pytest.LogCaptureFixture
) -> None:
    """Metrics, params, tags and the end of the run are kept, and delivered when the server is back."""
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
    assert time.monotonic() - began < 5
    (warning,) = [record.message for record in caplog.records if record.levelno >= logging.WARNING]
    assert all(part in warning for part in (server.url, "refused", str(journals()[0]), "runyard sync"))

    server.start()
    run = client.get_run(run_id)

    assert (run.info.status, len(run.data.params)) == ("FINISHED", 20)
    assert {f"t{number}" for number in range(20)} <= set(run.data.tags)
    assert steps(client, run_id) == list(range(2000))
    assert "takes what is logged again" in caplog.text


def test_delivery_resumes_without_being_asked(start_server: Callable[..., RunningServer], impatient: None) -> None:
    """The thread notices by itself that the server is back."""
    server = start_server()
    client = RunyardClient(server.url)
    run_id = client.create_run("0").info.run_id
    server.kill()
    client.log_metric(run_id, "loss", 1.0)
    time.sleep(0.5)
    server.start()

    watcher = client.connection.sender
    deadline = time.monotonic() + 20
    while not watcher.send(_history(run_id)).get("metrics") and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(watcher.send(_history(run_id))["metrics"]) == 1


def test_a_server_that_hangs_does_not_hang_training(
    start_server: Callable[..., RunningServer], impatient: None
) -> None:
    """It takes connections and never answers: as good as dead, until it goes on."""
    server = start_server()
    client = RunyardClient(server.url)
    run_id = client.create_run("0").info.run_id
    assert server.process is not None
    server.process.send_signal(19)  # SIGSTOP
    began = time.monotonic()
    client.log_param(run_id, "a", 1)
    client.log_metric(run_id, "loss", 1.0)
    for number in range(20):
        client.log_param(run_id, f"p{number}", number)
    client.set_terminated(run_id)
    spent = time.monotonic() - began
    server.process.send_signal(18)  # SIGCONT

    assert spent < 4
    run = client.get_run(run_id)
    assert (run.info.status, len(run.data.params), run.data.metrics) == ("FINISHED", 21, {"loss": 1.0})


def test_reads_and_new_runs_fail_clearly_while_the_server_is_down(
    start_server: Callable[..., RunningServer], impatient: None
) -> None:
    """There is nothing they could return."""
    server = start_server()
    client = RunyardClient(server.url)
    run_id = client.create_run("0").info.run_id
    server.kill()
    with pytest.raises(Unreachable, match=server.url):
        client.create_run("0")
    client.log_metric(run_id, "loss", 1.0)
    with pytest.raises(Unreachable, match="kept on disk"):
        client.get_run(run_id)


def test_a_server_in_trouble_is_not_hammered(scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
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
    assert 0.1 < buffer.pause_before_try(attempt) <= buffer.LONGEST_PAUSE


def test_synchronous_calls_wait_and_raise(
    start_server: Callable[..., RunningServer], impatient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By argument, and for every call by the environment."""
    server = start_server()
    client = RunyardClient(server.url)
    run_id = client.create_run("0").info.run_id
    client.log_metric(run_id, "loss", 1.0, synchronous=True)
    sender = client.connection.sender
    assert len(sender.send(_history(run_id))["metrics"]) == 1
    server.kill()

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


def test_calls_that_need_not_wait_return_something_to_wait_for(client: RunyardClient, run_id: str) -> None:
    """As MLflow's ``synchronous=False``."""
    client.log_metric(run_id, "loss", 1.0, synchronous=False).wait()
    client.log_param(run_id, "a", 1, synchronous=False).wait()
    client.set_tag(run_id, "b", 2, synchronous=False).wait()
    client.log_batch(run_id, params=[Param("c", "3")], synchronous=False).wait()

    run = client.get_run(run_id)
    assert (run.data.metrics, run.data.params) == ({"loss": 1.0}, {"a": "1", "c": "3"})
    assert run.data.tags["b"] == "2"


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


@pytest.mark.parametrize("status", [401, 403, 404, 500, 507])
def test_an_answer_that_says_nothing_about_the_points_loses_none(status: int, scripted: ScriptedServer) -> None:
    """Expired credentials, a wrong path, a fault, a full disk: tried again until it works."""
    scripted.answers = [Answer(status, b"no")] * 2
    client = RunyardClient(scripted.url)
    client.log_metric("a" * 32, "m", 1.0)
    client.connection.flush()

    assert len(scripted.asked) == 3
    assert not list(spool_folder().glob("*.rejected"))


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
        sender = client.connection.sender
        assert len(sender.send(_history(run_id))["metrics"]) == step + 1

    (warning,) = [record.message for record in caplog.records]
    assert "RUNYARD_SPOOL_DIR" in warning


def test_a_param_that_was_logged_otherwise_is_an_error_at_once(client: RunyardClient, run_id: str) -> None:
    """The caller hears of it while the store can be reached."""
    client.log_param(run_id, "a", 1)
    with pytest.raises(RunyardException, match="already"):
        client.log_param(run_id, "a", 2)


def _history(run_id: str) -> GetMetricHistory:
    return GetMetricHistory(run_id=run_id, metric_key="loss")
