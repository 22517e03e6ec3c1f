"""Model versions: numbers, fields, tags, stages, deletion."""

import pytest

from runyard.gate.gate import Gate
from runyard.protocol.message import AnyMessage
from runyard.registry.model_versions.messages import (
    CreateModelVersion,
    DeleteModelVersion,
    DeleteModelVersionTag,
    GetModelVersion,
    GetModelVersionDownloadUri,
    SearchModelVersions,
    SetModelVersionTag,
    TransitionModelVersionStage,
    UpdateModelVersion,
)
from runyard.registry.registered_models.messages import SearchRegisteredModels
from tests.factories import pairs
from tests.registry.building import (
    ABSENT,
    BAD,
    MODEL,
    a_model,
    a_version,
    history,
    move,
    point,
    refusal,
    shown_model,
    shown_version,
    stages,
    versions,
)


def test_a_new_version_is_ready_at_once(gate: Gate) -> None:
    """Texts that were not given are there and empty, as MLflow shows them; lists are left out."""
    a_model(gate)
    made = a_version(gate)
    times = {made.pop("creation_timestamp"), made.pop("last_updated_timestamp")}

    assert 1 == len(times)
    assert {
        "name": MODEL,
        "version": "1",
        "current_stage": "None",
        "description": "",
        "source": "s3://bucket/m",
        "run_id": "",
        "status": "READY",
        "run_link": "",
    } == made


def test_a_version_shows_what_it_was_made_with(gate: Gate) -> None:
    """Among others a run that the server does not know: the files are in a store of somebody else's."""
    a_model(gate)
    made = a_version(gate, tags={"t": "x"}, run_id="r", run_link="http://r", description="d", user_id="ann")

    assert ("r", "http://r", "d", "ann", {"t": "x"}) == (
        made["run_id"],
        made["run_link"],
        made["description"],
        made["user_id"],
        pairs(made["tags"]),
    )
    assert made == shown_version(gate, "1")


def test_numbers_are_never_given_twice(gate: Gate) -> None:
    """Not even the highest one after its version was deleted."""
    versions(gate, 3)
    for version in ("3", "1"):
        gate.perform(DeleteModelVersion(name=MODEL, version=version))

    assert "4" == a_version(gate)["version"]
    assert {"2", "4"} == set(stages(gate))


def test_a_refused_version_takes_no_number(gate: Gate) -> None:
    """Numbers have no gaps but those of deleted versions."""
    a_model(gate)
    assert BAD == refusal(gate, CreateModelVersion(name=MODEL, source="/etc"))

    assert "1" == a_version(gate)["version"]


@pytest.mark.parametrize("version", ["1", "01", " 1 ", "0001"])
def test_a_version_is_found_by_its_number_in_any_spelling(gate: Gate, version: str) -> None:
    """As MLflow reads integers."""
    versions(gate, 1)

    assert "1" == shown_version(gate, version)["version"]


def about(version: str) -> list[AnyMessage]:
    """Every operation on a version."""
    return [
        GetModelVersion(name=MODEL, version=version),
        UpdateModelVersion(name=MODEL, version=version, description="d"),
        DeleteModelVersion(name=MODEL, version=version),
        GetModelVersionDownloadUri(name=MODEL, version=version),
        SetModelVersionTag(name=MODEL, version=version, key="k", value="v"),
        DeleteModelVersionTag(name=MODEL, version=version, key="k"),
        TransitionModelVersionStage(name=MODEL, version=version, stage="Staging"),
    ]


@pytest.mark.parametrize("version", ["one", "1.0", "", "1;", "٣", "9" * 30])
def test_what_is_not_a_number_is_the_callers_mistake(gate: Gate, version: str) -> None:
    """At every operation."""
    versions(gate, 1)

    assert {BAD} == {refusal(gate, message) for message in about(version)}


def test_what_is_not_there_cannot_be_touched(gate: Gate) -> None:
    """A number never given, a version deleted before, and a model that does not exist."""
    assert {ABSENT} == {refusal(gate, message) for message in about("1")}
    versions(gate, 1)
    gate.perform(DeleteModelVersion(name=MODEL, version="1"))

    for version in ("1", "2", "-1", "0"):
        assert {ABSENT} == {refusal(gate, message) for message in about(version)}
    assert ABSENT == refusal(gate, CreateModelVersion(name="x", source="s3://b/m"))


def test_a_deleted_version_takes_its_aliases_along(gate: Gate) -> None:
    """And is nowhere shown any more."""
    versions(gate, 2)
    point(gate, "champion", "2")
    point(gate, "other", "1")
    gate.perform(DeleteModelVersion(name=MODEL, version="2"))

    shown = shown_model(gate)
    assert [{"alias": "other", "version": "1"}] == shown["aliases"]
    assert ["1"] == [version["version"] for version in shown["latest_versions"]]


def test_an_update_without_a_description_clears_it(gate: Gate) -> None:
    """That is how MLflow's clients remove one."""
    versions(gate, 1)
    changed = gate.perform(UpdateModelVersion(name=MODEL, version="1", description="new"))["model_version"]
    cleared = gate.perform(UpdateModelVersion(name=MODEL, version="1"))["model_version"]

    assert "new" == changed["description"]
    assert "description" not in cleared


def test_tags_are_set_replaced_and_removed(gate: Gate) -> None:
    """Each version has its own; one that is not there may be removed."""
    versions(gate, 2)
    for value in ("1", "2"):
        gate.perform(SetModelVersionTag(name=MODEL, version="1", key="k", value=value))
    gate.perform(SetModelVersionTag(name=MODEL, version="2", key="k", value="x"))
    for _ in range(2):
        gate.perform(DeleteModelVersionTag(name=MODEL, version="2", key="k"))

    assert {"k": "2"} == pairs(shown_version(gate, "1")["tags"])
    assert "tags" not in shown_version(gate, "2")


def test_tags_and_texts_out_of_bounds_are_refused(gate: Gate) -> None:
    """Keys, values, descriptions and sources."""
    versions(gate, 1)
    messages = [
        SetModelVersionTag(name=MODEL, version="1", key="", value="v"),
        SetModelVersionTag(name=MODEL, version="1", key="a//b", value="v"),
        SetModelVersionTag(name=MODEL, version="1", key="k", value="v" * 100_001),
        UpdateModelVersion(name=MODEL, version="1", description="d" * 70_000),
        CreateModelVersion(name=MODEL, source="s3://" + "b" * 70_000),
        CreateModelVersion(name=MODEL, source="s3://b", run_id="r" * 257),
        CreateModelVersion(name=MODEL, source="s3://b", description="nul\0"),
    ]
    assert {BAD} == {refusal(gate, message) for message in messages}


@pytest.mark.parametrize("number", [0, -1, 200_001])
def test_pages_out_of_bounds_are_refused(gate: Gate, number: int) -> None:
    """1 to 200,000 versions, 1 to 1,000 models."""
    assert BAD == refusal(gate, SearchModelVersions(max_results=number))
    assert BAD == refusal(gate, SearchRegisteredModels(max_results=number))
    assert BAD == refusal(gate, SearchRegisteredModels(max_results=1_001))


def test_stages_are_taken_in_any_case(gate: Gate) -> None:
    """And shown in their own."""
    versions(gate, 1)

    assert ["Staging", "Production", "Archived", "None"] == [
        move(gate, "1", stage)["current_stage"] for stage in ("staging", "PRODUCTION", "aRCHIVED", "none")
    ]


def test_unknown_stages_are_refused(gate: Gate) -> None:
    """So is making room in a stage where many may be; MLflow answers that with a 500."""
    versions(gate, 1)
    for stage in ("", "Live", "Deleted_Internal"):
        assert BAD == refusal(gate, TransitionModelVersionStage(name=MODEL, version="1", stage=stage))
    for stage in ("None", "archived"):
        message = TransitionModelVersionStage(name=MODEL, version="1", stage=stage, archive_existing_versions=True)
        assert BAD == refusal(gate, message)


def test_a_version_makes_room_in_its_stage(gate: Gate) -> None:
    """Only when asked for, and only in that stage."""
    versions(gate, 4)
    for version in ("1", "2"):
        move(gate, version, "Production")
    move(gate, "3", "Staging")
    move(gate, "4", "Production", archive=True)
    move(gate, "4", "Production", archive=True)

    assert {"1": "Archived", "2": "Archived", "3": "Staging", "4": "Production"} == stages(gate)


def test_every_transition_is_kept(gate: Gate) -> None:
    """Also of those that had to make room. What changes nothing is not a move."""
    versions(gate, 2)
    move(gate, "1", "Production", user_id="ann")
    move(gate, "1", "Production")
    move(gate, "2", "Production", archive=True)

    assert [
        ("stage", "Production", "1", "None"),
        ("stage", "Archived", "1", "Production"),
        ("stage", "Production", "2", "None"),
    ] == [entry[:4] for entry in history(gate)]
