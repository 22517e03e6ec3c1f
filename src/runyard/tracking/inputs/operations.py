"""Operations on inputs."""

import sqlalchemy as sa

from runyard.core.tags import CONTEXT_TAG
from runyard.db.dialects import upsert
from runyard.db.transaction import Transaction
from runyard.gate.performers import performs
from runyard.protocol.answer import Wire
from runyard.tracking.experiments.messages import experiment_number
from runyard.tracking.inputs.entities import Dataset, DatasetInput
from runyard.tracking.inputs.messages import MAX_DATASETS, LogInputs, SearchDatasets
from runyard.tracking.inputs.tables import dataset_input_tags, dataset_inputs, datasets, model_inputs
from runyard.tracking.runs.rows import active_run
from runyard.tracking.runs.tables import runs


@performs(LogInputs)
def log_inputs(tx: Transaction, message: LogInputs) -> Wire:
    """Link datasets and models to a run; a link that is there already stays as it is, with its tags."""
    run = active_run(tx, message.run_id)
    for entry in message.datasets:
        _link(tx, run.id, dataset_number(tx, run.experiment_id, entry.dataset), entry)
    if message.models:
        rows = [{"run_id": run.id, "model_id": model.model_id} for model in message.models]
        tx.execute(upsert(tx, model_inputs).on_conflict_do_nothing(), rows)
    return {}


def dataset_number(tx: Transaction, experiment: int, dataset: Dataset) -> int:
    """The number of a dataset, which is inserted when the experiment has none of this name and digest."""
    wanted = sa.select(datasets.c.id).where(
        datasets.c.experiment_id == experiment, datasets.c.name == dataset.name, datasets.c.digest == dataset.digest
    )
    number = tx.scalar(wanted)
    if number is None:
        values = {**dataset.to_dictionary(), "experiment_id": experiment}
        number = tx.scalar(upsert(tx, datasets).values(**values).on_conflict_do_nothing().returning(datasets.c.id))
    if number is None:  # another process inserted it in between
        number = tx.scalar(wanted)
    return int(number)


def _link(tx: Transaction, run: int, dataset: int, entry: DatasetInput) -> None:
    link = tx.scalar(
        upsert(tx, dataset_inputs)
        .values(run_id=run, dataset_id=dataset)
        .on_conflict_do_nothing()
        .returning(dataset_inputs.c.id)
    )
    tags = {tag.key: tag.value for tag in entry.tags}
    if link is not None and tags:
        tx.execute(
            sa.insert(dataset_input_tags), [{"input_id": link, "key": key, "value": tags[key]} for key in sorted(tags)]
        )


@performs(SearchDatasets)
def search_datasets(tx: Transaction, message: SearchDatasets) -> Wire:
    """Distinct datasets used by active runs, with their contexts."""
    context = sa.select(dataset_input_tags).where(dataset_input_tags.c.key == CONTEXT_TAG).subquery()
    numbers = [experiment_number(experiment_id) for experiment_id in message.experiment_ids]
    statement = (
        sa.select(datasets.c.experiment_id, datasets.c.name, datasets.c.digest, context.c.value)
        .distinct()
        .join(dataset_inputs, dataset_inputs.c.dataset_id == datasets.c.id)
        .join(runs, runs.c.id == dataset_inputs.c.run_id)
        .outerjoin(context, context.c.input_id == dataset_inputs.c.id)
        .where(datasets.c.experiment_id.in_(numbers), runs.c.lifecycle_stage == "active")
        .order_by(datasets.c.experiment_id, datasets.c.name, datasets.c.digest, context.c.value)
        .limit(MAX_DATASETS)
    )
    summaries = [
        {"experiment_id": str(number), "name": name, "digest": digest, **({"context": used} if used else {})}
        for number, name, digest, used in tx.execute(statement)
    ]
    return {"dataset_summaries": summaries} if summaries else {}
