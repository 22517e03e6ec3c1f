"""What the database is asked about nested runs."""

from collections.abc import Sequence

import sqlalchemy as sa

from runyard.core.lifecycle import LifecycleStage
from runyard.db.conditions import number
from runyard.db.dialects import one_of
from runyard.db.transaction import Transaction
from runyard.tracking.experiments.tables import experiments, shown_stage
from runyard.tracking.run_trees.messages import MOST_COUNTED, MOST_MATCHES
from runyard.tracking.runs.conditions import View, meets
from runyard.tracking.runs.search import Search
from runyard.tracking.runs.tables import runs

_parent = runs.alias("parent")
_STAGES = (LifecycleStage.ACTIVE, LifecycleStage.DELETED)


def parents_in(tx: Transaction, view: View, most: int) -> list[int]:
    """Numbers of the first runs in view that have others nested in them. One statement, one seek in an index a run."""
    stages = sa.union_all(*(sa.select(sa.literal(stage, sa.Text).label("stage")) for stage in _STAGES)).subquery()
    least = sa.select(sa.func.min(runs.c.parent_id))
    homes = sa.select(experiments.c.experiment_id, stages.c.stage).join_from(experiments, stages, sa.true())
    home = experiments.c.experiment_id
    here = one_of(tx, home, view.experiments) if view.several else home == view.experiments[0]
    homes = homes.where(here, shown_stage(stages.c.stage, view.view_type))
    first = least.where(
        runs.c.experiment_id == experiments.c.experiment_id,
        runs.c.lifecycle_stage == stages.c.stage,
        runs.c.parent_id.is_not(None),
    ).correlate(experiments, stages)
    found = homes.add_columns(first.scalar_subquery().label("parent")).cte("found", recursive=True)
    following = least.where(
        runs.c.experiment_id == found.c.experiment_id,
        runs.c.lifecycle_stage == found.c.stage,
        runs.c.parent_id > found.c.parent,
    ).correlate(found)
    found = found.union_all(
        sa.select(found.c.experiment_id, found.c.stage, following.scalar_subquery()).where(found.c.parent.is_not(None))
    )
    return list(tx.execute(sa.select(found.c.parent).where(found.c.parent.is_not(None)).limit(most)).scalars())


def matching_of(tx: Transaction, search: Search, numbers: Sequence[int]) -> set[int]:
    """Which of some runs are in view and match. One statement."""
    tests = [*search.view.shown(tx.dialect, tested=True), *meets(search.conditions, tx.dialect)]
    return set(tx.execute(sa.select(runs.c.id).where(one_of(tx, runs.c.id, numbers), *tests)).scalars())


def count_children(tx: Transaction, search: Search, numbers: Sequence[int]) -> dict[int, tuple[int, bool]]:
    """How many matching runs are nested in each of some runs, up to a bound, and whether in more. One statement."""
    most = MOST_MATCHES if search.conditions else MOST_COUNTED
    chosen = (
        sa.select(number(1).label("one"))
        .where(
            runs.c.experiment_id == _parent.c.experiment_id,
            runs.c.lifecycle_stage == _parent.c.lifecycle_stage,
            runs.c.parent_id == _parent.c.id,
            *meets(search.conditions, tx.dialect),
        )
        .limit(most + 1)
        .correlate(_parent)
        .subquery()
    )
    counted = sa.select(sa.func.count()).select_from(chosen).scalar_subquery()
    rows = tx.execute(sa.select(_parent.c.id, counted).where(one_of(tx, _parent.c.id, numbers)))
    return {run: (min(children, most), children > most) for run, children in rows}


def places_of(tx: Transaction, numbers: Sequence[int]) -> dict[int, tuple[str, str, str]]:
    """The ids of some runs, with the ids and names of the runs that they are nested in. One statement."""
    chosen = sa.select(runs.c.id, runs.c.run_uuid, _parent.c.run_uuid, _parent.c.name)
    joined = chosen.outerjoin_from(runs, _parent, _parent.c.id == runs.c.parent_id)
    rows = tx.execute(joined.where(one_of(tx, runs.c.id, numbers)))
    return {run: (run_id, parent or "", name or "") for run, run_id, parent, name in rows}
