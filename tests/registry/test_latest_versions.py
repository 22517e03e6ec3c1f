"""The latest version of each stage, which every answer with a registered model shows."""

import random
from typing import Any

import pytest
import sqlalchemy as sa

from runyard.gate.gate import Gate
from runyard.registry.model_versions.messages import DeleteModelVersion, TransitionModelVersionStage
from runyard.registry.model_versions.tables import model_versions
from runyard.registry.registered_models.messages import (
    GetLatestVersions,
    GetRegisteredModel,
    SearchRegisteredModels,
    SetRegisteredModelAlias,
)
from runyard.registry.registered_models.tables import registered_models
from tests.registry.building import a_model, a_version
from tests.support.work import work_of

_STAGES = ("None", "Staging", "Production", "Archived")


def a_random_registry(gate: Gate, seed: int) -> dict[str, dict[int, str]]:
    """Register models with versions in any stages; returns the stage of each version."""
    chance = random.Random(seed)
    made: dict[str, dict[int, str]] = {a_model(gate, f"m{place}")["name"]: {} for place in range(4)}
    for name in list(made)[:3]:
        for number in range(1, 9):
            a_version(gate, name)
            stage = chance.choice(_STAGES)
            gate.perform(TransitionModelVersionStage(name=name, version=str(number), stage=stage))
            made[name][number] = stage
        for number in chance.sample(range(1, 9), 3):
            gate.perform(DeleteModelVersion(name=name, version=str(number)))
            del made[name][number]
    return made


def latest(versions: dict[int, str]) -> list[tuple[str, str]]:
    """Number and stage of the highest version of each stage, by number."""
    highest = {stage: number for number, stage in sorted(versions.items())}
    return [(str(number), stage) for stage, number in sorted(highest.items(), key=lambda entry: entry[1])]


def shown(versions: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Number and stage of versions on the wire."""
    return [(version["version"], version["current_stage"]) for version in versions]


@pytest.mark.parametrize("seed", range(3))
def test_the_highest_version_of_each_stage_is_shown(gate: Gate, seed: int) -> None:
    """Whatever was moved and deleted, in every answer alike."""
    made = a_random_registry(gate, seed)

    found = gate.perform(SearchRegisteredModels())["registered_models"]

    for model in found:
        expected = latest(made[model["name"]])
        name = model["name"]
        assert expected == shown(model.get("latest_versions", []))
        one = gate.perform(GetRegisteredModel(name=name))["registered_model"]
        assert expected == shown(one.get("latest_versions", []))
        assert expected == shown(gate.perform(GetLatestVersions(name=name)).get("model_versions", []))
        wanted = gate.perform(GetLatestVersions(name=name, stages=["staging", "None"])).get("model_versions", [])
        assert [entry for entry in expected if entry[1] in ("Staging", "None")] == shown(wanted)


def test_asked_by_stage_a_version_shows_its_aliases(gate: Gate) -> None:
    """MLflow does so there, and not where a model is asked for."""
    name = a_model(gate)["name"]
    a_version(gate, name)
    gate.perform(SetRegisteredModelAlias(name=name, alias="champion", version="1"))

    [by_stage] = gate.perform(GetLatestVersions(name=name))["model_versions"]
    [of_model] = gate.perform(GetRegisteredModel(name=name))["registered_model"]["latest_versions"]

    assert ["champion"] == by_stage["aliases"]
    assert "aliases" not in of_model


def test_the_latest_versions_are_found_without_reading_the_others(gate: Gate) -> None:
    """A model of thousands of versions opens as fast as one of a few."""
    for name, number in (("few", 20), ("many", 3000)):
        a_model(gate, name)
        a_version(gate, name)
        first = sa.select(model_versions).join(registered_models).where(registered_models.c.name == name)
        with gate.engines.writing.begin() as connection:
            row = {key: value for key, value in connection.execute(first).mappings().one().items() if key != "id"}
            rows = [row | {"version": version} for version in range(2, number + 1)]
            connection.execute(sa.insert(model_versions), rows)
            if gate.engines.dialect == "postgresql":
                connection.execute(sa.text("ANALYZE"))

    of_few, of_many = (work_of(gate, GetRegisteredModel(name=name)) for name in ("few", "many"))

    assert of_many <= of_few + 5
