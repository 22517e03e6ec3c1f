"""What the operations on a run's artifacts do."""

import sqlalchemy as sa

from runyard.artifacts.locations import open_location
from runyard.artifacts.paths import joined, safe_path
from runyard.db.transaction import Transaction
from runyard.protocol.performing import Wire, performs
from runyard.tracking.artifacts.messages import ListArtifacts
from runyard.tracking.runs.rows import find_run
from runyard.tracking.runs.tables import runs


@performs(ListArtifacts)
def list_artifacts(tx: Transaction, message: ListArtifacts) -> Wire:
    """List one level; paths are relative to the run's own root."""
    path = safe_path(message.path)
    run = find_run(tx, message.run_id or message.run_uuid or "")
    root_uri = tx.scalar(sa.select(runs.c.artifact_uri).where(runs.c.id == run.id))
    store, root = open_location(root_uri, tx.settings.artifact_folders)
    files = [info.to_wire() for info in store.list(joined(root, path))]
    for file in files:
        file["path"] = file["path"][len(root) + 1 :] if root else file["path"]
    return {"root_uri": root_uri, **({"files": files} if files else {})}
