"""Values of many runs as columns: what plots over all matching runs are made of."""

import math
import re
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
import sqlalchemy as sa

from runyard.core.entity import Tag
from runyard.exceptions import InvalidParameter
from runyard.gate.gate import Gate
from runyard.tracking.run_values import messages, operations
from runyard.tracking.run_values.messages import GetRunValues, RunValues
from runyard.tracking.runs.entities import Param
from runyard.tracking.runs.messages import DeleteRun, LogBatch, UpdateRun
from tests.factories import NOW, a_point, a_run, an_experiment
from tests.support.rows import add_runs


def log(gate: Gate, run_id: str, metrics: dict[str, float], texts: dict[str, str]) -> None:
    """Log metrics and params to a run."""
    points = [a_point(key, value) for key, value in metrics.items()]
    entries = [Param(key=key, value=value) for key, value in texts.items()]
    gate.perform(LogBatch(run_id=run_id, metrics=points, params=entries, tags=[Tag(key="t", value="x")]))


def column(found: RunValues, name: str) -> list[float | str | None]:
    """A column with the values in their places; None where a run has none, ``…`` where its text has no place."""
    [values] = [each for each in found.columns if each.name == name]
    texts = [values.texts[code] if code >= 0 else "…" for code in values.codes]
    had: Iterator[float | str] = iter([*values.numbers, *texts])
    missing = set(values.missing)
    return [None if place in missing else next(had) for place in range(len(found.run_ids))]


def test_values_stand_in_columns_of_numbers_and_texts(gate: Gate) -> None:
    """What a run lacks is missing, and neither NaN nor an empty text."""
    experiment = an_experiment(gate)
    made = [a_run(gate, experiment, run_name=f"run {place}", start_time=NOW + place) for place in range(4)]
    log(gate, made[0], {"a/b": math.nan}, {"lr": "1e-3", "opt": "adam", "deep": "4"})
    log(gate, made[1], {"a/b": math.inf}, {"lr": "0.1", "opt": "", "deep": "many"})
    log(gate, made[2], {"a/b": -2.5}, {"opt": "adam"})
    gate.perform(UpdateRun(run_id=made[2], status="FINISHED", end_time=NOW + 1002))
    gate.perform(DeleteRun(run_id=made[3]))
    names = ["metrics.a/b", "params.lr", "params.opt", "params.deep", "tags.t", "tags.no", "status", "duration"]

    found = gate.ask(GetRunValues(experiment_ids=[experiment], columns=names))

    assert made[2::-1] == found.run_ids
    assert ["run 2", "run 1", "run 0"] == found.run_names
    assert (3, False) == (found.runs, found.more)
    assert [-2.5, math.inf] == column(found, "metrics.a/b")[:2]
    assert math.isnan(found.columns[0].numbers[2])
    assert [None, 0.1, 0.001] == column(found, "params.lr")
    assert ["adam", "", "adam"] == column(found, "params.opt")
    assert [None, "many", "4"] == column(found, "params.deep")
    assert ["x", "x", "x"] == column(found, "tags.t")
    assert [None, None, None] == column(found, "tags.no")
    assert ["FINISHED", "RUNNING", "RUNNING"] == column(found, "status")
    assert [1000.0, None, None] == column(found, "duration")


def test_only_runs_that_match_are_answered(gate: Gate) -> None:
    """The plots are of the same runs as the table."""
    experiment = an_experiment(gate)
    for place in range(6):
        run_id = a_run(gate, experiment, start_time=NOW + place)
        log(gate, run_id, {"loss": place / 10}, {"lr": str(place)})

    found = gate.ask(
        GetRunValues(experiment_ids=[experiment], filter="params.lr >= 4", columns=["params.lr", "start_time"])
    )

    assert [5.0, 4.0] == column(found, "params.lr")
    assert [NOW + 5.0, NOW + 4.0] == column(found, "start_time")
    assert 2 == found.runs


def test_a_sample_is_spread_over_the_runs_and_has_the_extremes(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """The best run is in the picture, whichever runs a sample holds beside it."""
    monkeypatch.setattr(operations, "EXTREMES", 1)
    experiment = an_experiment(gate)
    for place in range(40):
        run_id = a_run(gate, experiment, start_time=NOW + place)
        log(gate, run_id, {"loss": 9.0 if place == 17 else -9.0 if place == 22 else 0.5}, {"place": str(place)})

    found = gate.ask(GetRunValues(experiment_ids=[experiment], columns=["metrics.loss", "params.place"], max_runs=10))

    places = [int(float(place)) for place in column(found, "params.place") if place is not None]
    assert 10 == len(found.run_ids)
    assert (40, False) == (found.runs, found.more)
    assert sorted(places, reverse=True) == places
    assert {9.0, -9.0} < set(column(found, "metrics.loss"))
    assert max(places) >= 35
    assert min(places) < 8


@pytest.mark.parametrize("text", [None, "metrics.loss < 100"])
def test_more_runs_than_may_be_looked_at_are_said(
    gate: Gate, monkeypatch: pytest.MonkeyPatch, text: str | None
) -> None:
    """The page must not call a part of the runs all of them."""
    monkeypatch.setattr(operations, "MAX_LISTED", 5)
    monkeypatch.setattr(operations, "MAX_TESTED", 5)
    monkeypatch.setattr("runyard.tracking.runs.ranges.MAX_FOUND", 3)
    experiment = an_experiment(gate)
    for place in range(8):
        log(gate, a_run(gate, experiment, start_time=NOW + place), {"loss": float(place)}, {})

    found = gate.ask(GetRunValues(experiment_ids=[experiment], filter=text, columns=["metrics.loss"]))

    assert (5, True) == (found.runs, found.more)
    assert {7.0, 0.0} < set(column(found, "metrics.loss"))


def test_rare_texts_have_no_place_of_their_own(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand names are not categories; long ones are cut without becoming the same."""
    monkeypatch.setattr(operations, "MAX_TEXTS", 2)
    experiment, long = an_experiment(gate), "x" * 150
    for place, text in enumerate([long + "1", long + "1", long + "2", long + "2", "rare", "seldom"]):
        log(gate, a_run(gate, experiment, start_time=NOW - place), {}, {"name": text})

    [values] = gate.ask(GetRunValues(experiment_ids=[experiment], columns=["params.name"])).columns

    assert [0, 0, 1, 1, -1, -1] == values.codes
    assert ["x" * 99 + "…"] * 2 == values.texts
    assert (2, True) == (values.others, values.cut)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"columns": []}, "'columns' has 0 entries; 1 to 32 are needed."),
        ({"columns": ["lr"]}, "Runs have no values 'lr'. Give metrics.KEY"),
        ({"columns": ["status", "status"]}, "names something twice"),
        ({"columns": ["metrics.\0"]}, "columns"),
        ({"columns": ["status"], "max_runs": 4001}, "Invalid value 4001 for parameter 'max_runs': use 1 to 4,000."),
        ({"columns": ["status"], "filter": "metrics.loss <"}, "metrics.loss <"),
    ],
)
def test_what_cannot_be_answered_is_refused(gate: Gate, fields: dict[str, Any], said: str) -> None:
    """The reader learns what to change."""
    with pytest.raises(InvalidParameter, match=re.escape(said)):
        gate.ask(GetRunValues(experiment_ids=["0"], **fields))


def test_values_are_sought_by_run(gate: Gate) -> None:
    """What runs that are not in the sample have is not read, on either database."""
    experiment, seen = an_experiment(gate), list[tuple[str, Any]]()
    add_runs(gate, experiment, 3000, metrics=2, params=2)
    sa.event.listen(gate.engines.reading, "before_cursor_execute", lambda *given: seen.append((given[2], given[3])))
    gate.ask(GetRunValues(experiment_ids=[experiment], columns=["metrics.m1", "params.p1"], max_runs=50))

    explain = "EXPLAIN" if gate.engines.dialect == "postgresql" else "EXPLAIN QUERY PLAN"
    read = [(text, given) for text, given in seen if re.search("CROSS JOIN|LATERAL", text)]
    assert 2 == len(read)
    with gate.engines.reading.connect() as connection:
        plans = [str(connection.exec_driver_sql(f"{explain} {text}", given).all()) for text, given in read]
    for plan in plans:
        assert re.search(r"run_id ?=", plan), plan
        assert not re.search(r"Seq Scan|SCAN (metric_series|run_params)", plan), plan


@pytest.mark.parametrize("cluster", ["sqlite"], indirect=True)
def test_no_answer_is_over_a_megabyte(gate: Gate) -> None:
    """The most runs with the most values, none of them short."""
    experiment, each = an_experiment(gate), messages.MAX_VALUES // messages.MAX_SAMPLED // 2
    add_runs(gate, experiment, messages.MAX_SAMPLED, metrics=each, params=each)
    with gate.engines.writing.begin() as connection:
        connection.execute(sa.text("UPDATE metric_series SET value = -(id * 7919 % 100003) / 3e7"))
        connection.execute(sa.text("UPDATE run_params SET value = printf('%0150d', run_id * 37 % 211)||'x'"))
        connection.execute(sa.text("UPDATE runs SET name = printf('%0200d', id)"))
    columns = [f"{kind}{key}" for key in range(1, each + 1) for kind in ("params.p", "metrics.m")]

    answer = gate.perform(GetRunValues(experiment_ids=[experiment], columns=columns))

    assert messages.MAX_SAMPLED == len(answer["run_ids"])
    assert len(orjson.dumps(answer)) < 1_000_000
