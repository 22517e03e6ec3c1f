"""Operations on runs."""

import functools
import json
from typing import Any

import sqlalchemy as sa

from runyard.core.ids import new_run_id
from runyard.core.names import random_run_name
from runyard.core.tags import MODEL_HISTORY_TAG, RUN_NAME_TAG, TABLES_TAG
from runyard.db.transaction import Prepared, Transaction
from runyard.exceptions import AlreadyExists, Conflict, DoesNotExist, InvalidParameter
from runyard.gate.performers import performs
from runyard.protocol.answer import Wire
from runyard.search.fields import RUN_FIELDS
from runyard.search.parser import parse_filter
from runyard.tracking.experiments.operations import FoundExperiment, active_experiment, home_of
from runyard.tracking.experiments.stages import ACTIVE, DELETED, refuse_while_changing
from runyard.tracking.logged_models.metrics import append_to_models
from runyard.tracking.metrics import series
from runyard.tracking.runs.counts import count_runs
from runyard.tracking.runs.description import describe
from runyard.tracking.runs.documents import document
from runyard.tracking.runs.entities import GOING_ON
from runyard.tracking.runs.messages import (
    CountRuns,
    CreateRun,
    DeleteRun,
    DeleteTag,
    DescribeRuns,
    GetRun,
    LogBatch,
    LogModel,
    LogParam,
    RestoreRun,
    SearchRuns,
    SetTag,
    StartRun,
    UpdateRun,
    tables_of,
)
from runyard.tracking.runs.rows import (
    active_run,
    add_to_document,
    described_run,
    find_run,
    params_among,
    put_texts,
    remove_from_document,
    tag_value,
)
from runyard.tracking.runs.search import search_run_ids
from runyard.tracking.runs.tables import params, runs, tags
from runyard.tracking.runs.wire import INFO, info, one_run, run_info, run_on_wire, runs_on_wire, to_json

_NEW_RUN = "run_uuid experiment_id name user_id status start_time artifact_uri lifecycle_stage document".split()
_insert_run = Prepared(
    sa.insert(runs).values({name: sa.bindparam(name) for name in _NEW_RUN}).returning(runs.c.id), *_NEW_RUN
)


_FIRST_END = "first_end"
"""An end time for a run that has none yet."""


@functools.cache
def _change_run(names: tuple[str, ...]) -> Prepared:
    """The statement that changes these columns of a run, and returns what is shown of it."""
    given = {name: sa.bindparam(f"new_{name}", type_=_changed(name).type) for name in names}
    values: dict[Any, sa.ColumnElement[Any]] = {_changed(name): new for name, new in given.items()}
    if _FIRST_END in given:
        values[runs.c.end_time] = sa.func.coalesce(runs.c.end_time, given[_FIRST_END])
    statement = sa.update(runs).where(runs.c.id == sa.bindparam("run")).values(values).returning(*INFO)
    return Prepared(statement, *(f"new_{name}" for name in names), "run")


def _changed(name: str) -> sa.Column[Any]:
    return runs.c.end_time if name == _FIRST_END else runs.c[name]


@performs(CreateRun)
def create_run(tx: Transaction, message: CreateRun) -> Wire:
    """Insert a run with its tags; the name is always kept as a tag too."""
    return _insert(tx, new_run_id(), active_experiment(tx, message.experiment_id), message)


@performs(StartRun)
def start_run(tx: Transaction, message: StartRun) -> Wire:
    """Insert a run under the id it has, unless that was done before."""
    begun = tx.execute(sa.select(runs.c.id, runs.c.start_time).where(runs.c.run_uuid == message.run_id)).first()
    if begun is None:
        home = home_of(tx, message.experiment_id, message.experiment_name)
        return _insert(tx, message.run_id, home, message.described(str(home.experiment_id)))
    if begun.start_time != message.start_time:
        raise AlreadyExists(f"Another run has the id {message.run_id} already. Start it under an id of its own.")
    return one_run(tx, begun.id)


def _insert(tx: Transaction, run_id: str, experiment: FoundExperiment, message: CreateRun) -> Wire:
    given = {tag.key: tag.value for tag in message.tags}
    name = message.run_name or given.get(RUN_NAME_TAG) or random_run_name()
    given[RUN_NAME_TAG] = name
    artifact_uri = f"{experiment.artifact_location.rstrip('/')}/{run_id}/artifacts"
    started = tx.now_ms if message.start_time is None else message.start_time
    columns = (run_id, experiment.experiment_id, name, message.user_id, "RUNNING", started)
    text = document([], sorted(given.items()))
    row = _insert_run.row(tx, *columns, artifact_uri, ACTIVE, text)
    put_texts(tx, tags, row[0], given)  # type: ignore[index]  # an insert that returns nothing raises
    return to_json({"run": run_on_wire(info(None, *columns, None, artifact_uri, ACTIVE), text)})


@performs(GetRun)
def get_run(tx: Transaction, message: GetRun) -> Wire:
    """One run."""
    return one_run(tx, find_run(tx, message.wanted_id).id)


@performs(UpdateRun)
def update_run(tx: Transaction, message: UpdateRun) -> Wire:
    """Change what is given."""
    run = active_run(tx, message.wanted_id)
    if message.run_name:
        put_tags(tx, run.id, {RUN_NAME_TAG: message.run_name})
    changes: dict[str, Any] = {}
    if message.status is not None:
        changes["status"] = message.status
    if message.status in GOING_ON:
        changes["end_time"] = None
    elif message.end_time is not None:
        changes["end_time"] = message.end_time
    elif message.status is not None:
        changes[_FIRST_END] = tx.now_ms
    if not changes:
        return to_json({"run_info": run_info(tx, run.id)})
    row = _change_run(tuple(changes)).row(tx, *changes.values(), run.id)
    return to_json({"run_info": info(None, *row)})  # type: ignore[misc]  # the run was found before


@performs(DeleteRun)
def delete_run(tx: Transaction, message: DeleteRun) -> Wire:
    """Mark as deleted; a run that went with its experiment counts as deleted on its own from now on."""
    run = find_run(tx, message.run_id)
    if run.lifecycle_stage == ACTIVE:
        _stage(tx, run.id, DELETED, tx.now_ms)
    else:
        refuse_while_changing(tx, run.experiment_id, ACTIVE)
    return {}


@performs(RestoreRun)
def restore_run(tx: Transaction, message: RestoreRun) -> Wire:
    """Mark as active again."""
    run = find_run(tx, message.run_id)
    if run.lifecycle_stage == DELETED:
        if tx.scalar(sa.select(runs.c.removal_time).where(runs.c.id == run.id).with_for_update()) is not None:
            raise Conflict(f"Run {message.run_id!r} cannot be restored: its removal for good has begun.")
        refuse_while_changing(tx, run.experiment_id, DELETED)
        _stage(tx, run.id, ACTIVE, None)
    return {}


def _stage(tx: Transaction, number: int, stage: str, deleted_time: int | None) -> None:
    tx.execute(
        sa.update(runs)
        .where(runs.c.id == number)
        .values(lifecycle_stage=stage, deleted_time=deleted_time, deleted_with_experiment=False)
    )


def put_tags(tx: Transaction, number: int, given: dict[str, str]) -> None:
    """Insert or replace tags of a run; the tag that names the run renames it. Tags only, then the document."""
    add_to_document(tx, number, {}, write_tags(tx, number, given))


def write_tags(tx: Transaction, number: int, given: dict[str, str]) -> dict[str, str]:
    """Insert or replace tags, the document left alone, and say what they are: the tag that lists tables only grows."""
    if TABLES_TAG in given:
        given = {**given, TABLES_TAG: _with_known_tables(tag_value(tx, number, TABLES_TAG), given[TABLES_TAG])}
    put_texts(tx, tags, number, given)
    if given.get(RUN_NAME_TAG):
        tx.execute(sa.update(runs).where(runs.c.id == number).values(name=given[RUN_NAME_TAG]))
    return given


def _with_known_tables(before: str | None, given: str) -> str:
    """The tag that lists tables with the entries that were there: clients read, add and write at the same time."""
    known, new = tables_of(before), tables_of(given)
    missing = [entry for entry in known if entry not in new]
    return json.dumps([*missing, *new]) if missing and new else given


@performs(SetTag)
def set_tag(tx: Transaction, message: SetTag) -> Wire:
    """Insert or replace one tag."""
    run = described_run(tx, message.wanted_id)
    add_to_document(tx, run.id, {}, write_tags(tx, run.id, {message.key: message.value}), run.document)
    return {}


@performs(DeleteTag)
def delete_tag(tx: Transaction, message: DeleteTag) -> Wire:
    """Remove a tag that is there."""
    run = active_run(tx, message.run_id)
    removed = tx.execute(sa.delete(tags).where(tags.c.run_id == run.id, tags.c.key == message.key))
    if not removed.rowcount:
        raise DoesNotExist(f"Run {message.run_id} has no tag {message.key[:200]!r}.")
    remove_from_document(tx, run.id, message.key)
    return {}


@performs(LogParam)
def log_param(tx: Transaction, message: LogParam) -> Wire:
    """Insert a param, or agree that it is there already."""
    run = described_run(tx, message.wanted_id)
    given = {message.key: message.value}
    if write_params(tx, run.id, given):
        add_to_document(tx, run.id, given, {}, run.document, new=True)
    return {}


def write_params(tx: Transaction, number: int, given: dict[str, str]) -> bool:
    """Insert params, the document left alone; the first value of a key stays. Returns whether all of them are new.

    Raises
    ------
    InvalidParameter: A key was logged before with another value.
    """
    if put_texts(tx, params, number, given) == len(given):
        return True
    for key, value in params_among(tx, number, list(given)):
        if given[key] != value:
            raise InvalidParameter(
                f"Param {key!r} of this run is {value[:200]!r} already and cannot become {given[key][:200]!r}: "
                "params are logged once. Use another key, a tag, or a new run."
            )
    return False


@performs(LogBatch)
def log_batch(tx: Transaction, message: LogBatch) -> Wire:
    """Params, metrics and tags of a run, all in the one transaction."""
    described = described_run(tx, message.run_id) if message.params or message.tags else None
    run = described or active_run(tx, message.run_id, lock=False)
    given, written = {param.key: param.value for param in message.params}, {}
    if given:
        write_params(tx, run.id, given)
    if message.metrics:
        of_models = [point for point in message.metrics if point.model_id]
        if of_models:
            append_to_models(tx, run.id, of_models)
        series.append(tx, run.id, message.metrics, first=described is not None and not described.has_metrics)
    if message.tags:
        written = write_tags(tx, run.id, {tag.key: tag.value for tag in message.tags})
    if described:
        add_to_document(tx, run.id, given, written, described.document)
    return {}


@performs(SearchRuns)
def search_runs(tx: Transaction, message: SearchRuns) -> Wire:
    """A page of runs: ids first, then what they carry."""
    if not message.experiment_ids:
        parse_filter(message.filter, RUN_FIELDS)  # checked even when there is nothing to search
        return {}
    numbers, next_token = search_run_ids(
        tx,
        message.experiment_ids,
        message.run_view_type,
        message.filter,
        message.order_by,
        message.max_results,
        message.page_token,
    )
    page: dict[str, Any] = {"runs": runs_on_wire(tx, numbers)} if numbers else {}
    return to_json(page | ({"next_page_token": next_token} if next_token else {}))


@performs(CountRuns)
def count(tx: Transaction, message: CountRuns) -> Wire:
    """The number of matching runs."""
    return {"count": count_runs(tx, message.experiment_ids, message.run_view_type, message.filter)}


@performs(DescribeRuns)
def describe_runs(tx: Transaction, message: DescribeRuns) -> Wire:
    """How many runs match, and the keys of the newest of them."""
    return describe(tx, message)


@performs(LogModel)
def log_model(tx: Transaction, message: LogModel) -> Wire:
    """Append the model to the run's history tag, in which 2.x clients note models."""
    run = active_run(tx, message.run_id)
    put_tags(tx, run.id, {MODEL_HISTORY_TAG: _longer_history(tag_value(tx, run.id, MODEL_HISTORY_TAG), message)})
    return {}


def _longer_history(history: str | None, message: LogModel) -> str:
    try:
        model = json.loads(message.model_json)
        missing = [name for name in ("artifact_path", "flavors", "utc_time_created", "run_id") if name not in model]
    except (ValueError, TypeError, RecursionError):
        raise InvalidParameter("'model_json' is not a JSON object that describes a model.") from None
    if not isinstance(model, dict) or missing:
        raise InvalidParameter(f"'model_json' does not describe a model: it has no {', '.join(missing) or 'fields'}.")
    kept = {
        name: model[name]
        for name in ("run_id", "artifact_path", "utc_time_created", "model_uuid", "flavors")
        if name in model
    }
    try:
        before = json.loads(history) if history else []
    except ValueError:
        before = []
    return json.dumps([*(before if isinstance(before, list) else []), kept])
