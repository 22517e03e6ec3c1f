"""Methods of the client for registered models, their tags and aliases."""

import warnings
from collections.abc import Mapping
from typing import Any

from runyard.core.entity import listed_tags
from runyard.core.listed import listed
from runyard.core.paged_list import PagedList
from runyard.registry.client_part import RegistryPart
from runyard.registry.model_versions.entities import ModelVersion
from runyard.registry.model_versions.messages import DescribeModelVersion
from runyard.registry.registered_models.entities import RegisteredModel
from runyard.registry.registered_models.messages import (
    CreateRegisteredModel,
    DeleteRegisteredModel,
    DeleteRegisteredModelAlias,
    DeleteRegisteredModelTag,
    GetLatestVersions,
    GetModelVersionByAlias,
    GetRegisteredModel,
    RenameRegisteredModel,
    SearchRegisteredModels,
    SetRegisteredModelAlias,
    SetRegisteredModelTag,
    UpdateRegisteredModel,
)
from runyard.tracking.filters.client import warn_of_filter


def warn_of_stages(method: str, level: int = 3) -> None:
    """Warn the first caller outside of Runyard that stages are deprecated."""
    warnings.warn(
        f"{method} works with stages, which MLflow has deprecated since 2.9: aliases do the same and more. "
        "Use set_registered_model_alias and models:/<name>@<alias>.",
        FutureWarning,
        stacklevel=level,
    )


class RegisteredModelsClient(RegistryPart):
    """Registered models: create, find, change, delete, set aliases."""

    def create_registered_model(
        self,
        name: str,
        tags: Mapping[str, Any] | None = None,
        description: str | None = None,
        deployment_job_id: str | None = None,
    ) -> RegisteredModel:
        """Register a name.

        Parameters
        ----------
        deployment_job_id: Taken for compatibility; there are no deployment jobs.

        Raises
        ------
        RunyardException: The name is taken (``RESOURCE_ALREADY_EXISTS``), or holds ``/`` or ``:``.
        """
        message = CreateRegisteredModel(name=name, tags=listed_tags(tags), description=description)
        return self.register(message).registered_model

    def get_registered_model(self, name: str) -> RegisteredModel:
        """A registered model by name.

        Raises
        ------
        DoesNotExist: There is none.
        """
        return self.register(GetRegisteredModel(name=name)).registered_model

    def rename_registered_model(self, name: str, new_name: str) -> RegisteredModel:
        """Give a registered model another name; versions, tags and aliases follow."""
        message = RenameRegisteredModel(name=name, new_name=new_name)
        return self.register(message).registered_model

    def update_registered_model(
        self, name: str, description: str | None = None, deployment_job_id: str | None = None
    ) -> RegisteredModel:
        """Change the description; without one it is cleared."""
        message = UpdateRegisteredModel(name=name, description=description)
        return self.register(message).registered_model

    def delete_registered_model(self, name: str) -> None:
        """Remove a registered model with everything under it, for good."""
        self.register(DeleteRegisteredModel(name=name))

    def search_registered_models(
        self,
        filter_string: str | None = None,
        max_results: int = 100,
        order_by: list[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList[RegisteredModel]:
        """A page of registered models; its ``token`` leads to the next.

        Parameters
        ----------
        filter_string: Such as ``name LIKE 'fraud%' AND tags.team = 'red'``.
        max_results: Maximum number of models, 1 to 1,000.
        order_by: Such as ``["last_updated_timestamp DESC"]``; by name when left out.
        page_token: The token from the page before.
        """
        message = SearchRegisteredModels(
            filter=filter_string, max_results=max_results, order_by=listed(order_by), page_token=page_token
        )
        answer = self.register(message)
        if not answer.registered_models and not page_token:
            warn_of_filter(self.register, filter_string, "registered-models")
        return PagedList(answer.registered_models, answer.next_page_token)

    def get_latest_versions(self, name: str, stages: list[str] | None = None) -> list[ModelVersion]:
        """The highest version in each of some stages; in every stage when none is named."""
        warn_of_stages("get_latest_versions")
        return self._latest_versions(name, stages)

    def _latest_versions(self, name: str, stages: list[str] | None) -> list[ModelVersion]:
        return self.register(GetLatestVersions(name=name, stages=listed(stages))).model_versions

    def set_registered_model_tag(self, name: str, key: str, value: Any) -> None:
        """Set or replace a tag."""
        self.register(SetRegisteredModelTag(name=name, key=key, value=str(value)))

    def delete_registered_model_tag(self, name: str, key: str) -> None:
        """Remove a tag; a missing one is fine."""
        self.register(DeleteRegisteredModelTag(name=name, key=key))

    def set_registered_model_alias(
        self, name: str, alias: str, version: str | int, *, reason: str = "", user_id: str = ""
    ) -> None:
        """Point an alias at a version, whichever version it pointed at before.

        Parameters
        ----------
        reason, user_id: Why, and who moves it, for the history of moves.
        """
        number = str(version)
        self.register(SetRegisteredModelAlias(name=name, alias=alias, version=number, reason=reason, user_id=user_id))

    def delete_registered_model_alias(self, name: str, alias: str, *, reason: str = "", user_id: str = "") -> None:
        """Remove an alias; a missing one is fine.

        Parameters
        ----------
        reason, user_id: Why, and who removes it, for the history of moves.
        """
        self.register(DeleteRegisteredModelAlias(name=name, alias=alias, reason=reason, user_id=user_id))

    def get_model_version_by_alias(self, name: str, alias: str) -> ModelVersion:
        """The version an alias points at; ``latest`` is the one with the highest number.

        Raises
        ------
        RunyardException: There is no such model, or no such alias (``INVALID_PARAMETER_VALUE``).
        """
        own, plain = DescribeModelVersion(name=name, alias=alias), GetModelVersionByAlias(name=name, alias=alias)
        return self.register_or(own, plain).model_version
