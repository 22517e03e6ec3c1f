"""What is said about model versions."""

from dataclasses import field

from runyard.protocol.message import Message
from runyard.tracking.experiments.messages import Tag


class CreateModelVersion(Message, post="model-versions/create", needs="registered_model.edit"):
    """Add a version under a registered model; its number is the highest ever given there plus one."""

    name: str
    source: str
    run_id: str = ""
    run_link: str = ""
    description: str | None = None
    tags: list[Tag] = field(default_factory=list)
    model_id: str | None = None
    user_id: str = ""


class GetModelVersion(Message, get="model-versions/get", needs="registered_model.read"):
    """One version."""

    name: str
    version: str


class SearchModelVersions(Message, get="model-versions/search", needs="registered_model.read"):
    """Versions that match a filter, a page at a time; those changed last first unless ordered otherwise."""

    filter: str | None = None
    max_results: int = 200_000
    order_by: list[str] = field(default_factory=list)
    page_token: str | None = None


class UpdateModelVersion(Message, patch="model-versions/update", needs="registered_model.edit"):
    """Change the description; without one it is cleared."""

    name: str
    version: str
    description: str | None = None


class DeleteModelVersion(Message, delete="model-versions/delete", needs="registered_model.edit"):
    """Remove a version and the aliases at it. Its number is not given again."""

    name: str
    version: str


class GetModelVersionDownloadUri(Message, get="model-versions/get-download-uri", needs="registered_model.read"):
    """Where the files of a version really are."""

    name: str
    version: str


class SetModelVersionTag(Message, post="model-versions/set-tag", needs="registered_model.edit"):
    """Set or replace a tag."""

    name: str
    version: str
    key: str
    value: str = ""


class DeleteModelVersionTag(Message, delete="model-versions/delete-tag", needs="registered_model.edit"):
    """Remove a tag; one that is not there is fine."""

    name: str
    version: str
    key: str


class TransitionModelVersionStage(Message, post="model-versions/transition-stage", needs="registered_model.edit"):
    """Move a version to a stage, and with `archive_existing_versions` the others there to Archived.

    `user_id` and `reason` are Runyard's own: they are kept in the history of moves.
    """

    name: str
    version: str
    stage: str
    archive_existing_versions: bool = False
    user_id: str = ""
    reason: str = ""
