"""Registered models as the SDK hands them out."""

from collections.abc import Iterable
from typing import Any

from runyard.core.entity import Entity, KeyValue, ValueEntity
from runyard.registry.model_versions.entities import ModelVersion


class RegisteredModelTag(KeyValue):
    """A tag of a registered model."""

    __slots__ = ()


class RegisteredModelAlias(ValueEntity):
    """A movable name for one version."""

    __slots__ = ("alias", "version")
    _fields = ("alias", "version")

    def __init__(self, alias: str, version: str) -> None:
        self.alias = alias
        self.version = version


class RegisteredModel(Entity):
    """A name in the registry.

    Attributes
    ----------
    latest_versions: The highest version of every stage that has one.
    tags: Text by key.
    aliases: Number of the version by alias.
    """

    __slots__ = _fields = (
        "name",
        "creation_timestamp",
        "last_updated_timestamp",
        "description",
        "latest_versions",
        "tags",
        "aliases",
        "deployment_job_id",
        "deployment_job_state",
        "workspace",
    )

    def __init__(
        self,
        name: str,
        creation_timestamp: int | None = None,
        last_updated_timestamp: int | None = None,
        description: str | None = None,
        latest_versions: list[ModelVersion] | None = None,
        tags: Iterable[RegisteredModelTag] | None = None,
        aliases: Iterable[RegisteredModelAlias] | None = None,
        deployment_job_id: str | None = None,
        deployment_job_state: Any = None,
        workspace: str | None = None,
    ) -> None:
        self.name = name
        self.creation_timestamp = creation_timestamp
        self.last_updated_timestamp = last_updated_timestamp
        self.description = description
        self.latest_versions = latest_versions or []
        self.tags = {tag.key: tag.value for tag in tags or ()}
        self.aliases = {alias.alias: alias.version for alias in aliases or ()}
        self.deployment_job_id = deployment_job_id
        self.deployment_job_state = deployment_job_state
        self.workspace = workspace or "default"

    @classmethod
    def from_wire(cls, fields: dict[str, Any]) -> "RegisteredModel":
        """Build it from a JSON object of the protocol."""
        return cls(
            fields["name"],
            fields.get("creation_timestamp"),
            fields.get("last_updated_timestamp"),
            fields.get("description"),
            [ModelVersion.from_wire(version) for version in fields.get("latest_versions", ())],
            [RegisteredModelTag.from_wire(tag) for tag in fields.get("tags", ())],
            [RegisteredModelAlias(one["alias"], str(one["version"])) for one in fields.get("aliases", ())],
        )
