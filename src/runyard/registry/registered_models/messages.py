"""Messages of registered models, their tags and aliases."""

from dataclasses import field

from runyard.core.entity import Tag
from runyard.core.limits import check_between
from runyard.protocol.answer import Answer, Nothing
from runyard.protocol.message import Message
from runyard.registry.model_versions.messages import ModelVersionFound, ModelVersionsFound
from runyard.registry.names import check_alias, check_cause, check_description, check_model_name, check_tag, stage_named
from runyard.registry.registered_models.entities import RegisteredModel

MAX_MODELS = 1_000


class RegisteredModelFound(Answer):
    """One registered model."""

    registered_model: RegisteredModel


class RegisteredModelsFound(Answer):
    """A page of registered models; the token leads to the next, if there is one."""

    registered_models: list[RegisteredModel] = field(default_factory=list)
    next_page_token: str | None = None


class CreateRegisteredModel(
    Message[RegisteredModelFound], post="registered-models/create", needs="registered_model.create"
):
    """Register a name. It must be new."""

    name: str
    tags: list[Tag] = field(default_factory=list)
    description: str | None = None

    def check(self) -> None:
        check_model_name(self.name)
        check_description(self.description)
        for index, tag in enumerate(self.tags):
            check_tag(tag.key, tag.value, f"tags[{index}].")


class GetRegisteredModel(Message[RegisteredModelFound], get="registered-models/get", needs="registered_model.read"):
    """One registered model with its tags, aliases and the latest version of every stage."""

    name: str


class SearchRegisteredModels(
    Message[RegisteredModelsFound], get="registered-models/search", needs="registered_model.read"
):
    """Registered models that match a filter, a page at a time, by name unless ordered otherwise. Prompts are left out
    unless the filter asks for them.
    """

    filter: str | None = None
    max_results: int = 100
    order_by: list[str] = field(default_factory=list)
    page_token: str | None = None

    def check(self) -> None:
        check_between("max_results", self.max_results, MAX_MODELS)


class UpdateRegisteredModel(
    Message[RegisteredModelFound], patch="registered-models/update", needs="registered_model.edit"
):
    """Change the description; without one it is cleared."""

    name: str
    description: str | None = None

    def check(self) -> None:
        check_description(self.description)


class RenameRegisteredModel(
    Message[RegisteredModelFound], post="registered-models/rename", needs="registered_model.edit"
):
    """Give a registered model another name; versions, tags and aliases follow."""

    name: str
    new_name: str

    def check(self) -> None:
        check_model_name(self.new_name, "new_name")


class DeleteRegisteredModel(Message[Nothing], delete="registered-models/delete", needs="registered_model.delete"):
    """Remove a registered model with everything under it, for good."""

    name: str


class GetLatestVersions(
    Message[ModelVersionsFound],
    post="registered-models/get-latest-versions",
    get="registered-models/get-latest-versions",
    kind="read",
    needs="registered_model.read",
):
    """The latest version of each given stage; of all four by default."""

    name: str
    stages: list[str] = field(default_factory=list)

    def check(self) -> None:
        for stage in self.stages:
            stage_named(stage)


class SetRegisteredModelTag(Message[Nothing], post="registered-models/set-tag", needs="registered_model.edit"):
    """Set or replace a tag."""

    name: str
    key: str
    value: str = ""

    def check(self) -> None:
        check_tag(self.key, self.value)


class DeleteRegisteredModelTag(Message[Nothing], delete="registered-models/delete-tag", needs="registered_model.edit"):
    """Remove a tag; a missing one is fine."""

    name: str
    key: str


class SetRegisteredModelAlias(Message[Nothing], post="registered-models/alias", needs="registered_model.edit"):
    """Point an alias at a version, whichever version it pointed at before.

    `user_id` and `reason` are Runyard's own: they are kept in the history of moves.
    """

    name: str
    alias: str
    version: str
    user_id: str = ""
    reason: str = ""

    def check(self) -> None:
        check_alias(self.alias)
        check_cause(self.user_id, self.reason)


class GetModelVersionByAlias(Message[ModelVersionFound], get="registered-models/alias", needs="registered_model.read"):
    """The version an alias points at; ``latest`` is the one with the highest number."""

    name: str
    alias: str


class DeleteRegisteredModelAlias(Message[Nothing], delete="registered-models/alias", needs="registered_model.edit"):
    """Remove an alias; a missing one is fine."""

    name: str
    alias: str
    user_id: str = ""
    reason: str = ""

    def check(self) -> None:
        check_cause(self.user_id, self.reason)
