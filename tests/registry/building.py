"""Builders of registered models and versions, and what an error of the gate says."""

from collections.abc import Mapping
from typing import Any

import pytest

from runyard.core.entity import Tag
from runyard.exceptions import RunyardException
from runyard.gate.gate import Gate
from runyard.protocol.message import AnyMessage
from runyard.registry.model_versions.messages import (
    CreateModelVersion,
    GetModelVersion,
    SearchModelVersions,
    TransitionModelVersionStage,
)
from runyard.registry.promotion.messages import SearchMoves
from runyard.registry.registered_models.messages import (
    CreateRegisteredModel,
    GetRegisteredModel,
    SearchRegisteredModels,
    SetRegisteredModelAlias,
)

MODEL = "spam filter"


def wire_tags(tags: Mapping[str, str] | None) -> list[Tag]:
    """Tags as messages carry them."""
    return [Tag(key=key, value=value) for key, value in (tags or {}).items()]


def a_model(gate: Gate, name: str = MODEL, tags: Mapping[str, str] | None = None, **fields: Any) -> dict[str, Any]:
    """Register a name; returns what is answered."""
    made: dict[str, Any] = gate.perform(CreateRegisteredModel(name=name, tags=wire_tags(tags), **fields))
    return made["registered_model"]  # type: ignore[no-any-return]


def a_version(
    gate: Gate, name: str = MODEL, source: str = "s3://bucket/m", tags: Mapping[str, str] | None = None, **fields: Any
) -> dict[str, Any]:
    """Add a version; returns what is answered."""
    made = gate.perform(CreateModelVersion(name=name, source=source, tags=wire_tags(tags), **fields))
    return made["model_version"]  # type: ignore[no-any-return]


def versions(gate: Gate, number: int, name: str = MODEL) -> None:
    """Register a name with this number of versions."""
    a_model(gate, name)
    for _ in range(number):
        a_version(gate, name)


def shown_model(gate: Gate, name: str = MODEL) -> dict[str, Any]:
    """A registered model as the protocol shows it."""
    return gate.perform(GetRegisteredModel(name=name))["registered_model"]  # type: ignore[no-any-return]


def shown_version(gate: Gate, version: str, name: str = MODEL) -> dict[str, Any]:
    """A version as the protocol shows it."""
    return gate.perform(GetModelVersion(name=name, version=version))["model_version"]  # type: ignore[no-any-return]


def point(gate: Gate, alias: str, version: str, **fields: str) -> None:
    """Point an alias at a version."""
    gate.perform(SetRegisteredModelAlias(name=MODEL, alias=alias, version=version, **fields))


def move(gate: Gate, version: str, stage: str, archive: bool = False, **fields: str) -> dict[str, Any]:
    """Move a version to a stage; returns what is answered."""
    message = TransitionModelVersionStage(
        name=MODEL, version=version, stage=stage, archive_existing_versions=archive, **fields
    )
    return gate.perform(message)["model_version"]  # type: ignore[no-any-return]


def stages(gate: Gate) -> dict[str, str]:
    """Version → stage."""
    found = gate.perform(SearchModelVersions(filter=f"name = '{MODEL}'"))["model_versions"]
    return {version["version"]: version["current_stage"] for version in found}


def history(gate: Gate) -> list[tuple[Any, ...]]:
    """The moves of the model, oldest first: kind, target, version, previous, removed."""
    found = gate.perform(SearchMoves(name=MODEL)).get("moves", [])
    kept = ("kind", "target", "version", "previous", "removed")
    return [tuple(entry.get(field) for field in kept) for entry in reversed(found)]


def names(gate: Gate, text: str | None = None, order_by: list[str] | None = None, **fields: Any) -> list[str]:
    """Names of the registered models a search finds."""
    found = gate.perform(SearchRegisteredModels(filter=text, order_by=order_by or [], **fields))
    return [model["name"] for model in found.get("registered_models", [])]


def numbers(gate: Gate, text: str | None = None, order_by: list[str] | None = None, **fields: Any) -> list[str]:
    """Names and numbers of the versions a search finds, such as ``a/1``."""
    found = gate.perform(SearchModelVersions(filter=text, order_by=order_by or [], **fields))
    return [f"{version['name']}/{version['version']}" for version in found.get("model_versions", [])]


def refusal(gate: Gate, message: AnyMessage) -> str:
    """Status and code of the error that a message is answered with; its text names no database."""
    with pytest.raises(RunyardException) as caught:
        gate.perform(message)
    assert not any(word in caught.value.message for word in ("SQL", "UNIQUE", "psycopg", "INSERT"))
    return f"{caught.value.http_status} {caught.value.error_code}"


BAD = "400 INVALID_PARAMETER_VALUE"
ABSENT = "404 RESOURCE_DOES_NOT_EXIST"
TAKEN = "400 RESOURCE_ALREADY_EXISTS"
