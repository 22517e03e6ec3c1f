"""Operations on experiments."""

from typing import Any, NamedTuple

import sqlalchemy as sa

from runyard.db.dialects import VALUES, among, bound, upsert
from runyard.db.jobs import Unfinished
from runyard.db.schema import fills_new_schema
from runyard.db.transaction import Prepared, Transaction
from runyard.exceptions import AlreadyExists, DoesNotExist, InvalidParameter
from runyard.gate.performers import performs
from runyard.protocol.answer import Wire
from runyard.search.fields import EXPERIMENT_FIELDS
from runyard.search.parser import parse_filter
from runyard.tracking.experiments.entities import Experiment
from runyard.tracking.experiments.folders import folders_in
from runyard.tracking.experiments.locations import checked_location
from runyard.tracking.experiments.messages import (
    CountExperiments,
    CreateExperiment,
    DeleteExperiment,
    DeleteExperimentTag,
    GetExperiment,
    GetExperimentByName,
    ListExperimentFolders,
    RestoreExperiment,
    SearchExperiments,
    SetExperimentTag,
    SummarizeExperiments,
    UpdateExperiment,
    experiment_number,
)
from runyard.tracking.experiments.search import matching_experiments, search_experiment_ids
from runyard.tracking.experiments.stages import (
    ACTIVE,
    DELETED,
    begin_change,
    go_on,
    refuse_while_removed,
    removed_experiments,
    unfinished_change,
)
from runyard.tracking.experiments.summaries import summaries
from runyard.tracking.experiments.tables import experiment_tags, experiments


def experiments_on_wire(tx: Transaction, numbers: list[int]) -> list[dict[str, Any]]:
    """The experiments with these ids, in this order, as the protocol shows them. Two statements."""
    asked = bound(tx, numbers)
    tags: dict[int, list[dict[str, str]]] = {}
    for number, key, value in _tags_of.rows(tx, asked):
        tags.setdefault(number, []).append({"key": key, "value": value})
    shown = {row[0]: _on_wire(row, tags.get(row[0])) for row in _rows_of.rows(tx, asked)}
    return [shown[number] for number in numbers if number in shown]


_SHOWN = ("experiment_id", "name", "artifact_location", "lifecycle_stage", "last_update_time", "creation_time")
_rows_of = Prepared(
    lambda dialect: sa.select(*(experiments.c[name] for name in _SHOWN)).where(
        among(dialect, experiments.c.experiment_id)
    ),
    VALUES,
)
_tags_of = Prepared(
    lambda dialect: (
        sa.select(experiment_tags)
        .where(among(dialect, experiment_tags.c.experiment_id))
        .order_by(experiment_tags.c.key)
    ),
    VALUES,
)


def _on_wire(row: tuple[Any, ...], tags: list[dict[str, str]] | None) -> dict[str, Any]:
    fields = dict(zip(_SHOWN, (str(row[0]), *row[1:]), strict=True))
    return {**fields, "tags": tags} if tags else fields


class FoundExperiment(NamedTuple):
    """The columns of an experiment that operations need."""

    experiment_id: int
    name: str
    artifact_location: str
    lifecycle_stage: str


_find_and_share = Prepared(
    sa.select(*(experiments.c[name] for name in FoundExperiment._fields))
    .where(experiments.c.experiment_id == sa.bindparam("number"))
    .with_for_update(read=True),
    "number",
)


def find_experiment(tx: Transaction, experiment_id: str) -> FoundExperiment:
    """The row of an experiment, locked against a concurrent change of its stage on PostgreSQL.

    Raises
    ------
    DoesNotExist: No experiment has this id.
    """
    number = experiment_number(experiment_id)
    row = _find_and_share.row(tx, number)
    if row is None:
        raise DoesNotExist(f"No experiment has the id {experiment_id}. Search the experiments for its name.")
    return FoundExperiment(*row)


def active_experiment(tx: Transaction, experiment_id: str) -> FoundExperiment:
    """The row of an experiment that is not deleted."""
    row = find_experiment(tx, experiment_id)
    if row.lifecycle_stage != ACTIVE:
        raise InvalidParameter(f"Experiment {experiment_id} ({row.name!r}) is deleted. Restore it first.")
    return row


def _location_below_root(tx: Transaction, number: int) -> str:
    return f"{tx.settings.artifact_root.rstrip('/')}/{number}"


@fills_new_schema
def create_default_experiment(tx: Transaction) -> None:
    """Insert the experiment of runs that name none."""
    tx.execute(
        sa.insert(experiments).values(
            experiment_id=0,
            name=Experiment.DEFAULT_EXPERIMENT_NAME,
            artifact_location=_location_below_root(tx, 0),
            lifecycle_stage=ACTIVE,
            creation_time=tx.now_ms,
            last_update_time=tx.now_ms,
        )
    )


@performs(CreateExperiment)
def create_experiment(tx: Transaction, message: CreateExperiment) -> Wire:
    """Insert an experiment and place its artifacts below the store's root by default."""
    refuse_taken_name(tx, message.name)
    location = checked_location(message.artifact_location) if message.artifact_location else ""
    number = tx.execute(
        sa.insert(experiments)
        .values(
            name=message.name,
            artifact_location=location,
            lifecycle_stage=ACTIVE,
            creation_time=tx.now_ms,
            last_update_time=tx.now_ms,
        )
        .returning(experiments.c.experiment_id)
    ).scalar_one()
    if not location:
        placed = _location_below_root(tx, number)
        _update(tx, number, artifact_location=placed)
    if message.tags:
        rows = [{"experiment_id": number, "key": tag.key, "value": tag.value} for tag in message.tags]
        tx.execute(sa.insert(experiment_tags), rows)
    return {"experiment_id": str(number)}


def refuse_taken_name(tx: Transaction, name: str) -> None:
    """Raise when an experiment, active or deleted, has this name."""
    stage = tx.scalar(sa.select(experiments.c.lifecycle_stage).where(experiments.c.name == name))
    if stage is not None:
        hint = " It is deleted: restore it, or remove it for good." if stage == DELETED else ""
        raise AlreadyExists(f"An experiment named {name!r} already exists.{hint}")


def _update(tx: Transaction, number: int, **values: Any) -> None:
    tx.execute(sa.update(experiments).where(experiments.c.experiment_id == number).values(**values))


def home_of(tx: Transaction, experiment_id: str, name: str) -> FoundExperiment:
    """The active experiment with this id; else the one of this name, created if it does not exist."""
    if experiment_id:
        return active_experiment(tx, experiment_id)
    chosen = sa.select(experiments.c.experiment_id).where(experiments.c.name == name)
    number = tx.scalar(chosen)
    if number is None:
        create_experiment(tx, CreateExperiment(name=name))
        number = tx.scalar(chosen)
    return active_experiment(tx, str(number))


@performs(GetExperiment)
def get_experiment(tx: Transaction, message: GetExperiment) -> Wire:
    """One experiment by id."""
    found = experiments_on_wire(tx, [experiment_number(message.experiment_id)])
    if not found:
        raise DoesNotExist(f"No experiment has the id {message.experiment_id}. Search the experiments for its name.")
    return {"experiment": found[0]}


@performs(GetExperimentByName)
def get_experiment_by_name(tx: Transaction, message: GetExperimentByName) -> Wire:
    """One experiment by name."""
    number = tx.scalar(sa.select(experiments.c.experiment_id).where(experiments.c.name == message.experiment_name))
    if number is None:
        raise DoesNotExist(f"No experiment is named {message.experiment_name[:200]!r}.")
    return {"experiment": experiments_on_wire(tx, [number])[0]}


@performs(SearchExperiments)
def search_experiments(tx: Transaction, message: SearchExperiments) -> Wire:
    """A page of experiments: ids first, then their rows."""
    numbers, next_token = search_experiment_ids(
        tx, message.view_type, message.filter, message.order_by, message.max_results, message.page_token
    )
    answer: dict[str, Any] = {}
    if numbers:
        answer["experiments"] = experiments_on_wire(tx, list(numbers))
    if next_token:
        answer["next_page_token"] = next_token
    return answer


@performs(CountExperiments)
def count_experiments(tx: Transaction, message: CountExperiments) -> Wire:
    """The number of experiments that a search finds. One statement."""
    conditions = parse_filter(message.filter, EXPERIMENT_FIELDS)
    matching = matching_experiments(conditions, message.view_type, tx.dialect)
    return {"experiments": tx.scalar(sa.select(sa.func.count()).select_from(experiments).where(*matching))}


@performs(ListExperimentFolders)
def list_experiment_folders(tx: Transaction, message: ListExperimentFolders) -> Wire:
    """The folders in a folder. One statement."""
    return folders_in(tx, message.folder, message.view_type, message.order_by)


@performs(UpdateExperiment)
def update_experiment(tx: Transaction, message: UpdateExperiment) -> Wire:
    """Rename."""
    row = active_experiment(tx, message.experiment_id)
    if message.new_name != row.name:
        refuse_taken_name(tx, message.new_name)
        _update(tx, row.experiment_id, name=message.new_name, last_update_time=tx.now_ms)
    return {}


@performs(DeleteExperiment)
def delete_experiment(tx: Transaction, message: DeleteExperiment) -> Wire | Unfinished:
    """Mark it and its active runs as deleted, noting which runs went with it."""
    row = find_experiment(tx, message.experiment_id)
    change = unfinished_change(tx, row.experiment_id)
    if row.lifecycle_stage == ACTIVE and change is None:
        return begin_change(tx, row.experiment_id, DELETED)
    if change is not None and change.stage == DELETED:
        return go_on(tx, row.experiment_id, DELETED)
    if change is None or row.lifecycle_stage == DELETED:
        raise DoesNotExist(f"No active experiment has the id {message.experiment_id}: it is deleted already.")
    go_on(tx, row.experiment_id, ACTIVE)  # a restoration that was interrupted: first all runs come back
    return Unfinished(lambda later: delete_experiment(later, message))


@performs(RestoreExperiment)
def restore_experiment(tx: Transaction, message: RestoreExperiment) -> Wire | Unfinished:
    """Bring back the experiment and the runs deleted with it; runs deleted one by one before stay deleted."""
    row = find_experiment(tx, message.experiment_id)
    if row.lifecycle_stage == DELETED:
        refuse_while_removed(tx, row.experiment_id)
        return begin_change(tx, row.experiment_id, ACTIVE)
    if unfinished_change(tx, row.experiment_id) is None:
        raise DoesNotExist(f"No deleted experiment has the id {message.experiment_id}: it is active.")
    return go_on(tx, row.experiment_id, ACTIVE)


@performs(SetExperimentTag)
def set_experiment_tag(tx: Transaction, message: SetExperimentTag) -> Wire:
    """Insert or replace a tag."""
    row = active_experiment(tx, message.experiment_id)
    statement = upsert(tx, experiment_tags).values(
        experiment_id=row.experiment_id, key=message.key, value=message.value
    )
    tx.execute(
        statement.on_conflict_do_update(
            index_elements=["experiment_id", "key"], set_={"value": statement.excluded.value}
        )
    )
    _update(tx, row.experiment_id, last_update_time=tx.now_ms)
    return {}


@performs(DeleteExperimentTag)
def delete_experiment_tag(tx: Transaction, message: DeleteExperimentTag) -> Wire:
    """Remove a tag that is there."""
    row = active_experiment(tx, message.experiment_id)
    removed = tx.execute(
        sa.delete(experiment_tags).where(
            experiment_tags.c.experiment_id == row.experiment_id, experiment_tags.c.key == message.key
        )
    )
    if not removed.rowcount:
        raise DoesNotExist(f"Experiment {message.experiment_id} has no tag {message.key[:200]!r}.")
    _update(tx, row.experiment_id, last_update_time=tx.now_ms)
    return {}


@performs(SummarizeExperiments)
def summarize_experiments(tx: Transaction, message: SummarizeExperiments) -> Wire:
    """Counts of runs by status, and the time of the last start or end."""
    numbers = [experiment_number(number) for number in message.experiment_ids]
    found = summaries(tx, numbers, deleted=message.deleted_runs)
    going = removed_experiments(tx, numbers) if message.deleted_runs else frozenset()
    for summary in found:
        if int(summary["experiment_id"]) in going:
            summary["being_removed"] = True
    return {"experiments": found}
