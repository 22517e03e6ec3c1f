"""Registered models: made, shown, changed, renamed, deleted, tagged."""

import pytest

from runyard.core.entity import Tag
from runyard.gate.gate import Gate
from runyard.registry.model_versions.messages import GetModelVersion
from runyard.registry.registered_models.messages import (
    CreateRegisteredModel,
    DeleteRegisteredModel,
    DeleteRegisteredModelTag,
    GetLatestVersions,
    GetRegisteredModel,
    RenameRegisteredModel,
    SetRegisteredModelTag,
    UpdateRegisteredModel,
)
from tests.factories import pairs
from tests.registry.building import (
    ABSENT,
    BAD,
    MODEL,
    TAKEN,
    a_model,
    a_version,
    move,
    names,
    point,
    refusal,
    shown_model,
    shown_version,
    versions,
)


def test_a_new_model_shows_what_it_was_made_with(gate: Gate) -> None:
    """Fields that were not given are left out, as MLflow leaves them out."""
    plain = a_model(gate, "plain")
    full = a_model(gate, "full", {"team": "red"}, description="finds spam")

    assert {"name", "creation_timestamp", "last_updated_timestamp"} == set(plain)
    assert plain["creation_timestamp"] == plain["last_updated_timestamp"]
    assert ("finds spam", [{"key": "team", "value": "red"}]) == (full["description"], full["tags"])
    assert full == shown_model(gate, "full")


def test_of_a_tag_given_twice_the_last_counts(gate: Gate) -> None:
    """MLflow takes such a request; so do its clients' tests."""
    made = gate.perform(CreateRegisteredModel(name="m", tags=[Tag(key="a", value="1"), Tag(key="a", value="2")]))

    assert [{"key": "a", "value": "2"}] == made["registered_model"]["tags"]


@pytest.mark.parametrize("name", ["", "  ", "a/b", "a:b", ".", "..", "x" * 501, "nul\0"])
def test_names_that_no_address_could_hold_are_refused(gate: Gate, name: str) -> None:
    """New names and names renamed to."""
    a_model(gate, "m")

    assert BAD == refusal(gate, CreateRegisteredModel(name=name))
    assert BAD == refusal(gate, RenameRegisteredModel(name="m", new_name=name))


def test_a_taken_name_is_refused(gate: Gate) -> None:
    """Making and renaming; names differ by case."""
    a_model(gate, "a")
    a_model(gate, "A")

    assert TAKEN == refusal(gate, CreateRegisteredModel(name="a"))
    assert TAKEN == refusal(gate, RenameRegisteredModel(name="a", new_name="A"))


def test_what_is_not_there_cannot_be_touched(gate: Gate) -> None:
    """Every operation names the model that is missing."""
    messages = [
        GetRegisteredModel(name="x"),
        UpdateRegisteredModel(name="x", description="d"),
        RenameRegisteredModel(name="x", new_name="y"),
        DeleteRegisteredModel(name="x"),
        GetLatestVersions(name="x"),
        SetRegisteredModelTag(name="x", key="k", value="v"),
        DeleteRegisteredModelTag(name="x", key="k"),
    ]
    assert {ABSENT} == {refusal(gate, message) for message in messages}


def test_an_update_without_a_description_clears_it(gate: Gate) -> None:
    """That is how MLflow's clients remove one."""
    a_model(gate, description="old")
    changed = gate.perform(UpdateRegisteredModel(name=MODEL, description="new"))["registered_model"]
    cleared = gate.perform(UpdateRegisteredModel(name=MODEL))["registered_model"]

    assert "new" == changed["description"]
    assert "description" not in cleared


def test_everything_follows_a_new_name(gate: Gate) -> None:
    """Versions, tags and aliases; the old name is free. The same name is taken, too."""
    a_model(gate, tags={"team": "red"})
    a_version(gate)
    point(gate, "champion", "1")

    renamed = gate.perform(RenameRegisteredModel(name=MODEL, new_name="ham"))["registered_model"]
    gate.perform(RenameRegisteredModel(name="ham", new_name="ham"))

    assert [{"alias": "champion", "version": "1"}] == renamed["aliases"]
    assert {"team": "red"} == pairs(renamed["tags"])
    assert ["ham"] == [version["name"] for version in renamed["latest_versions"]]
    assert ["champion"] == shown_version(gate, "1", "ham")["aliases"]
    assert ABSENT == refusal(gate, GetModelVersion(name=MODEL, version="1"))
    a_model(gate)


def test_a_deleted_model_takes_everything_along(gate: Gate) -> None:
    """A model made anew under the name has nothing of it; its versions count from 1 again."""
    a_model(gate, tags={"team": "red"})
    for _ in range(3):
        a_version(gate, tags={"t": "x"})
    point(gate, "champion", "2")

    assert {} == gate.perform(DeleteRegisteredModel(name=MODEL))

    assert [] == names(gate)
    assert {"name", "creation_timestamp", "last_updated_timestamp"} == set(a_model(gate))
    assert "1" == a_version(gate)["version"]
    assert "tags" not in shown_version(gate, "1")


def test_tags_are_set_replaced_and_removed(gate: Gate) -> None:
    """A tag that is not there may be removed. The model does not count as changed."""
    made = a_model(gate)
    for value in ("1", "2"):
        gate.perform(SetRegisteredModelTag(name=MODEL, key="a.b/c", value=value))
    gate.perform(SetRegisteredModelTag(name=MODEL, key="gone"))
    gate.perform(DeleteRegisteredModelTag(name=MODEL, key="gone"))
    gate.perform(DeleteRegisteredModelTag(name=MODEL, key="gone"))

    shown = shown_model(gate)
    assert {"a.b/c": "2"} == pairs(shown["tags"])
    assert made["last_updated_timestamp"] == shown["last_updated_timestamp"]


@pytest.mark.parametrize(
    ("key", "value"), [("", "v"), ("../a", "v"), ("a//b", "v"), ("a=b", "v"), ("k" * 251, "v"), ("k", "v" * 100_001)]
)
def test_tags_out_of_bounds_are_refused(gate: Gate, key: str, value: str) -> None:
    """When a model is made and later."""
    a_model(gate)

    assert BAD == refusal(gate, SetRegisteredModelTag(name=MODEL, key=key, value=value))
    assert BAD == refusal(gate, CreateRegisteredModel(name="m", tags=[Tag(key=key, value=value)]))


def test_the_latest_versions_are_one_of_each_stage(gate: Gate) -> None:
    """The highest number in every stage, by number; a search and a model show the same ones, without their aliases."""
    versions(gate, 5)
    for version, stage in (("1", "Production"), ("2", "Staging"), ("4", "Production")):
        move(gate, version, stage)
    point(gate, "champion", "4")

    latest = gate.perform(GetLatestVersions(name=MODEL))["model_versions"]

    assert [("2", "Staging"), ("4", "Production"), ("5", "None")] == [
        (version["version"], version["current_stage"]) for version in latest
    ]
    assert ["champion"] == latest[1]["aliases"]
    assert [{key: value for key, value in version.items() if key != "aliases"} for version in latest] == shown_model(
        gate
    )["latest_versions"]


def test_latest_versions_of_some_stages(gate: Gate) -> None:
    """Stages in any case; one without a version gives nothing; an unknown one is refused."""
    versions(gate, 2)
    move(gate, "1", "Production")

    def found(*stages: str) -> list[str]:
        answer = gate.perform(GetLatestVersions(name=MODEL, stages=list(stages)))
        return [version["version"] for version in answer.get("model_versions", [])]

    assert (["1"], ["2"], [], ["1", "2"]) == (
        found("pRoduction"),
        found("none"),
        found("Archived"),
        found("None", "Production"),
    )
    assert {} == gate.perform(GetLatestVersions(name=MODEL, stages=["Staging"]))
    assert BAD == refusal(gate, GetLatestVersions(name=MODEL, stages=["Live"]))
