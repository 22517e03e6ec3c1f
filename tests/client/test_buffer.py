"""Write-behind: what a call acknowledged arrives, once and in order, whatever the store does meanwhile."""

import math
import threading
import time
from typing import Any

import pytest

from runyard.client import RunyardClient, buffer
from runyard.entities import Metric, Param
from runyard.exceptions import InvalidParameter, RunyardException
from tests.client.reading import history, journals, steps


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

    answer = watcher.connection.transport.send(history(run_id))
    assert len(answer["metrics"]) == 500


def test_the_end_of_a_run_comes_after_its_points(client: RunyardClient, run_id: str) -> None:
    """Who sees FINISHED sees everything."""
    client.log_metric(run_id, "loss", 1.0)
    client.set_terminated(run_id)

    transport = client.connection.transport
    assert len(transport.send(history(run_id))["metrics"]) == 1
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


def test_a_long_journal_is_replaced_while_logging_goes_on(
    local: RunyardClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Weeks of training do not fill the disk."""
    monkeypatch.setattr(buffer, "MAX_JOURNAL_BYTES", 20_000)
    run_id = local.create_run("0").info.run_id
    for step in range(5000):
        local.log_metric(run_id, "loss", 1.0, timestamp=step, step=step)
        if step % 500 == 499:
            time.sleep(0.15)

    assert steps(local, run_id) == list(range(5000))
    assert [path.stat().st_size < 150_000 for path in journals()] == [True]


def test_calls_that_need_not_wait_return_something_to_wait_for(client: RunyardClient, run_id: str) -> None:
    """As MLflow's ``synchronous=False``."""
    client.log_metric(run_id, "loss", 1.0, synchronous=False).wait()
    client.log_param(run_id, "a", 1, synchronous=False).wait()
    client.set_tag(run_id, "b", 2, synchronous=False).wait()
    client.log_batch(run_id, params=[Param("c", "3")], synchronous=False).wait()

    run = client.get_run(run_id)
    assert (run.data.metrics, run.data.params) == ({"loss": 1.0}, {"a": "1", "c": "3"})
    assert run.data.tags["b"] == "2"


def test_a_param_that_was_logged_otherwise_is_an_error_at_once(client: RunyardClient, run_id: str) -> None:
    """The caller hears of it while the store can be reached."""
    client.log_param(run_id, "a", 1)
    with pytest.raises(RunyardException, match="already"):
        client.log_param(run_id, "a", 2)
