"""Thirty-two clients at once: one winner, the documented error for the others, everybody answered soon."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.http import Caller
from tests.support.pair import KINDS, Servers, pair

CLIENTS = 32
SECONDS = 10
"""Less than any time limit that a forgotten client would run into, and more than a busy machine takes."""


@pytest.fixture(scope="module", params=KINDS)
def servers(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Two servers on one database, or one server twice; each test has names and runs of its own."""
    with pair(request, tmp_path_factory.mktemp("races")) as both:
        yield both


def at_once(servers: Servers, act: Callable[[Caller, int], Any]) -> list[Any]:
    """What each of the clients got, half of them from either server, all released together."""
    barrier = threading.Barrier(CLIENTS)
    results: list[Any] = [None] * CLIENTS
    seconds: list[float] = [0.0] * CLIENTS

    def client(number: int) -> None:
        with Caller(servers[number % 2].url) as caller:
            caller.get("experiments/get?experiment_id=0")
            barrier.wait()
            began = time.monotonic()
            results[number] = act(caller, number)
            seconds[number] = time.monotonic() - began

    threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(seconds) < SECONDS
    return results


def outcome(reply: tuple[int, Any]) -> str:
    """Won, or status and code of the refusal."""
    status, answer = reply
    return "won" if status == 200 else f"{status} {answer['error_code']}"


def test_one_client_wins_a_name(servers: Servers) -> None:
    """The others are told that the name is taken, without a word of the database."""
    replies = at_once(servers, lambda caller, _: caller.post("experiments/create", {"name": "wanted"}))

    assert {"won": 1, "400 RESOURCE_ALREADY_EXISTS": CLIENTS - 1} == Counter(map(outcome, replies))
    assert not any(word in str(replies) for word in ("SQL", "UNIQUE", "psycopg", "INSERT"))


def test_the_first_value_of_a_param_stays(servers: Servers) -> None:
    """The first one wins; the others get an error that another value is there."""
    with Caller(servers[0].url) as caller:
        run_id = caller.new_run()
    replies = at_once(
        servers,
        lambda caller, number: caller.post("runs/log-parameter", {"run_id": run_id, "key": "p", "value": str(number)}),
    )
    with Caller(servers[1].url) as caller:
        [param] = caller.get(f"runs/get?run_id={run_id}")[1]["run"]["data"]["params"]

    assert {"won": 1, "400 INVALID_PARAMETER_VALUE": CLIENTS - 1} == Counter(map(outcome, replies))
    assert "won" == outcome(replies[int(param["value"])])


def test_one_batch_sent_by_all_is_stored_once(servers: Servers) -> None:
    """Retries that overlap with the first try must be harmless."""
    with Caller(servers[0].url) as caller:
        run_id = caller.new_run()
    points = [{"key": f"m{step % 3}", "value": step / 7, "timestamp": step, "step": step} for step in range(300)]
    batch = {
        "run_id": run_id,
        "metrics": points,
        "params": [{"key": "p", "value": "1"}],
        "tags": [{"key": "t", "value": "1"}],
    }
    replies = at_once(servers, lambda caller, _: caller.post("runs/log-batch", batch))
    with Caller(servers[1].url) as caller:
        data = caller.get(f"runs/get?run_id={run_id}")[1]["run"]["data"]
        found = caller.get(f"metrics/get-history?run_id={run_id}&metric_key=m0")[1]["metrics"]

    assert {"won": CLIENTS} == Counter(map(outcome, replies))
    assert list(range(0, 300, 3)) == [point["step"] for point in found]
    assert {"m0": 297, "m1": 298, "m2": 299} == {metric["key"]: metric["step"] for metric in data["metrics"]}


def test_tags_of_one_run_from_all_are_all_there(servers: Servers) -> None:
    """What a run shows is rebuilt by every writer, and no writer may undo another's."""
    with Caller(servers[0].url) as caller:
        run_id = caller.new_run()
    replies = at_once(
        servers,
        lambda caller, number: caller.post("runs/set-tag", {"run_id": run_id, "key": f"t{number}", "value": "x"}),
    )
    with Caller(servers[1].url) as caller:
        tags = caller.get(f"runs/get?run_id={run_id}")[1]["run"]["data"]["tags"]

    assert {"won": CLIENTS} == Counter(map(outcome, replies))
    assert {f"t{number}" for number in range(CLIENTS)} == {tag["key"] for tag in tags} - {"mlflow.runName"}
