"""Aliases of registered models, and their history."""

import pytest

from runyard.gate.gate import Gate
from runyard.registry.model_versions.messages import DeleteModelVersion
from runyard.registry.registered_models.messages import (
    DeleteRegisteredModelAlias,
    GetModelVersionByAlias,
    SetRegisteredModelAlias,
)
from tests.registry.building import (
    ABSENT,
    BAD,
    MODEL,
    a_model,
    a_version,
    history,
    point,
    refusal,
    shown_model,
    shown_version,
    versions,
)


def at(gate: Gate, alias: str) -> str:
    """Number of the version an alias points at."""
    return str(gate.perform(GetModelVersionByAlias(name=MODEL, alias=alias))["model_version"]["version"])


def test_an_alias_moves_to_another_version(gate: Gate) -> None:
    """It points at one version at a time; a version may have several; letters of any script do."""
    versions(gate, 2)
    for alias, version in (("champion", "1"), ("größte-2", "01"), ("champion", "2"), ("challenger", "2")):
        point(gate, alias, version)

    assert ("2", "1") == (at(gate, "champion"), at(gate, "größte-2"))
    assert ["challenger", "champion"] == shown_version(gate, "2")["aliases"]
    assert [
        {"alias": "challenger", "version": "2"},
        {"alias": "champion", "version": "2"},
        {"alias": "größte-2", "version": "1"},
    ] == shown_model(gate)["aliases"]


def test_latest_is_the_highest_version(gate: Gate) -> None:
    """It can be read, never set; without a version there is none."""
    a_model(gate)
    assert ABSENT == refusal(gate, GetModelVersionByAlias(name=MODEL, alias="latest"))
    for _ in range(11):
        a_version(gate)

    assert ("11", "11") == (at(gate, "latest"), at(gate, "Latest"))


@pytest.mark.parametrize("alias", ["", "v3", "V03", "latest", "LATEST", "a b", "a.b", "a/b", "@a", "a" * 256])
def test_aliases_that_mean_something_else_are_refused(gate: Gate, alias: str) -> None:
    """Numbers of versions, the latest, and what an address could not hold."""
    versions(gate, 1)

    assert BAD == refusal(gate, SetRegisteredModelAlias(name=MODEL, alias=alias, version="1"))


@pytest.mark.parametrize("alias", ["v", "v3a", "3", "a" * 255, "_", "-"])
def test_odd_aliases_are_taken(gate: Gate, alias: str) -> None:
    """Whatever cannot be taken for something else."""
    versions(gate, 1)
    point(gate, alias, "1")

    assert "1" == at(gate, alias)


def test_an_unknown_alias_is_the_callers_mistake(gate: Gate) -> None:
    """The code is MLflow's: 400 for the alias, 404 for model and version."""
    versions(gate, 1)

    assert BAD == refusal(gate, GetModelVersionByAlias(name=MODEL, alias="none"))
    assert ABSENT == refusal(gate, GetModelVersionByAlias(name="x", alias="none"))
    assert ABSENT == refusal(gate, SetRegisteredModelAlias(name=MODEL, alias="a", version="2"))
    assert ABSENT == refusal(gate, SetRegisteredModelAlias(name="x", alias="a", version="1"))
    assert ABSENT == refusal(gate, DeleteRegisteredModelAlias(name="x", alias="a"))
    assert BAD == refusal(gate, SetRegisteredModelAlias(name=MODEL, alias="a", version="one"))


def test_removing_an_alias_that_is_not_there_is_fine(gate: Gate) -> None:
    """As with MLflow: clients remove without a look."""
    versions(gate, 1)
    point(gate, "a", "1")

    assert [{}, {}] == [gate.perform(DeleteRegisteredModelAlias(name=MODEL, alias="a")) for _ in range(2)]
    assert "aliases" not in shown_model(gate)


def test_every_move_of_an_alias_is_kept(gate: Gate) -> None:
    """Setting, moving, removing, and losing it with its version. What changes nothing is not a move."""
    versions(gate, 2)
    for version in ("1", "1", "2"):
        point(gate, "a", version, user_id="ann", reason="better")
    for _ in range(2):
        gate.perform(DeleteRegisteredModelAlias(name=MODEL, alias="a", user_id="bob"))
    point(gate, "b", "2")
    gate.perform(DeleteModelVersion(name=MODEL, version="2"))

    assert [
        ("alias", "a", "1", None, False),
        ("alias", "a", "2", "1", False),
        ("alias", "a", "2", "2", True),
        ("alias", "b", "2", None, False),
        ("alias", "b", "2", "2", True),
    ] == [(*entry[:4], bool(entry[4])) for entry in history(gate)]
