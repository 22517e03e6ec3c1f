"""The table of runs as a file: what the view shows, every row of it, as the API gives it."""

import csv
import io
import json
import math
import sys
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pandas as pd
import pytest

from runyard.gate.gate import Gate
from runyard.tracking.runs.entities import Param, Run
from runyard.tracking.runs.messages import LogBatch, SearchRuns, SetTag, UpdateRun
from runyard.ui.pages import runs_file
from tests.factories import NOW, a_point, a_run, an_experiment
from tests.ui.asking import Reader
from tests.ui.stories import a_story

STRANGE = 'a "quoted", text;\nwith lines, = and ☃'


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few runs make several pieces."""
    monkeypatch.setattr(runs_file, "PIECE", 3)


def filled(gate: Gate) -> str:
    """An experiment of seven runs with values that files get wrong."""
    experiment_id = an_experiment(gate)
    for index in range(7):
        run_id = a_run(gate, experiment_id, run_name=f"run {index}", start_time=NOW + index)
        params = [Param(key="lr", value=f"{index}e-05"), Param(key="text", value=STRANGE)]
        values = [0.1 + 0.2, math.nan, math.inf, -math.inf, 1e-300, 5.0, 1 / 3]
        gate.perform(LogBatch(run_id=run_id, params=params[: 1 + index % 2], metrics=[a_point("loss", values[index])]))
        if index % 2:
            gate.perform(SetTag(run_id=run_id, key="team", value="vision"))
            gate.perform(UpdateRun(run_id=run_id, status="FINISHED", end_time=NOW + 61_500 + index))
    return experiment_id


def asked(gate: Gate, experiment_id: str, order: str) -> list[Run]:
    """What the API finds."""
    return gate.ask(SearchRuns(experiment_ids=[experiment_id], order_by=[order])).runs


def test_csv_has_every_value_in_full(gate: Gate, reader: Reader) -> None:
    """In the order and with the columns of the view; over pages, of which each is read by itself."""
    experiment_id = filled(gate)
    query = f"order={quote('metrics.loss ASC')}&col=params.text&col=metrics.loss&col=tags.team"

    answer = reader.get(f"/experiments/{experiment_id}.csv?{query}")
    rows = list(csv.DictReader(io.StringIO(answer.text)))

    assert 200 == answer.status
    assert answer.headers["content-type"].startswith("text/csv")
    assert f'filename="experiment-{experiment_id}.csv"' in answer.headers["content-disposition"]
    assert "run_id run_name status start_time end_time duration user_id params.text metrics.loss tags.team".split() == (
        list(rows[0])
    )
    expected = asked(gate, experiment_id, "metrics.loss ASC")
    assert [run.info.run_id for run in expected] == [row["run_id"] for row in rows]
    for run, row in zip(expected, rows, strict=True):
        assert repr(run.data.metrics["loss"]) == repr(float(row["metrics.loss"]))
        assert run.data.params.get("text", "") == row["params.text"]
        assert run.data.tags.get("team", "") == row["tags.team"]
        assert datetime.fromisoformat(row["start_time"]) == datetime.fromtimestamp(
            (run.info.start_time or 0) / 1000, UTC
        )
        assert row["duration"] == ("61.5" if run.info.status == "FINISHED" else "")


def test_json_leaves_out_what_a_run_does_not_have(gate: Gate, reader: Reader) -> None:
    """NaN and infinities are the texts that the API has for them."""
    experiment_id = filled(gate)

    answer = reader.get(f"/experiments/{experiment_id}.json?order={quote('start_time ASC')}")
    rows: list[dict[str, Any]] = json.loads(answer.body)

    assert [0.1 + 0.2, "NaN", "Infinity", "-Infinity", 1e-300, 5.0, 1 / 3] == [row["metrics.loss"] for row in rows]
    assert [index % 2 == 1 for index in range(7)] == ["params.text" in row for row in rows]
    assert "end_time" not in rows[0]
    assert [] == json.loads(reader.get(f"/experiments/{an_experiment(gate, 'empty')}.json").body)


def test_parquet_keeps_types(gate: Gate, reader: Reader) -> None:
    """Numbers are numbers, times are times; a table without rows has its columns."""
    experiment_id = filled(gate)

    answer = reader.get(f"/experiments/{experiment_id}.parquet?order={quote('start_time ASC')}")
    table = pd.read_parquet(io.BytesIO(answer.body))
    empty = pd.read_parquet(io.BytesIO(reader.get(f"/experiments/{an_experiment(gate, 'empty')}.parquet").body))

    assert 7 == len(table)
    assert "float64" == str(table["metrics.loss"].dtype)
    assert "datetime64[ms, UTC]" == str(table["start_time"].dtype)
    assert [run.info.run_id for run in asked(gate, experiment_id, "start_time ASC")] == list(table["run_id"])
    assert STRANGE == table["params.text"][1]
    assert ["run_id", "run_name"] == list(empty.columns)[:2]
    assert 0 == len(empty)


def test_a_view_is_filtered_as_its_page_is(gate: Gate, reader: Reader) -> None:
    """The links of the page lead to its own rows."""
    story = a_story(gate)
    page = reader.get(f"/experiments/{story.experiment_id}?filter={quote('metrics.loss > 0.3')}&view=all")
    [link] = [href for href in page.attributes("a", "href") if ".csv?" in href]

    rows = list(csv.DictReader(io.StringIO(reader.get(link).text)))

    found = gate.ask(SearchRuns(experiment_ids=[story.experiment_id], filter="metrics.loss > 0.3", run_view_type="ALL"))
    assert [run.info.run_id for run in found.runs] == [row["run_id"] for row in rows]


@pytest.mark.parametrize("suffix", ["xlsx", "html", "csv.gz", "1"])
def test_other_kinds_of_files_are_not_there(gate: Gate, reader: Reader, suffix: str) -> None:
    """The error names those that are."""
    answer = reader.get(f"/experiments/{an_experiment(gate)}.{suffix}")

    assert 404 == answer.status
    assert ".csv, .json, .parquet" in answer.words


def test_a_wrong_question_is_refused_before_the_file_begins(gate: Gate, reader: Reader) -> None:
    """No file that holds an error."""
    experiment_id = an_experiment(gate)

    assert 400 == reader.get(f"/experiments/{experiment_id}.csv?filter={quote('metrics.loss <> 1')}").status
    assert 404 == reader.get("/experiments/4711.csv").status


def test_without_pyarrow_it_is_said_what_to_install(
    gate: Gate, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other two kinds need nothing."""
    experiment_id = an_experiment(gate)
    monkeypatch.setitem(sys.modules, "pyarrow", None)

    answer = reader.get(f"/experiments/{experiment_id}.parquet")

    assert 501 == answer.status
    assert "runyard[parquet]" in answer.words
