"""Promotions at the same moment, through real servers."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.http import Caller
from tests.support.pair import KINDS, Servers, pair

CANDIDATES = 12


@pytest.fixture(params=KINDS)
def servers(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Servers]:
    """Two servers on one database and one store of artifacts, or one server twice."""
    with pair(request, tmp_path, "--artifacts-destination", str(tmp_path / "artifacts")) as both:
        yield both


def ask(caller: Caller, method: str, path: str, message: Any = None) -> tuple[int, Any]:
    """Send a message of Runyard's own; returns status and decoded answer."""
    body = None if message is None else json.dumps(message).encode()
    headers = {"Content-Type": "application/json"}
    status, _, answer = caller.request(method, f"/api/2.0/runyard/{path}", body, headers)
    return status, json.loads(answer)


def store_model(caller: Caller, run_id: str) -> None:
    """Store a file of a run's model: versions without files are not promoted."""
    path = f"/api/2.0/mlflow-artifacts/artifacts/0/{run_id}/artifacts/model/MLmodel"
    status, _, answer = caller.request("PUT", path, b"flavors: {}")
    assert 200 == status, answer


def versions_by_f1(caller: Caller) -> dict[str, float]:
    """Make a model with versions of different quality, not in order; returns version → f1."""
    caller.call("registered-models/create", {"name": "m"})
    found = {}
    for number in range(CANDIDATES):
        run_id = caller.new_run()
        f1 = (number * 7 % CANDIDATES) / 100
        caller.call("runs/log-metric", {"run_id": run_id, "key": "f1", "value": f1, "timestamp": 1})
        store_model(caller, run_id)
        message = {"name": "m", "source": f"runs:/{run_id}/model", "run_id": run_id}
        found[caller.call("model-versions/create", message)["model_version"]["version"]] = f1
    return found


def promote_at_once(servers: Servers, versions: list[str]) -> dict[str, Any]:
    """Every version is promoted if it is better than the current one, all at the same moment; returns the answers."""
    barrier = threading.Barrier(len(versions))
    answers: dict[str, Any] = {}

    def client(place: int, version: str) -> None:
        with Caller(servers[place % 2].url) as caller:
            caller.get("experiments/get?experiment_id=0")
            barrier.wait()
            condition = {"condition": "metrics.f1 > current.f1", "user_id": f"client {version}"}
            body = {"name": "m", "version": version, "alias": "champion", **condition}
            answers[version] = ask(caller, "POST", "registered-models/promote", body)

    threads = [threading.Thread(target=client, args=entry) for entry in enumerate(versions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_promotions_at_once_leave_one_consistent_history(servers: Servers) -> None:
    """Each is judged by the champion the one before it left: the alias only ever moves to a better version."""
    with Caller(servers[0].url) as caller:
        f1 = versions_by_f1(caller)

    answers = promote_at_once(servers, list(f1))

    assert {200} == {status for status, _ in answers.values()}, answers
    with Caller(servers[1].url) as caller:
        _, history = ask(caller, "GET", "registered-models/moves?name=m")
        _, champion = caller.get("registered-models/alias?name=m&alias=champion")
    moves = history["moves"][::-1]
    assert {move["version"] for move in moves} == {
        version for version, (_, answer) in answers.items() if answer["promoted"]
    }
    assert [None, *(move["version"] for move in moves[:-1])] == [move.get("previous") for move in moves]
    assert sorted(f1[move["version"]] for move in moves) == [f1[move["version"]] for move in moves]
    assert max(f1, key=lambda version: f1[version]) == moves[-1]["version"] == champion["model_version"]["version"]
    for move in moves:
        before = f1[move["previous"]] if "previous" in move else None
        assert {"metrics.f1": f1[move["version"]], "current.f1": before} == move["figures"]
        assert f"client {move['version']}" == move["user_id"]
