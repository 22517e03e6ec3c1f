"""``/events``: a page hears what changes, on one connection that is in nobody's way."""

import http.client
import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest

from runyard.gate.gate import Gate
from runyard.tracking.runs.messages import LogParam
from tests.server.conftest import ConfiguredServer
from tests.support.http import Caller
from tests.support.server import RunningServer

pytestmark = pytest.mark.slow


class Stream:
    """An open connection on which news come."""

    def __init__(self, server: RunningServer, query: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        self._connection.request("GET", f"/events?{query}")
        self.reply = self._connection.getresponse()

    def __enter__(self) -> "Stream":
        return self

    def __exit__(self, *_: object) -> None:
        self.reply.close()
        self._connection.close()

    def event(self) -> tuple[str, Any]:
        """The name and the data of the next event."""
        name = ""
        while line := self.reply.readline():
            field, _, value = line.decode().rstrip("\n").partition(": ")
            if field == "event":
                name = value
            elif field == "data":
                return name, json.loads(value)
        return "end", None

    def changed(self) -> Any:
        """What the next change names."""
        while (found := self.event())[0] != "change":
            assert found[0] != "end"
        return found[1]["runs"]


@pytest.fixture(scope="module")
def experiment_ids(server: RunningServer) -> tuple[str, str]:
    """Two experiments on the module's server."""
    with Caller(server.url) as caller:
        first, second = (caller.call("experiments/create", {"name": name}) for name in ("seen", "other"))
    return first["experiment_id"], second["experiment_id"]


@pytest.fixture
def run_ids(caller: Caller, experiment_ids: tuple[str, str]) -> list[str]:
    """A run in each of them."""
    return [caller.new_run(experiment_id) for experiment_id in experiment_ids]


def log(caller: Caller, run_id: str, step: int = 0) -> None:
    """Write a point of a metric to a run."""
    caller.call("runs/log-metric", {"run_id": run_id, "key": "loss", "value": 1, "timestamp": 1, "step": step})


@pytest.fixture
def watching(server: RunningServer, experiment_ids: tuple[str, str]) -> Iterator[Stream]:
    """One who watches the first experiment, and has been greeted."""
    with Stream(server, f"experiments={experiment_ids[0]}") as stream:
        assert "text/event-stream" == stream.reply.headers["content-type"]
        assert {"generation", "quiet"} == set(stream.event()[1])
        yield stream


def test_one_hears_of_what_one_watches(
    server: RunningServer, caller: Caller, run_ids: list[str], experiment_ids: tuple[str, str]
) -> None:
    """Many writes are one event; runs of other experiments are none of it."""
    with (
        Stream(server, f"experiments={experiment_ids[0]}") as table,
        Stream(server, f"runs={run_ids[1]}") as page,
    ):
        assert "hello" == table.event()[0] == page.event()[0]
        for step in range(20):
            log(caller, run_ids[1], step)
            log(caller, run_ids[0], step)
        heard: set[str] = set()
        while run_ids[0] not in heard:
            heard.update(table.changed())

        assert {run_ids[0]} == heard
        assert [run_ids[1]] == page.changed()
        new = caller.new_run(experiment_ids[0])
        while (found := table.changed()) == [run_ids[0]]:
            pass  # the last of the many, on a busy machine
        assert [] == found  # its id is not known yet, where it is to be found is
        caller.call("runs/update", {"run_id": new, "status": "FINISHED"})
        assert [new] == table.changed()


def test_one_hears_of_writes_by_other_processes(server: RunningServer, run_ids: list[str], watching: Stream) -> None:
    """A script that writes to the same database; what it wrote is not known, that it wrote is."""
    time.sleep(1.5)  # the server looks once a second
    gate = Gate.open(server.database_uri)
    with closing(gate):
        gate.perform(LogParam(run_id=run_ids[0], key="lr", value="0.1"))

    while watching.changed() is not None:
        pass


def test_one_hears_of_files(server: RunningServer, caller: Caller, run_ids: list[str]) -> None:
    """No operation tells of them: the request that stores or removes one does, if it is answered well."""
    place = f"/api/2.0/mlflow-artifacts/artifacts/7/{run_ids[0]}/artifacts"
    upload = f"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run_ids[1]}&path=b.txt"
    with Stream(server, f"runs={','.join(run_ids)}") as stream:
        assert "hello" == stream.event()[0]
        for method, path, status, changed in (
            ("PUT", f"{place}/deep/a.txt", 200, run_ids[0]),
            ("POST", upload, 200, run_ids[1]),
            ("GET", f"{place}/deep/a.txt", 200, None),
            ("PUT", f"{place}/../a.txt", 400, None),
            ("DELETE", f"{place}/deep", 200, run_ids[0]),
        ):
            assert status == caller.request(method, path, b"x" if method != "GET" else None)[0]
            if changed:
                assert [changed] == stream.changed()


def test_viewers_of_the_same_news_share_an_answer(server: RunningServer, caller: Caller, run_ids: list[str]) -> None:
    """A hundred tables cost one; later news make a new one, and so does a request that heard of none."""
    shown = []
    for generation in ("ab-1", "ab-1", "ab-2", None, "no generation"):
        headers = {"X-Runyard-Live": generation} if generation else {}
        status, found, page = caller.request("GET", f"/runs/{run_ids[0]}", None, {"Accept": "text/html", **headers})
        assert 200 == status
        assert "default-src 'self'" in found["content-security-policy"]
        shown.append(b"logged-since" in page)
        caller.call("runs/set-tag", {"run_id": run_ids[0], "key": "logged-since", "value": "1"})

    assert [False, False, True, True, True] == shown


def test_a_page_made_after_a_write_gets_no_answer_made_before_it(
    server: RunningServer, caller: Caller, run_ids: list[str], experiment_ids: tuple[str, str]
) -> None:
    """News come once a second: who is greeted between a write and its news gets no answer from before the write."""
    greeted = []
    for value in range(3):
        with Stream(server, f"experiments={experiment_ids[0]}") as stream:
            greeted.append(stream.event()[1]["generation"])
        headers = {"X-Runyard-Live": greeted[-1], "Accept": "text/html"}
        _, _, page = caller.request("GET", f"/runs/{run_ids[0]}", None, headers)
        assert [b"written-1" in page, b"written-2" in page] == [value > 0, value > 1]
        caller.call("runs/set-tag", {"run_id": run_ids[0], "key": f"written-{value + 1}", "value": "1"})

    assert 3 == len(set(greeted))


@pytest.mark.parametrize("query", ["", "experiments=", f"runs={','.join(map(str, range(300)))}"])
def test_one_names_what_one_watches(caller: Caller, query: str) -> None:
    """Not nothing, and not everything."""
    status, _, text = caller.request("GET", f"/events?{query}")

    assert (400, "INVALID_PARAMETER_VALUE") == (status, json.loads(text)["error_code"])
    assert (405, "GET, HEAD") == (lambda found: (found[0], found[1]["allow"]))(caller.request("POST", "/events", b""))


def test_streams_are_bounded_and_end_with_the_server(configured: Callable[..., ConfiguredServer]) -> None:
    """More are told to ask now and then; a server that ends waits for none of them."""
    server = configured(limits={"event_streams": 2})
    with ExitStack() as opened:
        streams = [opened.enter_context(Stream(server, "experiments=0")) for _ in range(2)]
        for stream in streams:
            assert "hello" == stream.event()[0]
        with Caller(server.url) as caller:
            status, headers, _ = caller.request("GET", "/events?experiments=0")
            assert (503, "60") == (status, headers["retry-after"])
            assert b"runyard_event_listeners 2.0" in caller.request("GET", "/metrics")[2]

        assert 0 == server.stop()
        assert "Cancel" not in server.output()
        assert ["end", "end"] == [stream.event()[0] for stream in streams]
