"""What plots over all runs are made of, and what matters for a metric."""

import json
import random
from typing import Any

import pytest
from fastapi import FastAPI

from runyard.core.entity import Tag
from runyard.gate.gate import Gate
from runyard.tracking.run_values.messages import ValuesOfRuns
from runyard.tracking.runs.entities import Param
from runyard.tracking.runs.messages import LogBatch, LogParam
from runyard.ui import Pages
from runyard.ui.parts import importance
from runyard.ui.parts.importance import Importances, Known, Question, values_in_places
from runyard.ui.parts.importance_words import answer_of
from runyard.ui.parts.list_state import arrangement_of
from tests.factories import NOW, a_point, a_run, an_experiment
from tests.ui.asking import Answer, Reader


def three_params(gate: Gate, experiment_id: str, runs: int = 40) -> list[str]:
    """Log runs of whose three params one decides the loss, one helps a little, and one has no part in it."""
    chance, made = random.Random(3), []
    for place in range(runs):
        rate, warm = chance.uniform(0, 1), chance.choice(("yes", "no"))
        loss = 5 * rate + (0.4 if warm == "no" else 0) + chance.gauss(0, 0.05)
        run_id = a_run(gate, experiment_id, run_name=f"run {place}", start_time=NOW + place)
        params = {"lr": f"{rate:.5f}", "warm": warm, "seed": str(chance.randrange(1000)), "data": "v1"}
        entries = [Param(key=key, value=value) for key, value in params.items()]
        tags = [Tag(key="team", value="vision")]
        gate.perform(LogBatch(run_id=run_id, metrics=[a_point("loss", loss)], params=entries, tags=tags))
        made.append(run_id)
    return made


def told(answer: Answer) -> Any:
    """The JSON of an answer."""
    return json.loads(answer.body)


def test_values_of_the_runs_of_a_view_come_as_columns(gate: Gate, reader: Reader) -> None:
    """The address has the table's own filter and view."""
    experiment = an_experiment(gate)
    three_params(gate, experiment, 4)
    found = reader.get(f"/ui/plots/values?experiments={experiment}&view=active&filter=params.lr > 0&column=params.warm")

    assert 200 == found.status
    assert 4 == told(found)["runs"] == len(told(found)["run_ids"])
    assert "params.warm" == told(found)["columns"][0]["name"]
    assert 0 == told(reader.get(f"/ui/plots/values?experiments={experiment}&view=deleted&column=status"))["runs"]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("experiments=1&column=lr", "Runs have no values 'lr'"),
        ("experiments=1", "'columns' has 0 entries"),
        ("column=status", "No experiment is named"),
        ("experiments=1&column=status&filter=metrics.", "metrics."),
    ],
)
def test_a_wrong_question_is_answered_with_what_is_wrong(reader: Reader, query: str, said: str) -> None:
    """The page shows this sentence in place of the plot."""
    found = reader.get(f"/ui/plots/values?{query}")

    assert 400 == found.status
    assert said in told(found)["message"]


def test_importance_names_the_param_that_matters(gate: Gate) -> None:
    """At first the answer is that it works on it; the request does not wait for the trees."""
    pages, app = Pages(gate), FastAPI(openapi_url=None)
    app.include_router(pages.router())
    reader, experiment = Reader(app), an_experiment(gate)
    three_params(gate, experiment)
    address = f"/ui/plots/importance?experiments={experiment}&view=active&metric=loss"

    first = told(reader.get(address))
    assert pages.site.importances.settled(100)
    found = told(reader.get(address))

    assert ("working", "Finding out what matters for loss…") == (first["state"], first["summary"])
    assert ["lr", "warm", "seed"] == [param["key"] for param in found["params"]]
    assert found["summary"].startswith("40 runs, by an ensemble of trees (permutation importance). It predicts ")
    assert ("+", 1) == (found["params"][0]["sign"], found["params"][0]["share"])
    assert found["params"][0]["direction"].startswith("higher lr, higher loss (ρ +0.9")
    assert "highest with no, lowest with yes" == found["params"][1]["direction"]
    assert "not what causes it" in found["notes"][0]
    assert 400 == reader.get(f"/ui/plots/importance?experiments={experiment}").status
    assert 400 == reader.get(f"{address}&filter=metrics.").status


def test_what_was_found_is_kept_until_values_change(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next reader of the page does not wait for the trees again."""
    counted: list[bytes] = []

    def compute(given: bytes, known: Known) -> Known:
        counted.append(given)
        return Known({"runs": len(counted)}, "", known.params, known.sampled, known.runs, known.more)

    monkeypatch.setattr(importance, "_computed", compute)
    experiment = an_experiment(gate)
    first, *_ = three_params(gate, experiment, 5)
    importances = Importances(gate)
    question = Question((experiment,), "", "ACTIVE_ONLY", "loss")

    def ask() -> Any:
        monkeypatch.setattr(importance, "FRESH_SECONDS", 0.0)
        importances.find(question)
        assert importances.settled(100)
        monkeypatch.setattr(importance, "FRESH_SECONDS", 1000.0)
        known = importances.find(question)
        assert known is not None
        return known.findings

    assert [{"runs": 1}, {"runs": 1}] == [ask(), ask()]
    gate.perform(LogParam(run_id=first, key="late", value="1"))
    assert {"runs": 2} == ask()


def test_a_program_that_fails_or_takes_too_long_is_told(
    gate: Gate, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The page does not say "working" for ever."""
    experiment = an_experiment(gate)
    three_params(gate, experiment, 4)

    def problem(metric: str) -> str:
        importances, question = Importances(gate), Question((experiment,), "", "ACTIVE_ONLY", metric)
        importances.find(question)
        assert importances.settled(100)
        return str(answer_of(importances.find(question), metric)["summary"])

    python = importance.PROGRAM[0]
    monkeypatch.setattr(importance, "PROGRAM", (python, "-c", "raise SystemExit('broken')"))
    assert "The program that finds it has failed. The server's log says why." == problem("loss")
    assert "broken" in caplog.text
    monkeypatch.setattr(importance, "PROGRAM", (python, "-c", "import time; time.sleep(60)"))
    monkeypatch.setattr(importance, "SECONDS", 0.2)
    assert problem("loss").startswith("It took over 0.2 seconds.")


def test_page_says_what_plots_can_be_of(gate: Gate, reader: Reader) -> None:
    """What tells the most stands first: a plot begins with it. A filter that is wrong is not that of the plots."""
    experiment = an_experiment(gate)
    three_params(gate, experiment, 6)
    address = f"/experiments/{experiment}?charts=split&plots=scatter"

    def config(query: str) -> Any:
        return json.loads(reader.get(f"{address}{query}").attributes("run-plots", "data-config")[0])

    found = config("&filter=params.lr > 0")
    assert (["loss"], {"lr", "warm", "seed"}) == (found["metrics"], set(found["params"][:3]))
    assert ["metrics.loss"] == found["axes"][-1:]
    assert "params.data" not in found["axes"]
    assert (6, "params.lr > 0") == (found["runs"], found["filter"])
    assert f"/ui/plots/values?experiments={experiment}&view=active" == found["values"]
    assert "" == config("&filter=metrics.")["filter"]


def test_saved_views_hold_the_plots() -> None:
    """And the ranges that were brushed, with the filter that they were added to."""
    query = "charts=split&plots=scatter;x=params.lr&plots=matters&plots_brush=params.lr;to=1&plots_base=a&page=x"

    assert {
        "charts": ["split"],
        "plots": ["scatter;x=params.lr", "matters"],
        "plots_brush": ["params.lr;to=1"],
        "plots_base": ["a"],
    } == arrangement_of(query)


def test_a_column_is_laid_out_by_run() -> None:
    """Rare texts are one value, and texts that were cut stay apart."""
    texts = ValuesOfRuns(name="params.a", missing=[1], texts=["x…", "x…"], codes=[0, 1, -1], cut=True)

    assert ["x… (1)", None, "x… (2)", importance.RARE] == values_in_places(texts, 4)
    assert [None, 2.5] == values_in_places(ValuesOfRuns(name="params.b", missing=[0], numbers=[2.5]), 2)


def test_words_say_from_how_many_runs_and_what_was_left_out() -> None:
    """Numbers alone are taken for more than they are."""
    way = {"runs": 30, "rho": 0.1, "clear": False, "highest": "", "lowest": ""}
    found = {
        "method": "trees", "runs": 30, "left_out": 1, "installed": True, "explained": 0.02, "same": 2,
        "names": ["folder"], "params": [{"key": "lr", "importance": 0.5, "deviation": 0.1, "direction": way}],
    }  # fmt: skip
    known = Known(found, "", params=90, sampled=31, runs=50_000, more=True)

    answer = answer_of(known, "loss")

    assert "It cannot predict loss from the params" in answer["summary"]
    assert "in no single direction" == answer["params"][0]["direction"]
    assert [
        "Found from a sample: 31 of the newest 50,000 matching runs.",
        "1 run left out that has no finite loss.",
        "2 params left out with one value in all of these runs.",
        "Left out, because nearly every run has another text: folder.",
        "64 of 90 params were looked at, those that vary most.",
    ] == answer["notes"][1:]
    assert (
        "1 run with loss: too few to tell what matters for it."
        == (answer_of(Known({**found, "runs": 1, "params": []}), "loss")["summary"])
    )
    by_ranks = {**found, "method": "ranks", "installed": False}
    assert "as scikit-learn is not installed on the server" in answer_of(Known(by_ranks), "loss")["summary"]
