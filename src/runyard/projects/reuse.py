"""Finding an earlier run of the same: the same files, entry point, values, input files and environment."""

import hashlib
import json
from pathlib import Path

from runyard.client import RunyardClient
from runyard.projects import tags
from runyard.projects.request import Prepared
from runyard.projects.state import content_digest, project_files, state_of

MOST_UNASKED = 100_000_000
"""Projects with more bytes are not digested unless somebody wants to reuse their runs."""


def fingerprint(prepared: Prepared, asked: bool) -> str | None:
    """What makes the result of a run what it is, as a digest; None for a large project when nobody asked.

    Files that parameters of the type path lead to count with their content, wherever they lie.
    """
    folder = prepared.source.folder
    if not asked and sum(path.stat().st_size for path in project_files(folder)) > MOST_UNASKED:
        return None
    kinds = {name: one.type for name, one in prepared.entry_point.parameters.items()}
    values = {
        name: content_digest(Path(value)) if kinds.get(name) == "path" else value
        for name, value in prepared.resolved.items()
    }
    parts = [state_of(folder), prepared.request.entry_point, values, prepared.plan.identity]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def earlier_run(client: RunyardClient, experiment_id: str, wanted: str) -> str | None:
    """The newest finished run of an experiment with a fingerprint; None when there is none."""
    found = client.search_runs(
        [experiment_id],
        filter_string=f"tags.`{tags.FINGERPRINT}` = '{wanted}' and attributes.status = 'FINISHED'",
        order_by=["attributes.end_time DESC"],
        max_results=1,
    )
    return found[0].info.run_id if found else None
