"""Looking for a text in everything, on both databases."""

import random
from typing import Any

import pytest

from runyard.core.entity import Tag
from runyard.core.tags import NOTE_TAG
from runyard.exceptions import InvalidParameter
from runyard.gate.gate import Gate
from runyard.registry.global_search.messages import Match, SearchEverything
from runyard.registry.model_versions.messages import CreateModelVersion
from runyard.registry.registered_models.messages import CreateRegisteredModel, SetRegisteredModelAlias
from runyard.tracking.experiments.messages import DeleteExperiment, SetExperimentTag
from runyard.tracking.logged_models.messages import CreateLoggedModel
from runyard.tracking.runs.messages import DeleteRun
from tests.factories import NOW, a_run, an_experiment

WORDS = ("vision", "Ünder", "lstm", "100%", "a_b", "seed", "x")


def matches(gate: Gate, text: str, kind: str | None = None, most: int = 50) -> list[Match]:
    """What is found."""
    return gate.ask(SearchEverything(text=text, kind=kind, max_results=most)).matches


def found(gate: Gate, text: str, kind: str) -> list[tuple[str, str]]:
    """Names and what matched, in order."""
    return [(match.name, match.matched) for match in matches(gate, text, kind)]


def expected(rows: list[dict[str, Any]], text: str) -> list[str]:
    """The ids of the runs that a text is to find, the best first, by looking at each of them."""

    def rank(row: dict[str, Any]) -> int | None:
        name, lowered = row["name"].lower(), text.lower()
        if len(text) >= 3 and row["id"].startswith(lowered):
            return 0
        if all(word in name for word in lowered.split()):
            return 0 if name == lowered else 2 if name.startswith(lowered) else 3
        return 4 if any(value.startswith(text) for value in row["tags"].values()) else None

    ranked = [(row["deleted"], place, -row["time"], row["id"]) for row in rows if (place := rank(row)) is not None]
    return [run_id for *_, run_id in sorted(ranked)]


def test_runs_are_found_as_if_each_were_looked_at(gate: Gate) -> None:
    """By words of the name in any case and order, by the beginning of the id, and of an own tag or the note."""
    chance = random.Random(15)
    experiment_id = an_experiment(gate)
    rows: list[dict[str, Any]] = []
    for index in range(40):
        name = " ".join(chance.choices(WORDS, k=chance.randint(1, 3)))
        tags = {
            key: chance.choice(WORDS) for key in chance.sample(("team", "data set", NOTE_TAG), chance.randint(0, 3))
        }
        run_id = a_run(
            gate, experiment_id, tags={**tags, "mlflow.source.name": "hidden"}, run_name=name, start_time=NOW + index
        )
        if chance.random() < 0.2:
            gate.perform(DeleteRun(run_id=run_id))
            deleted = True
        else:
            deleted = False
        rows.append({"id": run_id, "name": name, "tags": tags, "time": NOW + index, "deleted": deleted})

    some = rows[7]["id"]
    for text in (*WORDS, "SEED", "ünder", "lstm vision", "Vision Ünder", "_", "%", some[:5], some, "hidden", "'", "\\"):
        assert expected(rows, text) == [match.id for match in matches(gate, text, "run")], text
    assert [row["id"] for row in reversed(rows) if not row["deleted"]] == [
        match.id for match in matches(gate, "", "run")
    ]


def test_what_a_match_does_not_have_is_left_out(gate: Gate) -> None:
    """As everywhere: of a run that goes on, when it was lost."""
    experiment_id = an_experiment(gate, "vision")
    run_id = a_run(gate, experiment_id, run_name="lstm")

    [match] = gate.perform(SearchEverything(text="lstm", kind="run"))["matches"]

    shown = {"id": run_id, "name": "lstm", "matched": "name", "status": "RUNNING", "experiment_name": "vision"}
    assert match == match | shown
    assert None not in match.values()


@pytest.fixture
def store(gate: Gate) -> dict[str, str]:
    """One of each kind; returns ids."""
    experiment_id, gone = an_experiment(gate, "vision/cats"), an_experiment(gate, "vision/gone")
    gate.perform(SetExperimentTag(experiment_id=experiment_id, key="owner", value="ada lovelace"))
    gate.perform(DeleteExperiment(experiment_id=gone))
    gate.perform(CreateRegisteredModel(name="Cat Finder", tags=[Tag(key="owner", value="ada")]))
    for _ in range(2):
        gate.perform(
            CreateModelVersion(name="Cat Finder", source="s3://bucket/model", tags=[Tag(key="k", value="fp16")])
        )
    gate.perform(SetRegisteredModelAlias(name="Cat Finder", alias="champion", version="2"))
    logged = gate.perform(CreateLoggedModel(experiment_id=experiment_id, name="backbone"))
    return {"experiment": experiment_id, "logged": logged["model"]["info"]["model_id"]}


def test_each_kind_is_found_by_what_people_know_of_it(gate: Gate, store: dict[str, str]) -> None:
    """And says by what; deleted ones come last."""
    assert [("vision/cats", "name"), ("vision/gone", "name")] == found(gate, "VISION", "experiment")
    assert [("vision/cats", "tag owner: ada lovelace")] == found(gate, "ada", "experiment")
    assert "vision/cats" in [name for name, what in found(gate, store["experiment"], "experiment") if what == "id"]
    assert [("Cat Finder", "name")] == found(gate, "finder cat", "model")
    assert [("Cat Finder", "tag owner: ada")] == found(gate, "ada", "model")
    assert ["2"] == [match.id for match in matches(gate, "cat/2", "version")]
    assert ["2"] == [match.id for match in matches(gate, "cat@champ", "version")]
    assert ["2", "1"] == [match.id for match in matches(gate, "fp16", "version")]
    assert [("backbone", "id")] == found(gate, store["logged"][:6], "logged_model")
    assert [("backbone", "name")] == found(gate, "bone", "logged_model")


def test_all_kinds_are_asked_at_once_and_more_is_said(gate: Gate, store: dict[str, str]) -> None:
    """A box shows a few of each, and where there are more; without a text the newest."""
    answer = gate.ask(SearchEverything(text="a", max_results=1))
    newest = gate.ask(SearchEverything())

    assert ["experiment"] == answer.more
    assert ["experiment", "model", "logged_model"] == [match.kind for match in answer.matches]
    assert {"vision/cats", "Cat Finder", "backbone"} <= {match.name for match in newest.matches}
    assert "vision/gone" not in {match.name for match in newest.matches}
    assert store


@pytest.mark.parametrize("wrong", [{"text": "x" * 201}, {"kind": "trial"}, {"max_results": 0}, {"max_results": 51}])
def test_a_wrong_question_is_refused(gate: Gate, wrong: dict[str, Any]) -> None:
    """With what may be asked."""
    with pytest.raises(InvalidParameter):
        gate.ask(SearchEverything(**wrong))
