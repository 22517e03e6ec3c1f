"""Model versions as the SDK hands them out."""

from collections.abc import Iterable
from typing import Any

from runyard.core.entity import Entity, KeyValue
from runyard.core.enumeration import Status


class ModelVersionTag(KeyValue):
    """A tag of a model version."""

    __slots__ = ()


class ModelVersionStatus(Status):
    """Whether a version can be used, as MLflow's numbers. `ModelVersion.status` is the name of one."""

    PENDING_REGISTRATION, FAILED_REGISTRATION, READY = 1, 2, 3
    _what = "status of a model version"
    _names = {1: "PENDING_REGISTRATION", 2: "FAILED_REGISTRATION", 3: "READY"}  # noqa: RUF012  (typed in the base)


class ModelVersion(Entity):
    """An immutable numbered entry under a registered model.

    Attributes
    ----------
    version: Its number, as text.
    source: Where its files were when it was registered.
    run_id: The run it came from, or None.
    model_id: The logged model it is, or None.
    tags: Text by key.
    aliases: The aliases that point at it.
    """

    __slots__ = _fields = (
        "name",
        "version",
        "creation_timestamp",
        "last_updated_timestamp",
        "description",
        "user_id",
        "current_stage",
        "source",
        "run_id",
        "status",
        "status_message",
        "tags",
        "run_link",
        "aliases",
        "model_id",
        "params",
        "metrics",
        "deployment_job_state",
        "workspace",
    )

    def __init__(
        self,
        name: str,
        version: str,
        creation_timestamp: int,
        last_updated_timestamp: int | None = None,
        description: str | None = None,
        user_id: str | None = None,
        current_stage: str | None = None,
        source: str | None = None,
        run_id: str | None = None,
        status: str = "READY",
        status_message: str | None = None,
        tags: Iterable[ModelVersionTag] | None = None,
        run_link: str | None = None,
        aliases: list[str] | None = None,
        model_id: str | None = None,
        params: Any = None,
        metrics: Any = None,
        deployment_job_state: Any = None,
        workspace: str | None = None,
    ) -> None:
        self.name = name
        self.version = version
        self.creation_timestamp = creation_timestamp
        self.last_updated_timestamp = last_updated_timestamp
        self.description = description
        self.user_id = user_id
        self.current_stage = current_stage
        self.source = source
        self.run_id = run_id
        self.status = status
        self.status_message = status_message
        self.tags = {tag.key: tag.value for tag in tags or ()}
        self.run_link = run_link
        self.aliases = list(aliases or ())
        self.model_id = model_id
        self.params = params
        self.metrics = metrics
        self.deployment_job_state = deployment_job_state
        self.workspace = workspace or "default"

    @classmethod
    def from_wire(cls, fields: dict[str, Any]) -> "ModelVersion":
        """Build it from a JSON object of the protocol."""
        return cls(
            fields["name"],
            str(fields["version"]),
            fields.get("creation_timestamp", 0),
            fields.get("last_updated_timestamp"),
            fields.get("description"),
            fields.get("user_id"),
            fields.get("current_stage", "None"),
            fields.get("source"),
            fields.get("run_id"),
            fields.get("status", "READY"),
            fields.get("status_message"),
            [ModelVersionTag.from_wire(tag) for tag in fields.get("tags", ())],
            fields.get("run_link"),
            fields.get("aliases"),
            fields.get("model_id"),
        )
