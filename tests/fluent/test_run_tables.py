"""Tables of runs from answers as servers spell them: equal to what a plain reading of the JSON gives."""

import json
import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest

import runyard
from runyard.exceptions import RunyardException
from runyard.fluent import run_table
from tests.client.scripted import Answer, ScriptedServer
from tests.support.fluent import forget_everything

KINDS = ("metrics", "params", "tags")


@pytest.fixture
def scripted(clean_environment: None) -> Iterator[ScriptedServer]:
    """The server that is asked; it answers what a test tells it to."""
    server = ScriptedServer()
    runyard.set_tracking_uri(server.url)
    yield server
    forget_everything()
    server.close()


def _run(number: int, chance: random.Random, *, odd: bool) -> dict[str, Any]:
    """A run with some keys, in some order, now and then one of them twice."""
    info = {"run_id": f"{number:032x}", "experiment_id": "7", "status": "FINISHED", "start_time": 1000 + number}
    info |= {"end_time": 2000, "artifact_uri": f"/files/{number}"} if chance.random() < 0.5 else {}
    data = {}
    for kind in KINDS:
        keys = chance.choice((["a", "b"], ["a", "b"], ["b", "c", "b"], ["a", "é", "d" * 300], []))
        values = ["NaN", "Infinity", 3, 0.25, -1e300] if kind == "metrics" else ["", "x", "ß\n", "true"]
        data[kind] = [{"key": key, "value": chance.choice(values)} for key in keys]
        if data[kind] and chance.random() < 0.2:
            del data[kind][0]["value"]
    if odd:
        info |= {"experiment_id": 7, "start_time": str(info["start_time"])}
    return {"info": info, "data": data, "inputs": {}} if chance.random() < 0.9 else {"info": info}


def _expected(runs: list[dict[str, Any]]) -> pd.DataFrame:
    infos = [run["info"] for run in runs]
    table: dict[str, Any] = {
        "run_id": [info["run_id"] for info in infos],
        "experiment_id": [str(info["experiment_id"]) for info in infos],
        "status": [info["status"] for info in infos],
        "artifact_uri": [info.get("artifact_uri") for info in infos],
        "start_time": pd.to_datetime([int(info["start_time"]) for info in infos], unit="ms", utc=True),
        "end_time": pd.to_datetime([info.get("end_time") for info in infos], unit="ms", utc=True),
    }
    for kind in KINDS:
        rows = []
        for run in runs:
            row: dict[str, Any] = {}
            for entry in run.get("data", {}).get(kind, []):
                value = entry.get("value", 0.0 if kind == "metrics" else "")
                row.setdefault(entry["key"], float(value) if kind == "metrics" else value)
            rows.append(row)
        for key in dict.fromkeys(key for row in rows for key in row):
            table[f"{kind}.{key}"] = [row.get(key, np.nan if kind == "metrics" else None) for row in rows]
    return pd.DataFrame(table)


@pytest.mark.parametrize("seed", range(12))
def test_the_table_is_what_the_answers_say(
    scripted: ScriptedServer, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over pages, of which some have numbers as texts, as some servers spell them; read some runs at a time."""
    monkeypatch.setattr(run_table, "AT_ONCE", 1 + seed)
    chance = random.Random(seed)
    pages = [
        [_run(9 * page + n, chance, odd=page == seed % 4) for n in range(chance.randint(0, 9))] for page in range(4)
    ]
    for place, page in enumerate(pages):
        token = {"next_page_token": "more"} if place < 3 else {}
        scripted.answers.append(Answer(body=json.dumps({"runs": page, **token}).encode()))

    table = runyard.search_runs(["7"])

    assert isinstance(table, pd.DataFrame)
    pd.testing.assert_frame_equal(_expected([run for page in pages for run in page]), table)
    assert ["more"] * 3 == [asked.body["page_token"] for asked in scripted.asked[1:]]


@pytest.mark.parametrize("text", [b"{}", b'{"runs": null}', b'{"runs": []}'])
def test_no_runs_are_an_empty_table(scripted: ScriptedServer, text: bytes) -> None:
    """However a server says so."""
    scripted.answers = [Answer(body=text)]

    assert 0 == len(runyard.search_runs(["7"]))


@pytest.mark.parametrize(
    "text", [b'{"runs": [7]}', b'{"runs": 7}', b'{"runs": [{"info": {}, "data": 1}]}', b"[]", b"{x}"]
)
def test_other_answers_are_errors(scripted: ScriptedServer, text: bytes) -> None:
    """Another program at the address must not pass for a store without runs."""
    scripted.answers = [Answer(body=text)]

    with pytest.raises(RunyardException, match=r"Check the (address|tracking URI)"):
        runyard.search_runs(["7"])
