"""Operations on logged models."""

from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa

from runyard.core.entity import Tag
from runyard.core.ids import new_run_id
from runyard.core.limits import shown
from runyard.core.names import random_run_name
from runyard.db.dialects import upsert
from runyard.db.transaction import Transaction
from runyard.exceptions import AlreadyExists, BadRequest, DoesNotExist
from runyard.gate.performers import performs
from runyard.protocol.answer import Wire
from runyard.tracking.experiments.operations import FoundExperiment, active_experiment, home_of
from runyard.tracking.experiments.stages import ACTIVE, DELETED
from runyard.tracking.logged_models.messages import (
    MODEL_STATUSES,
    CreateLoggedModel,
    DeleteLoggedModel,
    DeleteLoggedModelTag,
    FinalizeLoggedModel,
    GetLoggedModel,
    LogLoggedModelParams,
    LogOutputs,
    SearchLoggedModels,
    SetLoggedModelTags,
    StartLoggedModel,
)
from runyard.tracking.logged_models.search import search_model_numbers
from runyard.tracking.logged_models.tables import (
    logged_model_params,
    logged_model_tags,
    logged_models,
    model_outputs,
)
from runyard.tracking.logged_models.wire import models_on_wire
from runyard.tracking.runs.entities import Param
from runyard.tracking.runs.rows import active_run, find_run

_STATUSES = dict(MODEL_STATUSES)


class FoundModel(NamedTuple):
    """The columns of a logged model that operations need."""

    id: int
    artifact_location: str
    lifecycle_stage: str


def find_logged_model(tx: Transaction, model_id: str, *, deleted_too: bool = False, lock: bool = False) -> FoundModel:
    """The logged model with this id.

    Raises
    ------
    DoesNotExist: There is none, or it is deleted.
    """
    columns = (logged_models.c[name] for name in FoundModel._fields)
    chosen = sa.select(*columns).where(logged_models.c.model_id == model_id)
    row = tx.execute(chosen.with_for_update() if lock else chosen).first()
    if row is None or (row.lifecycle_stage != ACTIVE and not deleted_too):
        if row is None:
            raise DoesNotExist(f"No logged model has the id {shown(model_id)}. Search those of its experiment.")
        raise DoesNotExist(f"The logged model with the id {shown(model_id)} is deleted.")
    return FoundModel(*row)


@performs(CreateLoggedModel)
def create_logged_model(tx: Transaction, message: CreateLoggedModel) -> Wire:
    """Insert a logged model with its params and tags."""
    return _insert(tx, f"m-{new_run_id()}", active_experiment(tx, message.experiment_id), message)


@performs(StartLoggedModel)
def start_logged_model(tx: Transaction, message: StartLoggedModel) -> Wire:
    """Insert a logged model under the id it has, unless that was done before."""
    columns = (logged_models.c.id, logged_models.c.source_run_id)
    begun = tx.execute(sa.select(*columns).where(logged_models.c.model_id == message.model_id)).first()
    if begun is None:
        of_run = not (message.experiment_id or message.experiment_name)
        experiment_id = str(find_run(tx, message.source_run_id).experiment_id) if of_run else message.experiment_id
        home = home_of(tx, experiment_id, message.experiment_name)
        return _insert(tx, message.model_id, home, message.described(str(home.experiment_id)))
    if begun.source_run_id != message.source_run_id:
        raise AlreadyExists(f"Another model has the id {message.model_id} already. Begin it under an id of its own.")
    return _one(tx, begun.id)


def _insert(tx: Transaction, model_id: str, experiment: FoundExperiment, message: CreateLoggedModel) -> Wire:
    location = f"{experiment.artifact_location.rstrip('/')}/models/{model_id}/artifacts"
    number = tx.execute(
        sa.insert(logged_models)
        .values(
            model_id=model_id,
            experiment_id=experiment.experiment_id,
            name=message.name or random_run_name(),
            model_type=message.model_type,
            source_run_id=message.source_run_id,
            artifact_location=location,
            status=_STATUSES["LOGGED_MODEL_PENDING"],
            lifecycle_stage=ACTIVE,
            creation_time=tx.now_ms,
            last_updated_time=tx.now_ms,
        )
        .returning(logged_models.c.id)
    ).scalar_one()
    _add_params(tx, number, message.params)
    _put_tags(tx, number, message.tags)
    return _one(tx, number)


def _one(tx: Transaction, number: int) -> Wire:
    return {"model": models_on_wire(tx, [number])[0]}


def _add_params(tx: Transaction, number: int, params: Sequence[Param]) -> None:
    """Insert params.

    Raises
    ------
    BadRequest: One is there already.
    """
    for param in sorted(params, key=lambda param: param.key):
        statement = upsert(tx, logged_model_params).values(logged_model_id=number, key=param.key, value=param.value)
        added = statement.on_conflict_do_nothing().returning(logged_model_params.c.key)
        if tx.execute(added).first() is None:  # PostgreSQL's driver counts no rows here
            raise BadRequest(f"This model has a param {param.key!r} already: params are logged once.")


def _put_tags(tx: Transaction, number: int, tags: Sequence[Tag]) -> None:
    given = {tag.key: tag.value for tag in tags}
    statement = upsert(tx, logged_model_tags)
    unique = [logged_model_tags.c.logged_model_id, logged_model_tags.c.key]
    put = statement.on_conflict_do_update(index_elements=unique, set_={"value": statement.excluded.value})
    if given:
        tx.execute(put, [{"logged_model_id": number, "key": key, "value": given[key]} for key in sorted(given)])


@performs(GetLoggedModel)
def get_logged_model(tx: Transaction, message: GetLoggedModel) -> Wire:
    """One logged model."""
    return _one(tx, find_logged_model(tx, message.model_id, deleted_too=message.allow_deleted).id)


def _change(tx: Transaction, number: int, **values: object) -> None:
    changed = sa.update(logged_models).where(logged_models.c.id == number)
    tx.execute(changed.values(last_updated_time=tx.now_ms, **values))


@performs(FinalizeLoggedModel)
def finalize_logged_model(tx: Transaction, message: FinalizeLoggedModel) -> Wire:
    """Set the status."""
    model = find_logged_model(tx, message.model_id)
    _change(tx, model.id, status=_STATUSES[message.status])
    return _one(tx, model.id)


@performs(DeleteLoggedModel)
def delete_logged_model(tx: Transaction, message: DeleteLoggedModel) -> Wire:
    """Mark as deleted."""
    model = find_logged_model(tx, message.model_id, deleted_too=True)
    if model.lifecycle_stage == ACTIVE:
        _change(tx, model.id, lifecycle_stage=DELETED, deleted_time=tx.now_ms)
    return {}


@performs(SetLoggedModelTags)
def set_logged_model_tags(tx: Transaction, message: SetLoggedModelTags) -> Wire:
    """Set or replace tags."""
    model = find_logged_model(tx, message.model_id)
    _put_tags(tx, model.id, message.tags)
    return {}


@performs(DeleteLoggedModelTag)
def delete_logged_model_tag(tx: Transaction, message: DeleteLoggedModelTag) -> Wire:
    """Remove a tag."""
    model = find_logged_model(tx, message.model_id)
    tags = logged_model_tags.c
    chosen = sa.delete(logged_model_tags).where(tags.logged_model_id == model.id, tags.key == message.tag_key)
    if not tx.execute(chosen).rowcount:
        raise DoesNotExist(f"Logged model {message.model_id} has no tag {shown(message.tag_key)}.")
    return {}


@performs(LogLoggedModelParams)
def log_logged_model_params(tx: Transaction, message: LogLoggedModelParams) -> Wire:
    """Add params, all of them or none."""
    model = find_logged_model(tx, message.model_id)
    _add_params(tx, model.id, message.params)
    return {}


@performs(SearchLoggedModels)
def search_logged_models(tx: Transaction, message: SearchLoggedModels) -> Wire:
    """A page of logged models."""
    numbers, token = search_model_numbers(tx, message)
    models = models_on_wire(tx, numbers) if numbers else []
    return {**({"models": models} if models else {}), **({"next_page_token": token} if token else {})}


@performs(LogOutputs)
def log_outputs(tx: Transaction, message: LogOutputs) -> Wire:
    """Link logged models to the run that put them out; a link that is there already takes the new step."""
    run = active_run(tx, message.run_id)
    steps = {model.model_id: model.step for model in message.models}
    if steps:
        statement = upsert(tx, model_outputs)
        unique = [model_outputs.c.run_id, model_outputs.c.model_id]
        put = statement.on_conflict_do_update(index_elements=unique, set_={"step": statement.excluded.step})
        tx.execute(put, [{"run_id": run.id, "model_id": key, "step": steps[key]} for key in sorted(steps)])
    return {}
