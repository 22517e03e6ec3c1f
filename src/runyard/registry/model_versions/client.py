"""Methods of the client for model versions."""

from collections.abc import Mapping
from typing import Any

from runyard.core.entity import listed_tags
from runyard.core.listed import listed
from runyard.core.model_uri import STAGES, ModelUri, is_model_uri, parse_model_uri
from runyard.core.origin import user
from runyard.core.paged_list import PagedList
from runyard.exceptions import AlreadyExists, DoesNotExist, InvalidParameter, RunyardException
from runyard.registry.model_versions.entities import DescribedModelVersion, ModelVersion
from runyard.registry.model_versions.messages import (
    CreateModelVersion,
    DeleteModelVersion,
    DeleteModelVersionTag,
    DescribeModelVersion,
    DescribeModelVersions,
    GetModelVersion,
    GetModelVersionDownloadUri,
    SearchModelVersions,
    SetModelVersionTag,
    TransitionModelVersionStage,
    UpdateModelVersion,
)
from runyard.registry.names import LATEST
from runyard.registry.registered_models.client import RegisteredModelsClient, warn_of_stages
from runyard.tracking.filters.client import warn_of_filter


class ModelVersionsClient(RegisteredModelsClient):
    """Model versions: create, find, change, delete, move between stages, copy."""

    def create_model_version(
        self,
        name: str,
        source: str,
        run_id: str | None = None,
        tags: Mapping[str, Any] | None = None,
        run_link: str | None = None,
        description: str | None = None,
        await_creation_for: int | None = 300,
        model_id: str | None = None,
    ) -> ModelVersion:
        """Add a version under a registered model.

        Parameters
        ----------
        source: Address of its files: of a run's artifacts, ``runs:/``, ``models:/``, ``s3://`` …
        run_id: The run it came from.
        run_link: An address of that run, when it is on another server.
        await_creation_for: Taken for compatibility: a version can be used as soon as this returns.
        model_id: The logged model it is.

        Raises
        ------
        RunyardException: There is no such registered model, or the source is not allowed.
        """
        message = CreateModelVersion(
            name=name,
            source=source,
            run_id=run_id or "",
            run_link=run_link or "",
            description=description or "",
            tags=listed_tags(tags),
            model_id=model_id,
            user_id=user(),
        )
        made = self.register(message).model_version
        made.model_id = model_id or _logged_model_of(source)
        return made

    def copy_model_version(self, src_model_uri: str, dst_name: str) -> ModelVersion:
        """Copy a version to another registered model; the files stay where they are.

        Parameters
        ----------
        src_model_uri: Such as ``models:/name/3`` or ``models:/name@champion``.
        dst_name: The other registered model; created if it does not exist.

        Raises
        ------
        RunyardException: The address is not that of a registered model's version.
        """
        wanted = parse_model_uri(src_model_uri)
        if not wanted.name or wanted.path:
            raise InvalidParameter(
                f"{src_model_uri!r} is not a version of a registered model. Write models:/<name>/<version>."
            )
        version = self.resolved_version(wanted)
        try:
            self.create_registered_model(dst_name)
        except RunyardException as problem:
            if problem.error_code != AlreadyExists.code:
                raise
        return self.create_model_version(
            dst_name,
            source=f"models:/{version.name}/{version.version}",
            run_id=version.run_id,
            tags=version.tags,
            run_link=version.run_link,
            description=version.description,
            model_id=version.model_id,
        )

    def resolved_version(self, wanted: ModelUri) -> ModelVersion:
        """The version of a registered model at an address, by number, stage, alias or as the latest.

        Raises
        ------
        DoesNotExist: There is no such version.
        """
        if wanted.version:
            return self.get_model_version(wanted.name, wanted.version)
        if wanted.alias or wanted.latest:
            return self.get_model_version_by_alias(wanted.name, wanted.alias or LATEST)
        found = self._latest_versions(wanted.name, [wanted.stage])
        if not found:
            raise DoesNotExist(f"Registered model {wanted.name!r} has no version in stage {wanted.stage}.")
        return found[-1]

    def get_model_version(self, name: str, version: str | int) -> ModelVersion:
        """One version.

        Raises
        ------
        RunyardException: There is no such model or version, or the version is not an integer.
        """
        fields: dict[str, Any] = {"name": name, "version": str(version)}
        return self.register_or(DescribeModelVersion(**fields), GetModelVersion(**fields)).model_version

    def describe_model_version(
        self, name: str, version: str | int | None = None, *, alias: str | None = None
    ) -> DescribedModelVersion:
        """One version, by its number or by an alias, with `has_files`: is anything stored where its files should be?

        Raises
        ------
        RunyardException: There is no such model, version or alias, or the server is one of MLflow's.
        """
        number = None if version is None else str(version)
        message = DescribeModelVersion(name=name, version=number, alias=alias, look_for_files=True)
        return self.register(message).model_version

    def get_model_version_download_uri(self, name: str, version: str | int) -> str:
        """The location of a version's files."""
        return self.register(GetModelVersionDownloadUri(name=name, version=str(version))).artifact_uri

    def update_model_version(self, name: str, version: str | int, description: str | None = None) -> ModelVersion:
        """Change the description; without one it is cleared."""
        message = UpdateModelVersion(name=name, version=str(version), description=description)
        return self.register(message).model_version

    def delete_model_version(self, name: str, version: str | int) -> None:
        """Remove a version and its aliases. Its number is not used again."""
        self.register(DeleteModelVersion(name=name, version=str(version)))

    def search_model_versions(
        self,
        filter_string: str | None = None,
        max_results: int = 10_000,
        order_by: list[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList[ModelVersion]:
        """A page of versions; its ``token`` leads to the next.

        Parameters
        ----------
        filter_string: Such as ``name = 'fraud' AND run_id = '1f2e…'``.
        max_results: Maximum number of versions, 1 to 200,000.
        order_by: Such as ``["version_number DESC"]``; last changed first when left out.
        page_token: The token from the page before.
        """
        fields: dict[str, Any] = {
            "filter": filter_string,
            "max_results": max_results,
            "order_by": listed(order_by),
            "page_token": page_token,
        }
        answer = self.register_or(DescribeModelVersions(**fields), SearchModelVersions(**fields))
        if not answer.model_versions and not page_token:
            warn_of_filter(self.register, filter_string, "model-versions")
        return PagedList(answer.model_versions, answer.next_page_token)

    def get_model_version_stages(self, name: str, version: str | int) -> list[str]:
        """All stages; the same for every version."""
        warn_of_stages("get_model_version_stages")
        return list(STAGES)

    def transition_model_version_stage(
        self,
        name: str,
        version: str | int,
        stage: str,
        archive_existing_versions: bool = False,
        *,
        reason: str = "",
        user_id: str = "",
    ) -> ModelVersion:
        """Move a version to a stage.

        Parameters
        ----------
        stage: None, Staging, Production or Archived, in any case.
        archive_existing_versions: Move the others in that stage to Archived, in the same transaction.
        reason, user_id: Why, and who moves it, for the history of moves.
        """
        warn_of_stages("transition_model_version_stage")
        message = TransitionModelVersionStage(
            name=name,
            version=str(version),
            stage=stage,
            archive_existing_versions=archive_existing_versions,
            reason=reason,
            user_id=user_id,
        )
        return self.register(message).model_version

    def set_model_version_tag(
        self,
        name: str,
        version: str | int | None = None,
        key: str | None = None,
        value: Any = None,
        stage: str | None = None,
    ) -> None:
        """Set or replace a tag of a version, or of the highest version in a stage."""
        number = self._number(name, version, stage)
        self.register(SetModelVersionTag(name=name, version=number, key=_needed(key), value=str(value)))

    def delete_model_version_tag(
        self, name: str, version: str | int | None = None, key: str | None = None, stage: str | None = None
    ) -> None:
        """Remove a tag of a version, or of the highest version in a stage; a missing one is fine."""
        number = self._number(name, version, stage)
        self.register(DeleteModelVersionTag(name=name, version=number, key=_needed(key)))

    def _number(self, name: str, version: str | int | None, stage: str | None) -> str:
        if (version is None) == (stage is None):
            raise InvalidParameter("Name the version either by its number or by its stage.")
        if version is not None:
            return str(version)
        warn_of_stages("naming a version by its stage", level=4)
        return self.resolved_version(ModelUri(name=name, stage=str(stage))).version


def _logged_model_of(source: str) -> str | None:
    """The logged model that a source is; None for other sources."""
    return (parse_model_uri(source).model_id or None) if is_model_uri(source) else None


def _needed(key: str | None) -> str:
    if not key:
        raise InvalidParameter("Missing value for required parameter 'key'. A tag needs a key.")
    return key
