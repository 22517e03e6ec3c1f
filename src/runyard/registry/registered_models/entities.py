"""Registered models, on the wire and in Python."""

from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Annotated, Any

from runyard.core.entity import Entity, KeyValue, ValueEntity, by_key, entity
from runyard.core.wire import NotOnWire, OnWire
from runyard.protocol.types import VersionNumber
from runyard.registry.model_versions.entities import ModelVersion


@entity
class RegisteredModelTag(KeyValue):
    """A tag of a registered model."""


@entity
class RegisteredModelAlias(ValueEntity):
    """A movable name for one version."""

    alias: str
    version: VersionNumber


@entity
class RegisteredModel(Entity):
    """A name in the registry.

    In Python tags are a dictionary of text, and aliases one of the number of the version by alias.

    Attributes
    ----------
    creation_timestamp, last_updated_timestamp: Milliseconds since the epoch.
    latest_versions: The highest version of every stage that has one.
    """

    name: str
    creation_timestamp: int | None = None
    last_updated_timestamp: int | None = None
    description: str | None = None
    latest_versions: list[ModelVersion] = field(default_factory=list)
    tags: Annotated[dict[str, str], OnWire(list[RegisteredModelTag])] = field(default_factory=dict)
    aliases: Annotated[dict[str, str], OnWire(list[RegisteredModelAlias])] = field(default_factory=dict)
    deployment_job_id: Annotated[str | None, NotOnWire] = None
    deployment_job_state: Annotated[Any, NotOnWire] = None
    workspace: Annotated[str, NotOnWire] = "default"

    def __post_init__(self) -> None:
        self.latest_versions = self.latest_versions or []
        self.tags, self.aliases = by_key(self.tags), _by_alias(self.aliases)
        self.workspace = self.workspace or "default"


def _by_alias(aliases: Iterable[RegisteredModelAlias] | Mapping[str, str] | None) -> dict[str, str]:
    if isinstance(aliases, Mapping):
        return dict(aliases)
    return {alias.alias: alias.version for alias in aliases or ()}
