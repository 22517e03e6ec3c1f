"""Promotion on both databases: what is moved, what is kept, and what the history says."""

import math

import pytest

from runyard.exceptions import Conflict, DoesNotExist, InvalidParameter
from runyard.gate.gate import Gate
from runyard.registry.model_versions.messages import (
    CreateModelVersion,
    DeleteModelVersion,
    TransitionModelVersionStage,
)
from runyard.registry.promotion.messages import PromoteModelVersion, SearchMoves
from runyard.registry.registered_models.messages import (
    DeleteRegisteredModel,
    DeleteRegisteredModelAlias,
    RenameRegisteredModel,
    SetRegisteredModelAlias,
)
from runyard.tracking.logged_models.messages import CreateLoggedModel
from runyard.tracking.metrics.messages import LogMetric
from tests.factories import NOW, a_run
from tests.registry.promotion.building import MODEL, a_model, a_version, moves, promote, shown_version

BETTER = "metrics.f1 > 0.8 and metrics.f1 >= champion.f1 - 0.005"


@pytest.fixture(autouse=True)
def model(gate: Gate) -> str:
    """The registered model of the test."""
    return a_model(gate)


def test_a_version_that_is_good_enough_gets_the_alias(gate: Gate) -> None:
    """The answer tells what was compared, so that a pipeline can show it."""
    first, second = a_version(gate, {"f1": 0.9}), a_version(gate, {"f1": 0.897})
    promote(gate, first, "metrics.f1 > 0.8")

    answer = promote(gate, second, BETTER)

    assert (True, True, False) == (answer["holds"], answer["promoted"], answer["dry_run"])
    assert ["champion"] == answer["model_version"]["aliases"] == shown_version(gate, second)["aliases"]
    assert first == answer["previous"]["version"]
    assert {"metrics.f1": 0.897, "champion.f1": 0.9} == answer["figures"]
    assert [
        {"text": "metrics.f1 > 0.8", "holds": True, "left": 0.897, "right": 0.8},
        {"text": "metrics.f1 >= champion.f1 - 0.005", "holds": True, "left": 0.897, "right": 0.895},
    ] == answer["comparisons"]


def test_a_version_that_is_not_good_enough_changes_nothing(gate: Gate) -> None:
    """It is not an error: the pipeline asked, and the answer is no."""
    first, second = a_version(gate, {"f1": 0.9}), a_version(gate, {"f1": 0.85})
    promote(gate, first, "metrics.f1 > 0.8")
    before = moves(gate)

    answer = promote(gate, second, BETTER)

    assert (False, False) == (answer["holds"], answer["promoted"])
    assert [True, False] == [comparison["holds"] for comparison in answer["comparisons"]]
    assert "0.85 >= 0.895 does not hold" == answer["comparisons"][1]["reason"]
    assert ["champion"] == shown_version(gate, first)["aliases"]
    assert before == moves(gate)


def test_a_condition_that_must_hold_is_an_error_otherwise(gate: Gate) -> None:
    """For callers that look at the status only; the error tells as much as the answer would."""
    first, second = a_version(gate, {"f1": 0.9}), a_version(gate, {"f1": 0.85})
    assert promote(gate, first, "metrics.f1 > 0.8", fail=True)["promoted"]
    before = moves(gate)

    with pytest.raises(Conflict, match=r"nothing was moved: .*0\.85 >= 0\.895 does not hold") as caught:
        promote(gate, second, BETTER, fail=True)

    told = caught.value.to_wire()
    assert 409 == caught.value.http_status
    assert {"metrics.f1": 0.85, "champion.f1": 0.9} == told["figures"]
    assert [True, False] == [comparison["holds"] for comparison in told["comparisons"]]
    assert before == moves(gate)


def test_a_dry_run_tells_what_would_happen(gate: Gate) -> None:
    """And leaves alias and history alone."""
    version = a_version(gate, {"f1": 0.9})

    answer = promote(gate, version, "metrics.f1 > 0.8", dry_run=True)

    assert (True, False, True) == (answer["holds"], answer["promoted"], answer["dry_run"])
    assert "aliases" not in shown_version(gate, version)
    assert [] == moves(gate)


def test_the_first_model_passes_comparisons_with_a_champion_that_is_not_there(gate: Gate) -> None:
    """Otherwise the first promotion of every pipeline would need another command."""
    answer = promote(gate, a_version(gate, {"f1": 0.9}), BETTER)

    assert answer["promoted"]
    assert "nothing holds alias 'champion' yet: passed over" == answer["comparisons"][1]["reason"]
    assert {"metrics.f1": 0.9, "champion.f1": None} == answer["figures"]
    assert "previous" not in answer


@pytest.mark.parametrize(
    ("metrics", "condition", "fields", "reason"),
    [
        ({"f1": 0.9}, BETTER, {"if_no_holder": "fail"}, "nothing holds alias 'champion'"),
        ({"f1": 0.9}, "metrics.f1 > champoin.f1", {}, "nothing holds alias 'champoin'"),
        ({"f1": 0.9}, "metrics.f1 > champion.f1 + rival.f1", {}, "nothing holds alias 'rival'"),
        ({"f1": 0.9}, "metrics.f1 > current.f1", {"stage": "Production", "if_no_holder": "fail"}, "stage 'Production'"),
        ({"acc": 0.9}, "metrics.f1 > champion.f1", {}, "version 1 has no metric 'f1'"),
        ({"f1": math.nan}, "metrics.f1 > 0", {}, "metric 'f1' of version 1 is NaN"),
        ({"f1": math.nan}, "metrics.f1 != 0", {}, "metric 'f1' of version 1 is NaN"),
        ({"f1": 0.0}, "1 / metrics.f1 > 0", {}, "it divides by zero"),
        ({"f1": 0.5}, "metrics.f1 > 0.8", {}, "0.5 > 0.8 does not hold"),
    ],
)
def test_what_cannot_be_told_does_not_hold(
    gate: Gate, metrics: dict[str, float], condition: str, fields: dict[str, str], reason: str
) -> None:
    """In doubt nothing is moved, and the reason says what is missing."""
    answer = promote(gate, a_version(gate, metrics), condition, **fields)

    assert not answer["promoted"]
    assert any(reason in comparison.get("reason", "") for comparison in answer["comparisons"])
    assert [] == moves(gate)


def test_a_champion_without_the_metric_is_not_passed_over(gate: Gate) -> None:
    """Only a holder that is not there is: one that was measured differently needs a person."""
    promote(gate, a_version(gate, {"acc": 0.9}), "metrics.acc > 0")

    answer = promote(gate, a_version(gate, {"f1": 0.9}), "metrics.f1 > champion.f1")

    assert "version 1 (alias 'champion') has no metric 'f1'" == answer["comparisons"][0]["reason"]


def test_promoting_again_comes_out_the_same(gate: Gate) -> None:
    """A client that lost the answer sends the message again: it must not be told that the model is not a champion."""
    promote(gate, a_version(gate, {"f1": 0.8}), "metrics.f1 > 0")
    second = a_version(gate, {"f1": 0.9})

    answers = [promote(gate, second, "metrics.f1 > champion.f1 + 0.05") for _ in range(2)]

    assert [True, True] == [answer["promoted"] for answer in answers]
    assert "the version holds it already" in answers[1]["comparisons"][0]["reason"]
    assert 2 == len(moves(gate))


def test_a_champion_that_fails_a_threshold_is_told_so(gate: Gate) -> None:
    """Holding the alias already excuses from comparisons with oneself only."""
    version = a_version(gate, {"f1": 0.8})
    promote(gate, version, "metrics.f1 > 0")

    assert not promote(gate, version, "metrics.f1 > 0.9")["promoted"]
    assert not promote(gate, version, "champion.f1 > 0.9")["promoted"]


def test_current_is_the_holder_of_the_alias_that_is_moved(gate: Gate) -> None:
    """One condition serves every alias."""
    first, second = a_version(gate, {"f1": 0.9}), a_version(gate, {"f1": 0.95})
    promote(gate, first, "metrics.f1 > 0", alias="eu")

    assert {"metrics.f1": 0.95, "current.f1": 0.9} == promote(
        gate, second, "metrics.f1 > current.metrics.f1", alias="eu"
    )["figures"]


def test_any_alias_can_be_compared_with(gate: Gate) -> None:
    """A challenger is judged by the champion."""
    promote(gate, a_version(gate, {"f1": 0.9}), "metrics.f1 > 0")
    second = a_version(gate, {"f1": 0.89})

    assert promote(gate, second, "metrics.f1 > champion.f1 * 0.95", alias="challenger")["promoted"]
    assert {"challenger"} == set(shown_version(gate, second)["aliases"])


def test_a_stage_is_moved_and_the_others_are_archived(gate: Gate) -> None:
    """One operation takes the old model out and the new one in."""
    first, second = a_version(gate, {"f1": 0.9}), a_version(gate, {"f1": 0.91})
    gate.perform(TransitionModelVersionStage(name=MODEL, version=first, stage="Production"))

    answer = promote(
        gate, second, "metrics.f1 > current.f1", stage="production", archive_existing_versions=True, reason="better"
    )

    assert ("Production", first) == (answer["stage"], answer["previous"]["version"])
    assert ["Archived", "Production"] == [shown_version(gate, number)["current_stage"] for number in (first, second)]
    assert [("Production", second, "better"), ("Archived", first, "better"), ("Production", first, "")] == [
        (move["target"], move["version"], move["reason"]) for move in moves(gate)
    ]


def test_of_several_versions_in_a_stage_the_highest_is_compared_with(gate: Gate) -> None:
    """There is one current version to name, and it must not depend on the database's mood."""
    for f1 in (0.95, 0.9):
        version = a_version(gate, {"f1": f1})
        gate.perform(TransitionModelVersionStage(name=MODEL, version=version, stage="Staging"))

    answer = promote(gate, a_version(gate, {"f1": 0.92}), "metrics.f1 > current.f1", stage="Staging")

    assert ("2", 0.9) == (answer["previous"]["version"], answer["figures"]["current.f1"])


def test_the_latest_value_of_a_metric_counts(gate: Gate) -> None:
    """As the run's page shows it: the greatest step."""
    run_id = a_run(gate, "0")
    for step, value in ((2, 0.7), (3, 0.9), (1, 0.99)):
        gate.perform(LogMetric(run_id=run_id, key="f1", value=value, timestamp=NOW, step=step))
    gate.perform(CreateModelVersion(name=MODEL, source=f"runs:/{run_id}/model", run_id=run_id))

    assert {"metrics.f1": 0.9} == promote(gate, "1", "metrics.f1 > 0.8")["figures"]


def test_metrics_of_the_logged_model_win_over_those_of_its_run(gate: Gate) -> None:
    """A run may train several models; what was measured of this one says more. The last by time counts."""
    run_id, evaluation = a_run(gate, "0"), a_run(gate, "0")
    created = gate.perform(CreateLoggedModel(experiment_id="0", name="m", source_run_id=run_id))["model"]
    model_id = created["info"]["model_id"]
    for key, value in (("f1", 0.1), ("size", 5.0)):
        gate.perform(LogMetric(run_id=run_id, key=key, value=value, timestamp=NOW + 9))
    for run, value, timestamp, step in ((run_id, 0.2, NOW, 900), (evaluation, 0.9, NOW + 1, 0)):
        gate.perform(LogMetric(run_id=run, key="f1", value=value, timestamp=timestamp, step=step, model_id=model_id))
    gate.perform(CreateModelVersion(name=MODEL, source=f"models:/{model_id}", model_id=model_id))

    answer = promote(gate, "1", "metrics.f1 > 0.8 and metrics.size < 10")

    assert (True, {"metrics.f1": 0.9, "metrics.size": 5.0}) == (answer["promoted"], answer["figures"])


def test_infinite_figures_are_spelled_as_the_wire_does(gate: Gate) -> None:
    """JSON has no infinity of its own."""
    answer = promote(gate, a_version(gate, {"f1": 1e308}), "metrics.f1 * 10 > 0.8")

    assert ("Infinity", 0.8) == (answer["comparisons"][0]["left"], answer["comparisons"][0]["right"])


def test_history_says_who_why_and_by_which_figures(gate: Gate) -> None:
    """Of promotions the condition and the figures too, so that a decision can be understood later."""
    first, second = a_version(gate, {"f1": 0.9}), a_version(gate, {"f1": 0.95})
    gate.perform(SetRegisteredModelAlias(name=MODEL, alias="champion", version=first, user_id="ada", reason="by hand"))
    promote(gate, second, "metrics.f1 > champion.f1", user_id="ci", reason="nightly")
    gate.perform(DeleteRegisteredModelAlias(name=MODEL, alias="champion", user_id="bob"))

    removed, promoted, by_hand = moves(gate)

    assert ("2", True, "bob") == (removed["version"], removed["removed"], removed["user_id"])
    assert {
        "kind": "alias",
        "target": "champion",
        "version": "2",
        "previous": "1",
        "removed": False,
        "timestamp": promoted["timestamp"],
        "user_id": "ci",
        "reason": "nightly",
        "condition": "metrics.f1 > champion.f1",
        "figures": {"metrics.f1": 0.95, "champion.f1": 0.9},
    } == promoted
    assert ("ada", "by hand") == (by_hand["user_id"], by_hand["reason"])
    assert not {"condition", "figures", "previous"} & set(by_hand)


def test_history_survives_renaming_and_goes_with_the_model(gate: Gate) -> None:
    """It belongs to the model, not to its name."""
    promote(gate, a_version(gate, {"f1": 0.9}), "metrics.f1 > 0")
    gate.perform(RenameRegisteredModel(name=MODEL, new_name="ham filter"))

    assert 1 == len(gate.perform(SearchMoves(name="ham filter"))["moves"])

    gate.perform(DeleteRegisteredModel(name="ham filter"))
    a_model(gate, "ham filter")
    assert {} == gate.perform(SearchMoves(name="ham filter"))


def test_history_keeps_moves_of_deleted_versions(gate: Gate) -> None:
    """What was in production last month must be known although it is gone."""
    version = a_version(gate, {"f1": 0.9})
    promote(gate, version, "metrics.f1 > 0")
    gate.perform(DeleteModelVersion(name=MODEL, version=version))

    assert [True, False] == [move["removed"] for move in moves(gate)]


def test_history_comes_in_pages_newest_first(gate: Gate) -> None:
    """A model that is promoted nightly has a long one."""
    versions = [a_version(gate, {"f1": f1}) for f1 in (0.1, 0.2, 0.3, 0.4, 0.5)]
    for version in versions:
        promote(gate, version, "metrics.f1 > 0")

    seen, token = [], None
    while True:
        page = gate.perform(SearchMoves(name=MODEL, max_results=2, page_token=token))
        seen.append([move["version"] for move in page["moves"]])
        token = page.get("next_page_token")
        if token is None:
            break
        promote(gate, versions[0], "metrics.f1 > 0", alias="late")

    assert [["5", "4"], ["3", "2"], ["1"]] == seen


def test_history_of_one_version_holds_what_it_got_and_what_it_lost(gate: Gate) -> None:
    """The version's own page shows these."""
    for f1 in (0.1, 0.2, 0.3):
        promote(gate, a_version(gate, {"f1": f1}), "metrics.f1 > 0")

    found = gate.perform(SearchMoves(name=MODEL, version="2"))["moves"]

    assert [("3", "2"), ("2", "1")] == [(move["version"], move["previous"]) for move in found]


def test_a_token_of_another_history_is_refused(gate: Gate) -> None:
    """Pages of two models must not be mixed up."""
    for f1 in (0.1, 0.2):
        promote(gate, a_version(gate, {"f1": f1}), "metrics.f1 > 0")
    a_model(gate, "other")
    token = gate.perform(SearchMoves(name=MODEL, max_results=1))["next_page_token"]

    with pytest.raises(InvalidParameter, match="belongs to another search"):
        gate.perform(SearchMoves(name="other", max_results=1, page_token=token))


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"alias": None}, "either 'alias' or 'stage'"),
        ({"stage": "Production"}, "either 'alias' or 'stage'"),
        ({"alias": "v3"}, "reserved"),
        ({"alias": "latest"}, "reserved"),
        ({"alias": None, "stage": "Prod"}, "Invalid stage 'Prod'"),
        ({"archive_existing_versions": True}, "archive_existing_versions"),
        ({"alias": None, "stage": "Archived", "archive_existing_versions": True}, "archive_existing_versions"),
        ({"if_no_holder": "maybe"}, "'pass' or 'fail'"),
        ({"version": "three"}, "'version' must be an integer"),
        ({"condition": "metrics.f1 >"}, "number or a metric"),
        ({"condition": " "}, "blank"),
        ({"user_id": "u" * 257}, "user_id"),
        ({"reason": "r" * 5_001}, "reason"),
    ],
)
def test_bad_input_is_refused(gate: Gate, fields: dict[str, object], problem: str) -> None:
    """The message names what is wrong, before anything is looked up."""
    message = {"name": MODEL, "version": "1", "condition": "metrics.f1 > 0", "alias": "champion", **fields}

    with pytest.raises(InvalidParameter, match=problem):
        gate.perform(PromoteModelVersion.from_wire(message))


def test_what_is_not_there_is_named(gate: Gate) -> None:
    """A misspelt model must not look like a model that is not good enough."""
    with pytest.raises(DoesNotExist, match="version 7"):
        promote(gate, "7", "metrics.f1 > 0")
    with pytest.raises(DoesNotExist, match="'spam'"):
        promote(gate, "1", "metrics.f1 > 0", name="spam")
    with pytest.raises(DoesNotExist, match="'spam'"):
        gate.perform(SearchMoves(name="spam"))
