"""Many requests at once, slow ones, hanging ones, and the end of the server."""

import json
import os
import re
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.serving.conftest import ModelServer, Serve
from tests.support.raw import Connection, post_head

pytestmark = pytest.mark.slow

SLEEP = {"inputs": {"do": ["sleep"], "seconds": [0.4]}}
HANG = {"inputs": {"do": ["sleep"], "seconds": [600]}}


def at_once(server: ModelServer, bodies: list[Any]) -> list[tuple[int, Any]]:
    """The answers to requests that are sent together."""
    with ThreadPoolExecutor(len(bodies)) as threads:
        return list(threads.map(server.ask, bodies))


def rows(number: int) -> dict[str, Any]:
    """A request whose answer tells which it was."""
    return {"dataframe_split": {"columns": ["a", "b"], "data": [[number, 0], [number, 1]]}}


def test_many_clients_get_the_answers_to_their_own_requests(sums: ModelServer) -> None:
    """Concurrency mixes nothing up."""
    answers = at_once(sums, [rows(number) for number in range(40)])
    assert [(200, {"predictions": [number, number + 1]}) for number in range(40)] == answers


def test_batched_requests_get_the_answers_to_their_own_rows(serve: Serve) -> None:
    """Requests that share a call are answered as if they did not, and fewer calls are made."""
    server = serve("sums", batch_size=16, batch_wait=0.2)
    bodies = [rows(number) for number in range(32)]
    bodies[5] = {"dataframe_split": {"columns": ["a", "b"], "data": [["x", 0]]}}
    bodies[9] = {**rows(9), "params": {"factor": 100}}
    answers = at_once(server, bodies)
    wanted: list[tuple[int, Any]] = [(200, {"predictions": [float(n), n + 1.0]}) for n in range(32)]
    wanted[9] = (200, {"predictions": [900.0, 1000.0]})
    assert 400 == answers.pop(5)[0]
    del wanted[5]
    assert wanted == answers
    assert calls_of(server) < 20


def calls_of(server: ModelServer) -> float:
    """How often the model was called."""
    found = re.search(r"runyard_scoring_predict_seconds_count (\d+)\.0", server.get("/metrics")[2])
    assert found is not None
    return float(found[1])


def test_a_slow_prediction_does_not_hold_up_the_others(serve: Serve) -> None:
    """Further threads help when one is busy for long."""
    server = serve("anything")
    with ThreadPoolExecutor(1) as threads:
        slow = threads.submit(server.ask, {"inputs": {"do": ["sleep"], "seconds": [2]}})
        wait_for(lambda: "in_flight 1" in server.get("/metrics")[2])
        assert 200 == server.ask({"inputs": [1]})[0]
        assert not slow.done()


def test_a_request_over_its_time_is_answered_504_and_the_server_goes_on(serve: Serve) -> None:
    """Even with a single thread, a prediction that hangs costs its own caller only."""
    server = serve("anything", timeout=0.5, threads=1)
    status, answer = server.ask(HANG)
    assert (504, "DEADLINE_EXCEEDED") == (status, answer["error_code"])
    assert 200 == server.ask({"inputs": [1]})[0]
    assert 0 == server.stop()


def test_a_server_whose_every_thread_hangs_says_that_it_is_not_well(serve: Serve) -> None:
    """A supervisor learns that only a restart helps."""
    server = serve("anything", timeout=0.3)
    for _ in range(40):
        at_once(server, [HANG] * 8)
        if server.get("/health")[0] == 503:
            break
    assert 503 == server.get("/health")[0]
    assert 503 == server.ask({"inputs": [1]})[0]


def test_too_many_waiting_requests_are_told_to_come_back(serve: Serve) -> None:
    """The queue is bounded: beyond it the answer is 503, at once."""
    server = serve("anything", threads=1, most_waiting=2)
    statuses = [status for status, _ in at_once(server, [SLEEP] * 8)]
    assert {200, 503} == set(statuses)


def test_requests_in_flight_are_answered_before_the_server_ends(serve: Serve) -> None:
    """SIGTERM loses nothing that was asked."""
    server = serve("anything")
    answers: list[Any] = []
    slow = threading.Thread(target=lambda: answers.append(server.ask({"inputs": {"do": ["sleep"], "seconds": [1.5]}})))
    slow.start()
    wait_for(lambda: "in_flight 1" in server.get("/metrics")[2])
    assert 0 == server.stop()
    slow.join()
    assert [(200, {"predictions": "slept"})] == answers


def test_workers_share_the_load_and_the_metrics(serve: Serve) -> None:
    """Whichever process is asked for the metrics tells of all of them, also after one was replaced."""
    server = serve("anything", workers=2)
    for _ in range(10):
        assert 200 == server.ask({"inputs": [1]})[0]
    status, answer = server.ask({"inputs": {"do": ["pid"]}})
    assert 200 == status
    wait_for(lambda: answered(server) == 11)  # A request is counted once its answer is out.
    os.kill(answer["predictions"], signal.SIGKILL)
    wait_for(lambda: server.ask({"inputs": [1]})[0] == 200)
    wait_for(lambda: answered(server) >= 12)
    assert 0 == server.stop()


def answered(server: ModelServer) -> int:
    """How many requests the server has answered with 200, by its metrics."""
    found = re.search(r'requests_total\{status="200"\} (\d+)', server.get("/metrics")[2])
    assert found is not None
    return int(found[1])


def wait_for(happened: Any) -> None:
    """Ask until it is so; connections may break meanwhile."""
    for _ in range(200):
        try:
            if happened():
                return
        except (OSError, json.JSONDecodeError):
            pass
        time.sleep(0.05)
    pytest.fail("it never happened")


def test_an_endless_body_is_cut_off(sums: ModelServer) -> None:
    """A client that never stops sending is told so at the limit, and is not listened to for ever."""
    with Connection(sums.url) as connection:
        connection.send(post_head(connection.host, "/invocations", "Transfer-Encoding: chunked"))

        assert 256 <= connection.send_megabytes(400) < 300
        assert 413 == connection.answer().status
