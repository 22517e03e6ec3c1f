"""Messages of model versions."""

from dataclasses import field

from runyard.core.entity import Tag
from runyard.core.limits import check_between, check_text
from runyard.exceptions import InvalidParameter
from runyard.protocol.answer import Answer, Nothing
from runyard.protocol.message import Message
from runyard.registry.model_versions.entities import DescribedModelVersion, ModelVersion
from runyard.registry.names import MAX_SOURCE, check_cause, check_description, check_tag, stage_named, version_number

MAX_VERSIONS = 200_000


class ModelVersionFound(Answer):
    """One version."""

    model_version: ModelVersion


class ModelVersionDescribed(Answer):
    """One version."""

    model_version: DescribedModelVersion


class ModelVersionsFound(Answer):
    """A page of versions; the token leads to the next, if there is one."""

    model_versions: list[ModelVersion] = field(default_factory=list)
    next_page_token: str | None = None


class DownloadUri(Answer):
    """The location of a version's files."""

    artifact_uri: str


class CreateModelVersion(Message[ModelVersionFound], post="model-versions/create", needs="registered_model.edit"):
    """Add a version under a registered model; its number is the highest ever given there plus one."""

    name: str
    source: str
    run_id: str = ""
    run_link: str = ""
    description: str = ""
    tags: list[Tag] = field(default_factory=list)
    model_id: str | None = None
    user_id: str = ""

    def check(self) -> None:
        check_text("The source", self.source, MAX_SOURCE)
        for name, value in (("run_id", self.run_id), ("model_id", self.model_id or ""), ("user_id", self.user_id)):
            check_text(name, value, 256)
        check_text("run_link", self.run_link, MAX_SOURCE)
        check_description(self.description)
        for index, tag in enumerate(self.tags):
            check_tag(tag.key, tag.value, f"tags[{index}].")


class GetModelVersion(Message[ModelVersionFound], get="model-versions/get", needs="registered_model.read"):
    """One version."""

    name: str
    version: str

    def check(self) -> None:
        version_number(self.version)


class SearchModelVersions(Message[ModelVersionsFound], get="model-versions/search", needs="registered_model.read"):
    """Versions that match a filter, a page at a time; last changed first unless ordered otherwise."""

    filter: str | None = None
    max_results: int = 200_000
    order_by: list[str] = field(default_factory=list)
    page_token: str | None = None

    def check(self) -> None:
        check_between("max_results", self.max_results, MAX_VERSIONS)


class DescribeModelVersion(
    Message[ModelVersionDescribed], get="model-versions/get", family="runyard", needs="registered_model.read"
):
    """One version, by number or by alias, with the id of its logged model, which MLflow's answers do not have.

    With `look_for_files` the answer has `has_files`, which is false when nothing is stored at the version's location.
    For locations that the server may not open it is true.
    """

    name: str
    version: str | None = None
    alias: str | None = None
    look_for_files: bool = False

    def check(self) -> None:
        if (self.version is None) == (self.alias is None):
            raise InvalidParameter("Name the version either by 'version' or by 'alias'.")
        if self.version is not None:
            version_number(self.version)


class DescribeModelVersions(
    Message[ModelVersionsFound], get="model-versions/search", family="runyard", needs="registered_model.read"
):
    """Versions that match a filter, as MLflow's search finds them, with their aliases and ids of logged models."""

    filter: str | None = None
    max_results: int = 200_000
    order_by: list[str] = field(default_factory=list)
    page_token: str | None = None

    def check(self) -> None:
        check_between("max_results", self.max_results, MAX_VERSIONS)


class UpdateModelVersion(Message[ModelVersionFound], patch="model-versions/update", needs="registered_model.edit"):
    """Change the description; without one it is cleared."""

    name: str
    version: str
    description: str | None = None

    def check(self) -> None:
        version_number(self.version)
        check_description(self.description)


class DeleteModelVersion(Message[Nothing], delete="model-versions/delete", needs="registered_model.edit"):
    """Remove a version and its aliases. Its number is not used again."""

    name: str
    version: str

    def check(self) -> None:
        version_number(self.version)


class GetModelVersionDownloadUri(
    Message[DownloadUri], get="model-versions/get-download-uri", needs="registered_model.read"
):
    """The location of a version's files."""

    name: str
    version: str

    def check(self) -> None:
        version_number(self.version)


class SetModelVersionTag(Message[Nothing], post="model-versions/set-tag", needs="registered_model.edit"):
    """Set or replace a tag."""

    name: str
    version: str
    key: str
    value: str = ""

    def check(self) -> None:
        version_number(self.version)
        check_tag(self.key, self.value)


class DeleteModelVersionTag(Message[Nothing], delete="model-versions/delete-tag", needs="registered_model.edit"):
    """Remove a tag; a missing one is fine."""

    name: str
    version: str
    key: str

    def check(self) -> None:
        version_number(self.version)


class TransitionModelVersionStage(
    Message[ModelVersionFound], post="model-versions/transition-stage", needs="registered_model.edit"
):
    """Move a version to a stage, and with `archive_existing_versions` the others there to Archived.

    `user_id` and `reason` are Runyard's own: they are kept in the history of moves.
    """

    name: str
    version: str
    stage: str
    archive_existing_versions: bool = False
    user_id: str = ""
    reason: str = ""

    def check(self) -> None:
        version_number(self.version)
        stage_named(self.stage)
        check_cause(self.user_id, self.reason)
