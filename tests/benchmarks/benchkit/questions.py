"""What `growth.py` asks of a store that `seed_store.py` filled: searches, counts, groups and pages."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from benchkit.connection import Connection, encode_request
from benchkit.workload import API, post

OWN = "/api/2.0/runyard/"
_ORDERS = (
    ("a metric", ["metrics.m1 DESC"]),
    ("a param", ["params.p1"]),
    ("a param of one value each", ["params.p10"]),
    ("a param as a number", ["number(params.p10) DESC"]),
    ("a tag", ["tags.t1"]),
    ("names", ["run_name DESC"]),
    ("end times", ["end_time DESC"]),
    ("durations", ["duration DESC"]),
    ("a param and a metric", ["params.p1", "metrics.m1 DESC"]),
    ("a status and a metric", ["status", "metrics.m1 DESC"]),
    ("stars and a metric", ["starred DESC", "metrics.m1 DESC"]),
    ("stars, then newest", ["starred DESC", "start_time DESC"]),
    ("start times, oldest first", ["start_time"]),
    ("ids", ["run_id"]),
    ("users", ["user_id"]),
)
_FILTERS = (
    ("filtered by a metric", "metrics.m1 > 0.5"),
    ("two params, 1 in 100 matches", "params.p1 = 'v3' and params.p2 = 'v4'"),
    ("one run by name", "run_name = 'run-000777'"),
    ("one run by a param", "params.p10 = '777'"),
    ("a status that none has", "status = 'FAILED'"),
    ("runs that go on", "status = 'RUNNING'"),
    ("duration that none has", "duration > 200d"),
    ("end time within a millisecond", "end_time = 1700000060777"),
    ("started within a second", "start_time >= 1700000000100 and start_time < 1700000000200"),
    ("tag LIKE that none matches", "tags.t1 LIKE '%nowhere%'"),
    ("param LIKE that none matches, of one value each", "params.p10 LIKE '%nowhere%'"),
    ("name LIKE that none matches", "run_name LIKE '%nowhere%'"),
    ("name by a regular expression", "run_name ~ 'nowhere$'"),
    ("words that none has", "'nowhere at all'"),
    ("a key that none has", "metrics.nowhere > 0"),
    ("metric IS NULL", "metrics.m1 IS NULL"),
    ("param as a number, 1 in 1,000", "params.p10 < 1"),
    ("one of two conditions", "params.p10 = '777' or run_name = 'run-000778'"),
    ("NOT, nearly all match", "not params.p1 = 'v3'"),
    ("note that none has", "note LIKE '%nowhere%'"),
    ("dataset that none used", "dataset.name = 'nowhere'"),
    ("user that none is", "user_id = 'nobody'"),
    ("artifact_uri LIKE that none has", "artifact_uri LIKE '%nowhere%'"),
)
STARRED = 20
"""Runs that are starred."""


@dataclass(frozen=True)
class Asked:
    """Whom the questions are about.

    Attributes
    ----------
    experiment_id: The experiment that has nearly all runs.
    beside: Another one that has a few.
    run_id: A run.
    """

    experiment_id: str
    beside: str
    run_id: str


def prepare(connection: Connection) -> Asked:
    """Add to the store what questions need, unless it is there: stars, and a second experiment."""
    big = connection.call("GET", API + "experiments/get-by-name?experiment_name=seeded-0")["experiment"][
        "experiment_id"
    ]
    found = connection.call("POST", API + "experiments/search", {"filter": "name = 'beside'", "max_results": 1})
    newest = connection.call("POST", API + "runs/search", {"experiment_ids": [big], "max_results": STARRED * 10})[
        "runs"
    ]
    run_ids = [run["info"]["run_id"] for run in newest]
    if found.get("experiments"):
        return Asked(big, found["experiments"][0]["experiment_id"], run_ids[-1])
    beside = connection.call("POST", API + "experiments/create", {"name": "beside"})["experiment_id"]
    for number in range(5):
        run = {"experiment_id": beside, "run_name": f"beside-{number}", "start_time": 1_700_000_000_000 + number}
        connection.call("POST", API + "runs/create", run)
    for run_id in run_ids[::10]:
        connection.call("POST", API + "runs/set-tag", {"run_id": run_id, "key": "runyard.starred", "value": "true"})
    return Asked(big, beside, run_ids[-1])


def questions(asked: Asked) -> Iterator[tuple[str, bytes]]:
    """Each question by its name in the table."""
    yield "get a run", encode_request("GET", f"{API}runs/get?run_id={asked.run_id}")
    yield from _searches(asked)
    yield from _own(asked)
    yield from _pages(asked)


def next_page(connection: Connection, request: bytes) -> bytes | None:
    """The request for the page after that of a search; None where there is none."""
    body = json.loads(request.split(b"\r\n\r\n", 1)[1])
    token = connection.exchange(request).json().get("next_page_token")
    return post("runs/search", {**body, "page_token": token}) if token else None


def _searches(asked: Asked) -> Iterator[tuple[str, bytes]]:
    def search(text: str = "", *order: str, most: int = 100, several: bool = False) -> bytes:
        ids = [asked.experiment_id, asked.beside] if several else [asked.experiment_id]
        return post(
            "runs/search", {"experiment_ids": ids, "max_results": most, "filter": text, "order_by": list(order)}
        )

    yield "newest 100", search()
    yield "newest 1,000", search(most=1000)
    yield "newest 100 of two experiments", search(several=True)
    for name, order in _ORDERS:
        yield f"in the order of {name}", search("", *order)
    yield "two experiments, in the order of a metric", search("", "metrics.m1 DESC", several=True)
    yield "two experiments, in the order of end times", search("", "end_time DESC", several=True)
    both = "metrics.m1 > 0.5 and params.p1 = 'v3'"
    yield "metric and param filtered, in the order of the metric", search(both, "metrics.m1 DESC")
    yield "metric and param filtered, in the order of durations", search(both, "duration")
    yield "starred, in the order of a metric", search("starred = true", "metrics.m1 DESC")
    rare = "metrics.m1 > 0.98 and metrics.m2 > 0.98"
    yield "two metrics, 1 in 2,500 matches, in the order of a third", search(rare, "metrics.m3")
    for name, text in _FILTERS:
        yield f"{name}, newest", search(text)


def _own(asked: Asked) -> Iterator[tuple[str, bytes]]:
    def of_runs(name: str, text: str = "", **more: Any) -> bytes:
        body = {"experiment_ids": [asked.experiment_id], "filter": text, **more}
        return encode_request("POST", f"{OWN}runs/{name}", json.dumps(body).encode())

    yield "describe all", of_runs("describe")
    yield "describe 1 in 100", of_runs("describe", "params.p1 = 'v3' and params.p2 = 'v4'")
    yield "find ids, 1 in 100", of_runs("find-ids", "params.p1 = 'v3' and params.p2 = 'v4'")
    grouped = {"group_by": ["params.p1"], "metrics": ["m1", "m2", "m3"], "max_runs": 5000}
    yield "groups of the newest 5,000 by a param, 3 metrics", of_runs("group", **grouped)
    yield "groups of the newest 5,000, filtered", of_runs("group", "metrics.m1 > 0.5", **grouped)
    complete = json.dumps({"filter": "params.p10 = '77", "position": 16}).encode()
    yield "completion of a value", encode_request("POST", f"{OWN}runs/complete-filter", complete)
    yield "keys that hold a text", encode_request("GET", f"{OWN}runs/find-keys?text=m1")
    explain = json.dumps({"filter": "params.nowhere = '1'"}).encode()
    yield "why a filter finds nothing", encode_request("POST", f"{OWN}runs/explain-filter", explain)
    for text in ("run-000777", "nowhere at all", "te", asked.run_id[:6], ""):
        name = "a run's name" if text == "run-000777" else "an id" if text in asked.run_id and text else repr(text)
        yield f"search of everything: {name}", encode_request("GET", f"{OWN}search?{urlencode({'text': text})}")


def _pages(asked: Asked) -> Iterator[tuple[str, bytes]]:
    def page(path: str, *query: tuple[str, str]) -> bytes:
        return encode_request("GET", path + ("?" + urlencode(query) if query else ""))

    runs = f"/experiments/{asked.experiment_id}"
    yield "page of experiments", page("/")
    yield "page of runs", page(runs)
    yield "page of runs, sorted by a metric", page(runs, ("order", "metrics.m1 DESC"))
    yield "page of runs, sorted by a param and a metric", page(runs, ("order", "params.p1"), ("order", "metrics.m1"))
    yield "page of runs, sorted by duration", page(runs, ("order", "duration DESC"))
    yield "page of runs, 1 in 100 matches", page(runs, ("filter", "metrics.m1 > 0.99"))
    yield "page of runs, two params", page(runs, ("filter", "params.p1 = 'v3' and params.p2 = 'v4'"))
    yield "page of runs, words that none has", page(runs, ("filter", "'nowhere at all'"))
    yield "page of runs in groups", page(runs, ("group", "params.p1"))
    yield "page of runs in groups by two params", page(runs, ("group", "params.p1"), ("group", "params.p2"))
    yield "page of runs of two experiments", page("/runs", ("experiments", f"{asked.experiment_id},{asked.beside}"))
    several = [("experiments", f"{asked.experiment_id},{asked.beside}"), ("order", "metrics.m1 DESC")]
    yield "page of runs of two experiments, sorted by a metric", page("/runs", *several)
    yield "page of a run", page(f"/runs/{asked.run_id}")
    yield "page of a search", page("/search", ("q", "run-000777"))
