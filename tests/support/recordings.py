"""Replays recorded exchanges of real MLflow clients and servers against our server.

What the server invents is made equal: experiment ids before they are given, run ids in the database right after, and
random names of runs when answers are compared.
"""

import http.client
import json
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

RECORDINGS = Path(__file__).parent.parent / "recorded" / "recordings"

# Times the server takes itself, and fields that exist for features this server does not have.
IGNORED = {
    "creation_time",
    "last_update_time",
    "creation_timestamp",
    "last_updated_timestamp",
    "creation_timestamp_ms",
    "last_updated_timestamp_ms",
    "workspace",
    "sqlstate",
    "error_class",
    "message",
}
SET_LISTS = {"tags", "params", "metrics", "experiments"}  # lists whose order the protocol leaves open


@dataclass(frozen=True)
class Exchange:
    """One recorded request with its answer."""

    recording: str
    seq: int
    method: str
    path: str
    request: Any
    content_type: str | None
    status: int
    answer_type: str | None
    answer: Any

    @property
    def endpoint(self) -> str:
        """The path without its query."""
        return self.path.partition("?")[0]

    def __str__(self) -> str:
        return f"{self.recording}#{self.seq} {self.method} {self.path} {json.dumps(self.request)[:300]}"


def load(recording: str) -> Iterator[Exchange]:
    """The exchanges of one recording, in order."""
    with (RECORDINGS / f"{recording}.jsonl").open() as lines:
        for line in lines:
            entry = json.loads(line)
            yield Exchange(
                recording,
                entry["seq"],
                entry["method"],
                entry["path"],
                _restored(entry.get("request")),
                entry.get("request_content_type"),
                entry["status"],
                entry.get("response_content_type"),
                entry.get("response"),
            )


def _restored(value: Any) -> Any:
    """Undo the recording's short forms: ``<<x*6001>>`` is the letter 6,001 times."""
    if isinstance(value, str):
        return re.sub(r"<<(.)\*(\d+)>>", lambda match: match[1] * int(match[2]), value)
    if isinstance(value, dict):
        return {key: _restored(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return _completed([_restored(inner) for inner in value])
    return value


def _completed(items: list[Any]) -> list[Any]:
    """A list with its left-out items put back: they count on from the first, ``m0``, ``m1`` …"""
    for place, item in enumerate(items):
        if isinstance(item, dict) and "_omitted" in item:
            numbers = range(place, place + item["_omitted"])
            added = [{**items[0], "key": re.sub(r"\d+", str(number), items[0]["key"])} for number in numbers]
            return [*items[:place], *added, *items[place + 1 :]]
    return items


@dataclass
class Replay:
    """A conversation with one server.

    Attributes
    ----------
    url: The server's address.
    database: Its SQLite file.
    names: Ids and random names of the server, each with the recorded one.
    """

    url: str
    database: Path
    names: dict[str, str] = field(default_factory=dict)

    def send(self, exchange: Exchange) -> tuple[int, str | None, bytes]:
        """Send a recorded request with our ids; returns status, content type and body of the answer."""
        if exchange.endpoint.endswith("experiments/create") and exchange.status == 200:
            self._count_from(int(exchange.answer["experiment_id"]))
        parts = urlsplit(self.url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        try:
            body, headers = self._body(exchange)
            connection.request(exchange.method, exchange.path, body, headers)
            reply = connection.getresponse()
            return reply.status, reply.getheader("content-type"), reply.read()
        finally:
            connection.close()

    def _count_from(self, experiment_id: int) -> None:
        """Make the next experiment's id the recorded one: the recorded server had made others before."""
        self._change("DELETE FROM sqlite_sequence WHERE name = 'experiments'")
        self._change("INSERT INTO sqlite_sequence VALUES ('experiments', ?)", experiment_id - 1)

    def _body(self, exchange: Exchange) -> tuple[bytes | None, dict[str, str]]:
        request = exchange.request
        if isinstance(request, dict) and "_bytes" in request:
            return b"x" * request["_bytes"], {}
        if isinstance(request, dict) and "_text" in request:
            return str(request["_text"]).encode(), {"Content-Type": exchange.content_type or "application/json"}
        if request is None:
            return None, {}
        headers = {"Content-Type": exchange.content_type} if exchange.content_type else {}
        return json.dumps(request).encode(), headers

    def learn(self, exchange: Exchange, own: Any) -> None:
        """After a run or logged model was created: give it the recorded id, and note the recorded random name."""
        if exchange.endpoint.endswith("/logged-models"):
            self._learn_model(exchange.answer["model"]["info"], own["model"]["info"])
        if not exchange.endpoint.endswith("runs/create"):
            return
        recorded, made = exchange.answer["run"]["info"], own["run"]["info"]
        old, new = made["run_id"], recorded["run_id"]
        renamed = "UPDATE runs SET run_uuid = ?, artifact_uri = replace(artifact_uri, ?, ?) WHERE run_uuid = ?"
        self._change(renamed, new, old, new, old)
        self.names[old] = new
        if made["run_name"] != recorded["run_name"]:
            self.names[made["run_name"]] = recorded["run_name"]

    def _learn_model(self, recorded: dict[str, Any], made: dict[str, Any]) -> None:
        old, new = made["model_id"], recorded["model_id"]
        renamed = (
            "UPDATE logged_models SET model_id = ?, name = ?, artifact_location = replace(artifact_location, ?, ?) "
            "WHERE model_id = ?"
        )
        name = _restored(recorded["name"])
        self._change(renamed, new, name, old, new, old)
        self.names[old] = new
        if made["name"] != name:
            self.names[made["name"]] = name

    def _change(self, statement: str, *values: object) -> None:
        with sqlite3.connect(self.database, timeout=30) as connection:
            connection.execute(statement, values)
        connection.close()

    def found(self, answer: Any) -> Any:
        """Our answer with the recorded ids and names, in a form that compares."""
        text = json.dumps(answer)
        for own, recorded in self.names.items():
            text = text.replace(own, recorded)
        return comparable(json.loads(text))


MAX_DOUBLE = 1.7976931348623157e308


def leaves(expected: Any, found: Any, path: str = "") -> Iterator[str]:
    """Where two answers differ, one line a place."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for key in sorted(expected.keys() | found.keys()):
            yield from leaves(expected.get(key, "(absent)"), found.get(key, "(absent)"), f"{path}.{key}")
    elif isinstance(expected, list) and any(isinstance(item, dict) and "_omitted" in item for item in expected):
        return  # the recording left most of this list out
    elif isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        for place, (one, other) in enumerate(zip(expected, found, strict=True)):
            yield from leaves(one, other, f"{path}[{place}]")
    elif expected != found:
        yield f"{path}: {json.dumps(found)[:200]} instead of {json.dumps(expected)[:200]}"


def comparable(value: Any, name: str = "") -> Any:
    """An answer without what may differ: the server's own times, the order of sets, page tokens' spelling."""
    if isinstance(value, dict):
        return {
            key: "a token" if key == "next_page_token" else comparable(inner, key)
            for key, inner in value.items()
            if key not in IGNORED and not (isinstance(inner, dict) and not inner and key in ("inputs", "outputs"))
        }
    if isinstance(value, list):
        shown = [comparable(inner) for inner in value]
        return sorted(shown, key=json.dumps) if name in SET_LISTS else shown
    if isinstance(value, str):
        return _restored(value)
    if isinstance(value, float) and abs(value) == MAX_DOUBLE:  # what MLflow makes of infinity; we keep it
        return "Infinity" if value > 0 else "-Infinity"
    return value
