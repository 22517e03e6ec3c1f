"""Why a deleted run or logged model must stay: something that is not deleted needs it."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

import sqlalchemy as sa

from runyard.db.dialects import one_of_values
from runyard.db.transaction import Transaction
from runyard.tracking.experiments.stages import ACTIVE, DELETED
from runyard.tracking.experiments.tables import experiments
from runyard.tracking.inputs.tables import model_inputs
from runyard.tracking.logged_models.tables import logged_model_metrics, logged_models, model_outputs
from runyard.tracking.runs.tables import runs


@dataclass(frozen=True)
class DeletedRun:
    """A run that may be removed."""

    number: int
    run_id: str
    name: str
    experiment_id: str
    artifact_uri: str
    lifecycle_stage: str


@dataclass(frozen=True)
class DeletedModel:
    """A logged model that may be removed; `is_deleted` on its own or with its experiment."""

    number: int
    model_id: str
    name: str
    experiment_id: str
    artifact_uri: str
    run_id: str
    deleted_time: int | None
    is_deleted: bool


class Needed(Protocol):
    """Knows what others need: the registry, which is built on this package."""

    def refresh(self, tx: Transaction) -> None:
        """Read what was added since the last call."""

    def run(self, run_id: str, artifact_uri: str) -> str | None:
        """What needs a run, described; None when nothing does."""

    def model(self, model_id: str, name: str, run_id: str, location: str) -> str | None:
        """What needs a logged model, described; None when nothing does."""


_KINDS: list[Callable[[str | None], Needed]] = []


def knows_needs(kind: Callable[[str | None], Needed]) -> None:
    """Have runs and logged models asked about there before they are removed.

    Parameters
    ----------
    kind: Creates the object that knows, given the artifact destination.
    """
    _KINDS.append(kind)


def needed_by_others(kept_at: str | None) -> Needed:
    """What knows which runs and logged models are needed, given the artifact destination."""
    (kind,) = _KINDS
    return kind(kept_at)


RUNS_ASKED_ABOUT = 1_000
"""Runs whose logged models are looked for with one statement."""


def reasons_to_keep_runs(
    tx: Transaction, needed: Needed, found: Sequence[DeletedRun], leaving: Collection[str] = frozenset()
) -> dict[str, str]:
    """Why runs must stay, by id; those that may go are left out. A statement for every thousand, and those with models.

    Parameters
    ----------
    leaving: Ids of the logged models that are removed before them.
    """
    reasons = {}
    for first in range(0, len(found), RUNS_ASKED_ABOUT):
        some = found[first : first + RUNS_ASKED_ABOUT]
        with_models = _with_models(tx, [run.run_id for run in some])
        for run in some:
            by = needed.run(run.run_id, run.artifact_uri)
            if by:
                reasons[run.run_id] = f"{by} needs it; delete the version first"
            elif run.run_id in with_models:
                model = _model_that_needs(tx, run, leaving)
                if model:
                    reasons[run.run_id] = model
    return reasons


def _with_models(tx: Transaction, run_ids: Sequence[str]) -> set[str]:
    """The runs that logged a model."""
    source = logged_models.c.source_run_id
    return set(tx.execute(sa.select(source).where(one_of_values(tx.dialect, source, run_ids))).scalars())


def _model_that_needs(tx: Transaction, run: DeletedRun, leaving: Collection[str]) -> str | None:
    below = logged_models.c.artifact_location.startswith(f"{run.artifact_uri.rstrip('/')}/", autoescape=True)
    measured = sa.exists().where(
        logged_model_metrics.c.logged_model_id == logged_models.c.id, logged_model_metrics.c.run_id == run.number
    )
    in_use = sa.or_(below, sa.and_(measured, _used_elsewhere(run.number)))
    chosen = sa.select(logged_models.c.model_id, logged_models.c.name).join(experiments, _EXPERIMENT_OF_MODEL)
    candidates = logged_models.c.source_run_id == run.run_id
    for row in tx.execute(chosen.where(candidates, in_use, *_MODEL_IS_ACTIVE).order_by(logged_models.c.id)):
        if row.model_id not in leaving:
            return f"logged model {row.model_id} ({row.name!r}) needs it; delete the model first"
    return None


def reason_to_keep_model(needed: Needed, model: DeletedModel) -> str | None:
    """Why a logged model must stay; None when it may go."""
    by = needed.model(model.model_id, model.name, model.run_id, model.artifact_uri)
    return f"{by} needs it; delete the version first" if by else None


_EXPERIMENT_OF_MODEL = experiments.c.experiment_id == logged_models.c.experiment_id
_MODEL_IS_ACTIVE = (logged_models.c.lifecycle_stage == ACTIVE, experiments.c.lifecycle_stage == ACTIVE)
MODEL_IS_DELETED = sa.or_(logged_models.c.lifecycle_stage == DELETED, experiments.c.lifecycle_stage == DELETED)
"""On its own, or with its experiment; of logged models joined with their experiments."""


def _used_elsewhere(number: int) -> sa.ColumnElement[bool]:
    """Whether another active run has the logged model as an input or output."""
    uses = [
        sa.exists().where(
            table.c.model_id == logged_models.c.model_id,
            table.c.run_id == runs.c.id,
            runs.c.id != number,
            runs.c.lifecycle_stage == ACTIVE,
        )
        for table in (model_inputs, model_outputs)
    ]
    return sa.or_(*uses)
