"""Model versions, on the wire and in Python."""

from dataclasses import field
from typing import Annotated, Any

from runyard.core.entity import Entity, KeyValue, by_key, entity
from runyard.core.enumeration import Status
from runyard.core.wire import NotOnWire, OnWire
from runyard.protocol.types import VersionNumber


@entity
class ModelVersionTag(KeyValue):
    """A tag of a model version."""


class ModelVersionStatus(Status):
    """Statuses of a version as MLflow's numbers. `ModelVersion.status` is the name of one."""

    PENDING_REGISTRATION, FAILED_REGISTRATION, READY = 1, 2, 3
    _what = "status of a model version"


@entity
class ModelVersion(Entity):
    """An immutable numbered entry under a registered model.

    Attributes
    ----------
    version: Its number, as text.
    creation_timestamp, last_updated_timestamp: Milliseconds since the epoch.
    source: Where its files were when it was registered.
    run_id: The run it came from.
    model_id: The logged model it is; only answers of Runyard's own have it.
    aliases: The aliases that point at it.
    """

    name: str
    version: VersionNumber
    creation_timestamp: int
    last_updated_timestamp: int | None = None
    description: str | None = None
    user_id: str | None = None
    current_stage: str | None = None
    source: str | None = None
    run_id: str | None = None
    status: str = "READY"
    status_message: str | None = None
    tags: Annotated[dict[str, str], OnWire(list[ModelVersionTag])] = field(default_factory=dict)
    run_link: str | None = None
    aliases: list[str] = field(default_factory=list)
    model_id: str | None = None
    params: Annotated[Any, NotOnWire] = None
    metrics: Annotated[Any, NotOnWire] = None
    deployment_job_state: Annotated[Any, NotOnWire] = None
    workspace: Annotated[str, NotOnWire] = "default"

    def __post_init__(self) -> None:
        self.tags = by_key(self.tags)
        self.aliases = list(self.aliases or ())
        self.workspace = self.workspace or "default"


@entity
class DescribedModelVersion(ModelVersion):
    """A version with fields that only Runyard has.

    Attributes
    ----------
    has_files: Whether anything is stored at its location; None when that was not checked.
    """

    has_files: bool | None = None
