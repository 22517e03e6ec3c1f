"""The location of a version's files, with ``runs:/`` addresses resolved."""

import sqlalchemy as sa

from runyard.artifacts.addresses import uri_joined
from runyard.artifacts.paths import safe_path
from runyard.core.lifecycle import LifecycleStage
from runyard.db.transaction import Transaction
from runyard.tracking.logged_models.tables import logged_models
from runyard.tracking.runs.tables import runs

_RUNS = "runs:/"


def followed(tx: Transaction, location: str) -> str:
    """A location with ``runs:/`` followed; others, and those of runs that are not in this store, as they are.

    Since MLflow 3 the files of a model are not its run's, but ``runs:/<run id>/<model's name>`` still means them.
    """
    if not location.startswith(_RUNS):
        return location
    run_id, _, path = location.removeprefix(_RUNS).strip("/").partition("/")
    root = tx.scalar(sa.select(runs.c.artifact_uri).where(runs.c.run_uuid == run_id))
    if not root:
        return location
    name, _, below = path.partition("/")
    columns = logged_models.c
    newest = (
        sa.select(columns.artifact_location)
        .where(columns.source_run_id == run_id, columns.name == name, columns.lifecycle_stage == LifecycleStage.ACTIVE)
        .order_by(columns.creation_time.desc(), columns.id.desc())
        .limit(1)
    )
    own = tx.scalar(newest) if name else None
    root, path = (root, path) if own is None else (own, below)
    return uri_joined(str(root), safe_path(path))
