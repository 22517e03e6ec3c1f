"""Thirty-two clients of the registry at once: one winner of a name, no number twice, at most one in Production."""

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest

from tests.support.http import Caller
from tests.support.pair import KINDS, Servers, pair

CLIENTS = 32


@pytest.fixture(scope="module", params=KINDS)
def servers(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Two servers on one database, or one server twice; each test has models of its own."""
    with pair(request, tmp_path_factory.mktemp("races")) as both:
        yield both


def at_once(servers: Servers, act: Callable[[Caller, int], Any]) -> list[Any]:
    """What each of the clients got, half of them from either server, all released together."""
    barrier = threading.Barrier(CLIENTS)
    results: list[Any] = [None] * CLIENTS

    def client(number: int) -> None:
        with Caller(servers[number % 2].url) as caller:
            caller.get("experiments/get?experiment_id=0")
            barrier.wait()
            results[number] = act(caller, number)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def removed(caller: Caller, path: str, message: dict[str, str]) -> tuple[int, Any]:
    """Send a DELETE; returns status and answer."""
    body, headers = json.dumps(message).encode(), {"Content-Type": "application/json"}
    status, _, answer = caller.request("DELETE", f"/api/2.0/mlflow/{path}", body, headers)
    return status, json.loads(answer)


def outcome(reply: tuple[int, Any]) -> str:
    """Won, or status and code of the refusal."""
    status, answer = reply
    return "won" if status == 200 else f"{status} {answer['error_code']}"


def new_model(servers: Servers, versions: int) -> str:
    """Register a model with this number of versions; returns its name."""
    name = f"m-{uuid4().hex}"
    with Caller(servers[0].url) as caller:
        caller.call("registered-models/create", {"name": name})
        for _ in range(versions):
            caller.call("model-versions/create", {"name": name, "source": "s3://b/m"})
    return name


def versions_of(servers: Servers, name: str) -> list[dict[str, Any]]:
    """All versions of a model, by number."""
    with Caller(servers[1].url) as caller:
        answer = caller.get(f"model-versions/search?filter=name%3D'{name}'&order_by=version_number")[1]
    found: list[dict[str, Any]] = answer.get("model_versions", [])
    return found


def test_one_client_wins_a_name(servers: Servers) -> None:
    """The others are told that the name is taken, without a word of the database."""
    replies = at_once(servers, lambda caller, _: caller.post("registered-models/create", {"name": "wanted"}))

    assert {"won": 1, "400 RESOURCE_ALREADY_EXISTS": CLIENTS - 1} == Counter(map(outcome, replies))
    assert not any(word in str(replies) for word in ("SQL", "UNIQUE", "psycopg", "INSERT"))


def test_one_client_wins_a_new_name(servers: Servers) -> None:
    """Renaming is a race for a name, too; the losers keep theirs."""
    with Caller(servers[0].url) as caller:
        for number in range(CLIENTS):
            caller.call("registered-models/create", {"name": f"renamed {number}"})
    wanted = {"new_name": "renamed to what all want"}
    replies = at_once(
        servers,
        lambda caller, number: caller.post("registered-models/rename", {"name": f"renamed {number}", **wanted}),
    )
    with Caller(servers[1].url) as caller:
        found = caller.get("registered-models/search?filter=name%20LIKE%20'renamed%20%25'")[1]["registered_models"]

    assert {"won": 1, "400 RESOURCE_ALREADY_EXISTS": CLIENTS - 1} == Counter(map(outcome, replies))
    assert CLIENTS == len({model["name"] for model in found})
    assert wanted["new_name"] in {model["name"] for model in found}


def test_numbers_of_versions_are_contiguous(servers: Servers) -> None:
    """Each of three versions of every client has a number of its own, and none is left out."""
    name = new_model(servers, 0)
    message = {"name": name, "source": "s3://b/m", "tags": [{"key": "t", "value": "x"}]}
    replies = at_once(servers, lambda caller, _: [caller.post("model-versions/create", message) for _ in range(3)])

    given = [int(answer["model_version"]["version"]) for three in replies for _, answer in three]
    assert list(range(1, 3 * CLIENTS + 1)) == sorted(given)
    assert sorted(given) == [int(version["version"]) for version in versions_of(servers, name)]


def test_at_most_one_is_in_production(servers: Servers) -> None:
    """After transitions that archive: the last one, all others are archived."""
    name = new_model(servers, CLIENTS)
    replies = at_once(
        servers,
        lambda caller, number: caller.post(
            "model-versions/transition-stage",
            {"name": name, "version": str(number + 1), "stage": "Production", "archive_existing_versions": True},
        ),
    )

    assert {"won": CLIENTS} == Counter(map(outcome, replies))
    stages = Counter(version["current_stage"] for version in versions_of(servers, name))
    assert {"Production": 1, "Archived": CLIENTS - 1} == stages


def test_an_alias_points_at_one_version(servers: Servers) -> None:
    """The last one wins; the history leads from each version to the next without a gap."""
    name = new_model(servers, CLIENTS)
    replies = at_once(
        servers,
        lambda caller, number: caller.post(
            "registered-models/alias", {"name": name, "alias": "champion", "version": str(number + 1)}
        ),
    )
    with Caller(servers[1].url) as caller:
        aliases = caller.get(f"registered-models/get?name={name}")[1]["registered_model"]["aliases"]
        _, _, answer = caller.request("GET", f"/api/2.0/runyard/registered-models/moves?name={name}&max_results=100")
    moves = json.loads(answer)["moves"][::-1]

    assert {"won": CLIENTS} == Counter(map(outcome, replies))
    assert [{"alias": "champion", "version": moves[-1]["version"]}] == aliases
    assert [None, *(move["version"] for move in moves[:-1])] == [move.get("previous") for move in moves]


def test_no_alias_is_left_at_a_deleted_version(servers: Servers) -> None:
    """Half of the clients point aliases at versions that the others delete."""
    name = new_model(servers, CLIENTS // 2)

    def act(caller: Caller, number: int) -> tuple[int, Any]:
        version = str(number // 2 + 1)
        if number % 2:
            return removed(caller, "model-versions/delete", {"name": name, "version": version})
        return caller.post("registered-models/alias", {"name": name, "alias": f"a{number}", "version": version})

    replies = at_once(servers, act)
    with Caller(servers[1].url) as caller:
        model = caller.get(f"registered-models/get?name={name}")[1]["registered_model"]

    assert "aliases" not in model
    assert [] == versions_of(servers, name)
    assert set(map(outcome, replies)) <= {"won", "404 RESOURCE_DOES_NOT_EXIST"}
    assert {"won"} == {outcome(reply) for reply in replies[1::2]}


def test_a_model_is_deleted_while_it_is_used(servers: Servers) -> None:
    """Everybody gets an answer that makes sense, and nothing is left of it."""
    name = new_model(servers, 3)
    acts: list[Callable[[Caller], tuple[int, Any]]] = [
        lambda caller: caller.post("model-versions/create", {"name": name, "source": "s3://b/m"}),
        lambda caller: caller.post("registered-models/set-tag", {"name": name, "key": "k", "value": "v"}),
        lambda caller: caller.post("model-versions/set-tag", {"name": name, "version": "1", "key": "k", "value": "v"}),
        lambda caller: caller.post("registered-models/alias", {"name": name, "alias": "a", "version": "2"}),
        lambda caller: caller.get(f"registered-models/get?name={name}"),
        lambda caller: caller.get(f"model-versions/get?name={name}&version=3"),
        lambda caller: removed(caller, "registered-models/delete", {"name": name}),
    ]
    replies = at_once(servers, lambda caller, number: acts[number % len(acts)](caller))

    assert set(map(outcome, replies)) <= {"won", "404 RESOURCE_DOES_NOT_EXIST"}
    assert 1 == sum(outcome(reply) == "won" for reply in replies[len(acts) - 1 :: len(acts)])
    assert [] == versions_of(servers, name)


def test_a_logged_model_notes_all_its_versions(servers: Servers) -> None:
    """Its tag is one text that every client adds to."""
    name = new_model(servers, 0)
    with Caller(servers[0].url) as caller:
        logged = caller.call("logged-models", {"experiment_id": "0", "name": "net"})["model"]["info"]["model_id"]
    message = {"name": name, "source": f"models:/{logged}", "model_id": logged}
    replies = at_once(servers, lambda caller, _: caller.post("model-versions/create", message))
    with Caller(servers[1].url) as caller:
        tags = caller.get(f"logged-models/{logged}")[1]["model"]["info"]["tags"]
    [noted] = [json.loads(tag["value"]) for tag in tags if tag["key"] == "mlflow.modelVersions"]

    assert {"won": CLIENTS} == Counter(map(outcome, replies))
    assert list(range(1, CLIENTS + 1)) == sorted(int(version["version"]) for version in noted)
