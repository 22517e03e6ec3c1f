"""Operations on model versions."""

import sqlalchemy as sa

from runyard.artifacts.locations import nothing_at
from runyard.core.limits import shown
from runyard.db.dialects import upsert
from runyard.db.transaction import Transaction
from runyard.exceptions import DoesNotExist
from runyard.gate.performers import Later, performs
from runyard.protocol.answer import Wire
from runyard.registry.model_versions.locations import followed
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
from runyard.registry.model_versions.needed import NeededByVersions
from runyard.registry.model_versions.rows import find_version, version_with_alias
from runyard.registry.model_versions.search import search_version_ids
from runyard.registry.model_versions.sources import PROMPT_SOURCES, hold_origin, link_logged_model, resolved_source
from runyard.registry.model_versions.stages import checked_stage, transition
from runyard.registry.model_versions.tables import model_version_tags, model_versions
from runyard.registry.model_versions.wire import versions_on_wire
from runyard.registry.names import NONE
from runyard.registry.promotion.moves import Cause
from runyard.registry.registered_models.aliases import aliases_at, remove_alias
from runyard.registry.registered_models.rows import find_model, touch_model
from runyard.registry.registered_models.tables import registered_models
from runyard.tracking.removal.needs import knows_needs

knows_needs(NeededByVersions)


@performs(CreateModelVersion)
def create_model_version(tx: Transaction, message: CreateModelVersion) -> Wire:
    """Insert a version with the next number. The number is taken first: that locks the registered model."""
    model, number = _next_number(tx, message.name)
    source = resolved_source(tx, message)
    hold_origin(tx, source)
    version = tx.execute(
        sa.insert(model_versions)
        .values(
            registered_model_id=model,
            version=number,
            user_id=message.user_id,
            current_stage=NONE,
            description=message.description,
            source=source.text,
            storage_location=source.location,
            run_id=source.run_id,
            run_link=message.run_link,
            logged_model_id=source.model_id,
            status="READY",
            creation_time=tx.now_ms,
            last_updated_time=tx.now_ms,
        )
        .returning(model_versions.c.id)
    ).scalar_one()
    tags = {tag.key: tag.value for tag in message.tags}
    if tags:
        rows = [{"model_version_id": version, "key": key, "value": value} for key, value in tags.items()]
        tx.execute(sa.insert(model_version_tags), rows)
    if source.model_id:
        link_logged_model(tx, source.model_id, message.name, number)
    return _one(tx, version)


def _next_number(tx: Transaction, name: str) -> tuple[int, int]:
    """Id of the registered model, and the number of its next version."""
    columns = registered_models.c
    taken = tx.execute(
        sa.update(registered_models)
        .where(columns.name == name)
        .values(last_version=columns.last_version + 1, last_updated_time=tx.now_ms)
        .returning(columns.id, columns.last_version)
    ).first()
    if taken is None:
        raise DoesNotExist(f"No registered model is named {shown(name)}. Create it first.")
    return taken[0], taken[1]


def _one(tx: Transaction, version: int) -> Wire:
    return {"model_version": versions_on_wire(tx, [version])[0]}


@performs(GetModelVersion)
def get_model_version(tx: Transaction, message: GetModelVersion) -> Wire:
    """One version."""
    return _one(tx, find_version(tx, message.name, message.version)[1].id)


@performs(DescribeModelVersion)
def describe_model_version(tx: Transaction, message: DescribeModelVersion) -> Wire | Later:
    """One version, with Runyard's own fields."""
    if message.version is not None:
        version = find_version(tx, message.name, message.version)[1]
    else:
        version = version_with_alias(tx, find_model(tx, message.name), message.alias or "")
    described = versions_on_wire(tx, [version.id], logged_models=True)[0]
    if not message.look_for_files or version.source in PROMPT_SOURCES:
        return {"model_version": described}
    location, places = followed(tx, version.storage_location), tx.settings.artifact_places
    return Later(lambda: {"model_version": {**described, "has_files": not nothing_at(location, places)}})


@performs(SearchModelVersions)
def search_model_versions(tx: Transaction, message: SearchModelVersions) -> Wire:
    """A page of versions."""
    return _page(tx, message, aliases=False)


@performs(DescribeModelVersions)
def describe_model_versions(tx: Transaction, message: DescribeModelVersions) -> Wire:
    """A page of versions, with Runyard's own fields."""
    return _page(tx, message, aliases=True, logged_models=True)


def _page(tx: Transaction, message: SearchModelVersions | DescribeModelVersions, **shown: bool) -> Wire:
    ids, token = search_version_ids(tx, message.filter, message.order_by, message.max_results, message.page_token)
    versions = versions_on_wire(tx, ids, **shown) if ids else []
    return {
        **({"model_versions": versions} if versions else {}),
        **({"next_page_token": token} if token else {}),
    }


@performs(UpdateModelVersion)
def update_model_version(tx: Transaction, message: UpdateModelVersion) -> Wire:
    """Set or clear the description."""
    _, version = find_version(tx, message.name, message.version)
    changed = sa.update(model_versions).where(model_versions.c.id == version.id)
    tx.execute(changed.values(description=message.description, last_updated_time=tx.now_ms))
    return _one(tx, version.id)


@performs(DeleteModelVersion)
def delete_model_version(tx: Transaction, message: DeleteModelVersion) -> Wire:
    """Remove a version with the aliases at it."""
    model, version = find_version(tx, message.name, message.version, to_change=True)
    for alias in aliases_at(tx, model, version.version):
        remove_alias(tx, model, alias, Cause(reason=f"version {version.version} was deleted"))
    tx.execute(sa.delete(model_versions).where(model_versions.c.id == version.id))
    touch_model(tx, model.id)
    return {}


@performs(GetModelVersionDownloadUri)
def get_model_version_download_uri(tx: Transaction, message: GetModelVersionDownloadUri) -> Wire:
    """Where the files are."""
    return {"artifact_uri": followed(tx, find_version(tx, message.name, message.version)[1].storage_location)}


@performs(SetModelVersionTag)
def set_model_version_tag(tx: Transaction, message: SetModelVersionTag) -> Wire:
    """Set or replace a tag; MLflow does not count this as a change of the version."""
    _, version = find_version(tx, message.name, message.version)
    tags = model_version_tags.c
    statement = upsert(tx, model_version_tags).values(model_version_id=version.id, key=message.key, value=message.value)
    unique = [tags.model_version_id, tags.key]
    tx.execute(statement.on_conflict_do_update(index_elements=unique, set_={"value": message.value}))
    return {}


@performs(DeleteModelVersionTag)
def delete_model_version_tag(tx: Transaction, message: DeleteModelVersionTag) -> Wire:
    """Remove a tag if it is there."""
    _, version = find_version(tx, message.name, message.version)
    tags = model_version_tags.c
    tx.execute(sa.delete(model_version_tags).where(tags.model_version_id == version.id, tags.key == message.key))
    return {}


@performs(TransitionModelVersionStage)
def transition_model_version_stage(tx: Transaction, message: TransitionModelVersionStage) -> Wire:
    """Move a version to a stage."""
    stage = checked_stage(message.stage, message.archive_existing_versions)
    model, version = find_version(tx, message.name, message.version, to_change=True)
    cause = Cause(message.user_id, message.reason)
    transition(tx, model, version, stage, cause, archive=message.archive_existing_versions)
    return _one(tx, version.id)
