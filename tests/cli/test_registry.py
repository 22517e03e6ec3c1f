"""`runyard registry`, on the local store of the working directory and on a real server."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from runyard.client import RunyardClient
from runyard.core.origin import user
from tests.cli.conftest import Runyard
from tests.support.server import RunningServer

BETTER = "metrics.f1 > 0.8 and metrics.f1 >= champion.f1 - 0.005"


@pytest.fixture(params=["local store", "server"])
def store(
    request: pytest.FixtureRequest, start_server: Callable[..., RunningServer], monkeypatch: pytest.MonkeyPatch
) -> str:
    """Where the commands work: the database of the working directory, or a server."""
    if request.param == "server":
        monkeypatch.setenv("RUNYARD_TRACKING_URI", start_server().url)
    return str(request.param)


@pytest.fixture
def model(runyard: Runyard, store: str) -> str:
    """A new registered model."""
    assert 0 == runyard("registry", "create", "spam", "--description", "Mail.").code
    return "spam"


def a_version(runyard: Runyard, model: str, metrics: Mapping[str, float]) -> str:
    """Add a version whose run has these metrics; returns its number."""
    client = RunyardClient()
    run_id = client.create_run("0").info.run_id
    for key, value in metrics.items():
        client.log_metric(run_id, key, value, synchronous=True)
    client.log_text(run_id, "flavors: {}", "model/MLmodel")
    made = runyard("registry", "create-version", model, "--source", f"runs:/{run_id}/model", "--output", "json")
    assert run_id == made.json["run_id"]
    return str(made.json["version"])


def promote(runyard: Runyard, model: str, version: str, condition: str, *options: str) -> int:
    """Promote to champion from the command line; returns the exit code."""
    return runyard("registry", "promote", model, version, "--alias", "champion", "--if", condition, *options).code


def test_created_models_are_listed_and_shown(runyard: Runyard, model: str) -> None:
    """As a table for people and as JSON for programs."""
    a_version(runyard, model, {"f1": 0.9})
    runyard("registry", "set-alias", model, "champion", "1")

    [listed] = runyard("registry", "list", "--output", "json").json
    table = runyard("registry", "list").out.splitlines()
    shown = runyard("registry", "show", model, "--output", "json").json

    assert ("spam", "Mail.") == (listed["name"], listed["description"])
    assert ["spam", "1", "champion=1"] == table[2].split()[:3]
    assert [("1", ["champion"])] == [(version["version"], version["aliases"]) for version in shown["versions"]]
    assert "champion" in runyard("registry", "show", model).out


def test_list_filters_sorts_and_stops(runyard: Runyard, store: str) -> None:
    """The search language works from the command line too."""
    for name in ("a1", "a2", "a3", "b"):
        runyard("registry", "create", name)

    options = ("--filter", "name LIKE 'a%'", "--order-by", "name DESC", "--max-results", "2")

    assert ["a3", "a2"] == [found["name"] for found in runyard("registry", "list", *options, "--output", "json").json]


def test_a_version_is_shown_by_number_and_by_alias(runyard: Runyard, model: str) -> None:
    """Scripts know the alias, people the number."""
    a_version(runyard, model, {})
    a_version(runyard, model, {})
    runyard("registry", "set-alias", model, "champion", "1")

    by_number = runyard("registry", "show", model, "1", "--output", "json").json

    assert by_number == runyard("registry", "show", model, "@champion", "--output", "json").json
    assert "2" == runyard("registry", "show", model, "@latest", "--output", "json").json["version"]
    assert f"User        : {user()}" in runyard("registry", "show", model, "@champion").out


@pytest.mark.parametrize(
    "arguments", [("show", "spam", "7"), ("show", "spam", "@none"), ("show", "ham"), ("list", "--filter", "x =")]
)
def test_what_is_not_there_is_an_error_of_one_line(runyard: Runyard, model: str, arguments: tuple[str, ...]) -> None:
    """With nothing on standard output that a script could take for an answer."""
    done = runyard("registry", *arguments)

    assert (1, "") == (done.code, done.out)
    assert done.err.startswith("Error: ")
    assert 1 == len(done.err.splitlines())


def test_a_local_folder_becomes_a_version(runyard: Runyard, tmp_path: Path) -> None:
    """The address is kept absolute, as the next command may start elsewhere."""
    runyard("registry", "create", "spam")

    made = runyard("registry", "create-version", "spam", "--source", "models/best", "--output", "json").json

    assert str(tmp_path / "models" / "best") == made["source"]


def test_reasons_are_in_the_history(runyard: Runyard, model: str) -> None:
    """With who moved it; stages are moved without a warning, which is for scripts."""
    a_version(runyard, model, {})
    done = [
        runyard("registry", "set-alias", model, "champion", "1", "--reason", "first"),
        runyard("registry", "set-stage", model, "@champion", "Staging", "--reason", "second"),
        runyard("registry", "delete-alias", model, "champion", "--reason", "third"),
    ]

    moves = runyard("registry", "history", model, "--output", "json").json

    assert [(0, "")] * 3 == [(one.code, one.err) for one in done]
    assert [("third", user()), ("second", user()), ("first", user())] == [
        (move["reason"], move["user_id"]) for move in moves
    ]


def test_stage_is_set_in_any_case_and_others_are_archived(runyard: Runyard, model: str) -> None:
    """Stages have fixed names; an unknown one is wrong usage."""
    for _ in range(2):
        a_version(runyard, model, {})
    runyard("registry", "set-stage", model, "1", "Production")

    moved = runyard("registry", "set-stage", model, "2", "production", "--archive-existing", "--output", "json").json

    assert ("2", "Production") == (moved["version"], moved["current_stage"])
    assert "Archived" == runyard("registry", "show", model, "1", "--output", "json").json["current_stage"]
    assert 2 == runyard("registry", "set-stage", model, "2", "Prod").code
    assert 2 == runyard("registry", "set-stage", model, "2", "None", "--archive-existing").code


def test_deleted_alias_is_gone(runyard: Runyard, model: str) -> None:
    """Deleting it again is fine."""
    a_version(runyard, model, {})
    runyard("registry", "set-alias", model, "champion", "1")

    codes = [runyard("registry", "delete-alias", model, "champion").code for _ in range(2)]

    assert [0, 0] == codes
    assert "aliases" not in runyard("registry", "show", model, "1", "--output", "json").json


def test_renamed_model_keeps_its_versions(runyard: Runyard, model: str) -> None:
    """And the old name is free again."""
    a_version(runyard, model, {})

    assert 0 == runyard("registry", "rename", model, "ham").code
    assert 1 == len(runyard("registry", "show", "ham", "--output", "json").json["versions"])
    assert 0 == runyard("registry", "create", model).code


def test_delete_needs_a_yes(runyard: Runyard, model: str) -> None:
    """Without a terminal nobody can be asked, so nothing is deleted."""
    for _ in range(2):
        a_version(runyard, model, {})

    assert 2 == runyard("registry", "delete", model).code
    assert 0 == runyard("registry", "delete", model, "--version", "1", "--yes").code
    assert ["2"] == [
        found["version"] for found in runyard("registry", "show", model, "--output", "json").json["versions"]
    ]
    assert {"name": model, "deleted": True} == runyard("registry", "delete", model, "--yes", "--output", "json").json
    assert [] == runyard("registry", "list", "--output", "json").json


def test_promotion_tells_by_its_exit_code(runyard: Runyard, model: str) -> None:
    """0 promoted, 1 not good enough, and the alias is where it should be."""
    first, worse, better = (a_version(runyard, model, {"f1": f1}) for f1 in (0.9, 0.85, 0.91))

    codes = [promote(runyard, model, version, BETTER) for version in (first, worse, better)]

    assert [0, 1, 0] == codes
    assert better == runyard("registry", "show", model, "@champion", "--output", "json").json["version"]


def test_a_dry_run_tells_by_its_exit_code_too(runyard: Runyard, model: str) -> None:
    """And moves nothing."""
    good, bad = (a_version(runyard, model, {"f1": f1}) for f1 in (0.9, 0.5))

    assert [0, 1] == [promote(runyard, model, version, BETTER, "--dry-run") for version in (good, bad)]
    assert [] == runyard("registry", "history", model, "--output", "json").json


def test_promotion_shows_what_was_compared(runyard: Runyard, model: str) -> None:
    """The log of a pipeline must tell why."""
    for f1 in (0.9, 0.85):
        a_version(runyard, model, {"f1": f1})
    promote(runyard, model, "1", BETTER)

    done = runyard("registry", "promote", model, "2", "--alias", "champion", "--if", BETTER)

    assert ["yes", "metrics.f1", ">", "0.8", "0.85", "0.8"] == done.out.splitlines()[2].split()
    assert done.out.splitlines()[3].endswith("0.85 >= 0.895 does not hold")
    assert "Version 2 of registered model 'spam' does not get alias 'champion' (before: version 1)." in done.out


def test_json_of_a_promotion_tells_no_from_error(runyard: Runyard, model: str) -> None:
    """Both end with 1, but only an answer has `holds`."""
    a_version(runyard, model, {"f1": 0.5})
    options = ("--alias", "champion", "--if", "metrics.f1 > 0.8", "--output", "json")

    no = runyard("registry", "promote", model, "1", *options)
    error = runyard("registry", "promote", model, "7", *options)

    assert (1, False, {"metrics.f1": 0.5}) == (no.code, no.json["holds"], no.json["figures"])
    assert (1, "RESOURCE_DOES_NOT_EXIST") == (error.code, error.json["error_code"])
    assert "no version 7" in error.json["message"]
    assert "no version 7" in error.err


def test_versions_are_moved_by_an_alias_too(runyard: Runyard, model: str) -> None:
    """A later step of a pipeline need not know the number."""
    for f1 in (0.9, 0.91):
        a_version(runyard, model, {"f1": f1})
    runyard("registry", "set-alias", model, "challenger", "@latest")

    assert 0 == promote(runyard, model, "@challenger", BETTER)
    assert "2" == runyard("registry", "set-stage", model, "@champion", "Staging", "--output", "json").json["version"]
    assert 1 == promote(runyard, model, "@nobody", BETTER)


@pytest.mark.parametrize(
    "options",
    [
        ("--if", "metrics.f1 > 0"),
        ("--alias", "champion"),
        ("--alias", "a", "--stage", "Production", "--if", "metrics.f1 > 0"),
        ("--stage", "Prod", "--if", "metrics.f1 > 0"),
        ("--alias", "a", "--if", "metrics.f1 >"),
        ("--alias", "a", "--if", "metrics.f1 > 0", "--archive-existing"),
        ("--alias", "a", "--if", "metrics.f1 > 0", "--if-no-holder", "maybe"),
    ],
)
def test_wrong_usage_is_told_from_a_model_that_is_not_good_enough(runyard: Runyard, options: tuple[str, ...]) -> None:
    """A pipeline whose condition is misspelt must not look like one whose model got worse."""
    assert 2 == runyard("registry", "promote", "spam", "1", *options).code


def test_promotion_to_a_stage_archives_the_one_before(runyard: Runyard, model: str) -> None:
    """The classic way, for those who use stages."""
    for f1 in (0.9, 0.91):
        a_version(runyard, model, {"f1": f1})
    runyard("registry", "set-stage", model, "1", "Production")
    options = ("--stage", "production", "--if", "metrics.f1 > current.f1", "--archive-existing")

    assert 0 == runyard("registry", "promote", model, "2", *options).code
    shown = runyard("registry", "show", model, "--output", "json").json["versions"]
    assert ["Production", "Archived"] == [version["current_stage"] for version in shown]


def test_a_first_champion_can_be_required(runyard: Runyard, model: str) -> None:
    """For teams whose first model is promoted by hand."""
    a_version(runyard, model, {"f1": 0.9})

    assert 1 == promote(runyard, model, "1", BETTER, "--if-no-holder", "fail")
    assert 0 == promote(runyard, model, "1", BETTER)


def test_history_shows_every_move(runyard: Runyard, model: str) -> None:
    """Who, when, why, and what had to hold."""
    for f1 in (0.9, 0.91):
        a_version(runyard, model, {"f1": f1})
    runyard("registry", "set-alias", model, "champion", "1", "--reason", "by hand")
    promote(runyard, model, "2", BETTER, "--reason", "build 42")
    runyard("registry", "set-stage", model, "2", "Staging")
    runyard("registry", "delete-alias", model, "champion")

    moves = runyard("registry", "history", model, "--output", "json").json
    table = runyard("registry", "history", model).out

    assert {user()} == {move["user_id"] for move in moves}
    assert ["champion", "Staging", "champion", "champion"] == [move["target"] for move in moves]
    assert {"metrics.f1": 0.91, "champion.f1": 0.9} == moves[2]["figures"]
    assert "alias champion removed" in table
    assert f"build 42; {BETTER}" in table
    assert 1 == len(runyard("registry", "history", model, "--max-results", "1", "--output", "json").json)
    assert ["2", "1"] == [
        move["version"] for move in runyard("registry", "history", model, "--version", "1", "--output", "json").json
    ]


def test_the_client_promotes_and_reads_the_history(runyard: Runyard, model: str) -> None:
    """What the commands do, scripts can do."""
    for f1 in (0.9, 0.91):
        a_version(runyard, model, {"f1": f1})
    client = RunyardClient()

    first = client.promote_model_version(model, 1, BETTER, alias="champion")
    second = client.promote_model_version(model, "2", BETTER, alias="champion", reason="better", user_id="ada")
    page = client.search_registered_model_moves(model, max_results=1)
    [before] = client.search_registered_model_moves(model, max_results=1, page_token=page.token)

    assert (True, True, None, "1") == (first.holds, first.promoted, first.previous, first.version)
    assert ("1", {"metrics.f1": 0.91, "champion.f1": 0.9}) == (second.previous, second.figures)
    assert [(0.91, 0.8), (0.91, 0.895)] == [(one.left, one.right) for one in second.comparisons]
    assert ("ada", "better", "2", "1") == (page[0].user_id, page[0].reason, page[0].version, page[0].previous)
    assert (user(), {"metrics.f1": 0.9, "champion.f1": None}) == (before.user_id, before.figures)


def test_another_registry_is_used_when_it_is_named(
    runyard: Runyard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Models may be registered elsewhere than runs are logged."""
    monkeypatch.setenv("RUNYARD_REGISTRY_URI", f"sqlite:///{tmp_path / 'registry.db'}")
    runyard("registry", "create", "spam")
    assert ["spam"] == [found["name"] for found in json.loads(runyard("registry", "list", "--output", "json").out)]

    monkeypatch.delenv("RUNYARD_REGISTRY_URI")
    assert [] == runyard("registry", "list", "--output", "json").json
