"""Operations on registered models."""

import sqlalchemy as sa

from runyard.core.limits import shown
from runyard.core.model_uri import STAGES
from runyard.db.dialects import upsert
from runyard.db.transaction import Transaction
from runyard.exceptions import AlreadyExists
from runyard.gate.performers import performs
from runyard.protocol.answer import Wire
from runyard.registry.model_versions.rows import version_of, version_with_alias
from runyard.registry.model_versions.tables import model_versions
from runyard.registry.model_versions.wire import versions_on_wire
from runyard.registry.names import stage_named, version_number
from runyard.registry.promotion.moves import Cause
from runyard.registry.registered_models.aliases import remove_alias, set_alias
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
from runyard.registry.registered_models.rows import find_model
from runyard.registry.registered_models.search import search_model_ids
from runyard.registry.registered_models.tables import registered_model_tags, registered_models
from runyard.registry.registered_models.wire import latest_versions, models_on_wire


@performs(CreateRegisteredModel)
def create_registered_model(tx: Transaction, message: CreateRegisteredModel) -> Wire:
    """Insert a registered model with its tags; of a tag given twice the last counts."""
    _refuse_taken_name(tx, message.name)
    number = tx.execute(
        sa.insert(registered_models)
        .values(
            name=message.name,
            description=message.description or None,
            last_version=0,
            creation_time=tx.now_ms,
            last_updated_time=tx.now_ms,
        )
        .returning(registered_models.c.id)
    ).scalar_one()
    tags = {tag.key: tag.value for tag in message.tags}
    if tags:
        rows = [{"registered_model_id": number, "key": key, "value": value} for key, value in tags.items()]
        tx.execute(sa.insert(registered_model_tags), rows)
    return _one(tx, number)


def _refuse_taken_name(tx: Transaction, name: str) -> None:
    if tx.scalar(sa.select(registered_models.c.id).where(registered_models.c.name == name)) is not None:
        raise AlreadyExists(f"A registered model named {shown(name)} already exists. Add a version to it.")


def _one(tx: Transaction, number: int) -> Wire:
    return {"registered_model": models_on_wire(tx, [number])[0]}


@performs(GetRegisteredModel)
def get_registered_model(tx: Transaction, message: GetRegisteredModel) -> Wire:
    """One registered model."""
    return _one(tx, find_model(tx, message.name).id)


@performs(SearchRegisteredModels)
def search_registered_models(tx: Transaction, message: SearchRegisteredModels) -> Wire:
    """A page of registered models."""
    ids, token = search_model_ids(tx, message.filter, message.order_by, message.max_results, message.page_token)
    models = models_on_wire(tx, ids) if ids else []
    return {
        **({"registered_models": models} if models else {}),
        **({"next_page_token": token} if token else {}),
    }


@performs(UpdateRegisteredModel)
def update_registered_model(tx: Transaction, message: UpdateRegisteredModel) -> Wire:
    """Set or clear the description."""
    model = find_model(tx, message.name, to_change=True)
    changed = sa.update(registered_models).where(registered_models.c.id == model.id)
    tx.execute(changed.values(description=message.description, last_updated_time=tx.now_ms))
    return _one(tx, model.id)


@performs(RenameRegisteredModel)
def rename_registered_model(tx: Transaction, message: RenameRegisteredModel) -> Wire:
    """Change the name; versions count as changed too, since their name changes."""
    model = find_model(tx, message.name, to_change=True)
    if message.new_name != model.name:
        _refuse_taken_name(tx, message.new_name)
    changed = sa.update(registered_models).where(registered_models.c.id == model.id)
    tx.execute(changed.values(name=message.new_name, last_updated_time=tx.now_ms))
    versions = sa.update(model_versions).where(model_versions.c.registered_model_id == model.id)
    tx.execute(versions.values(last_updated_time=tx.now_ms))
    return _one(tx, model.id)


@performs(DeleteRegisteredModel)
def delete_registered_model(tx: Transaction, message: DeleteRegisteredModel) -> Wire:
    """Remove a registered model with its versions, tags and aliases."""
    model = find_model(tx, message.name, to_change=True)
    tx.execute(sa.delete(registered_models).where(registered_models.c.id == model.id))
    return {}


@performs(GetLatestVersions)
def get_latest_versions(tx: Transaction, message: GetLatestVersions) -> Wire:
    """The highest version in each of some stages, by version."""
    model = find_model(tx, message.name)
    wanted = {stage_named(stage) for stage in message.stages} or set(STAGES)
    found = latest_versions(tx, [model.id], wanted, aliases=True)
    return {"model_versions": found[model.id]} if found else {}


@performs(SetRegisteredModelTag)
def set_registered_model_tag(tx: Transaction, message: SetRegisteredModelTag) -> Wire:
    """Set or replace a tag; MLflow does not count this as a change of the model."""
    model = find_model(tx, message.name)
    tags = registered_model_tags.c
    statement = upsert(tx, registered_model_tags).values(
        registered_model_id=model.id, key=message.key, value=message.value
    )
    unique = [tags.registered_model_id, tags.key]
    tx.execute(statement.on_conflict_do_update(index_elements=unique, set_={"value": message.value}))
    return {}


@performs(DeleteRegisteredModelTag)
def delete_registered_model_tag(tx: Transaction, message: DeleteRegisteredModelTag) -> Wire:
    """Remove a tag if it is there."""
    model = find_model(tx, message.name)
    tags = registered_model_tags.c
    tx.execute(sa.delete(registered_model_tags).where(tags.registered_model_id == model.id, tags.key == message.key))
    return {}


@performs(SetRegisteredModelAlias)
def set_registered_model_alias(tx: Transaction, message: SetRegisteredModelAlias) -> Wire:
    """Point an alias at a version."""
    number = version_number(message.version)
    model = find_model(tx, message.name, to_change=True)
    version = version_of(tx, model, number)
    set_alias(tx, model, message.alias, version.version, Cause(message.user_id, message.reason))
    return {}


@performs(GetModelVersionByAlias)
def get_model_version_by_alias(tx: Transaction, message: GetModelVersionByAlias) -> Wire:
    """The version an alias points at."""
    version = version_with_alias(tx, find_model(tx, message.name), message.alias)
    return {"model_version": versions_on_wire(tx, [version.id])[0]}


@performs(DeleteRegisteredModelAlias)
def delete_registered_model_alias(tx: Transaction, message: DeleteRegisteredModelAlias) -> Wire:
    """Remove an alias if it is there."""
    model = find_model(tx, message.name, to_change=True)
    remove_alias(tx, model, message.alias, Cause(message.user_id, message.reason))
    return {}
