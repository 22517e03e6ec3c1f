"""Finding an earlier run of the same: the same files, entry point, values, input files and environment."""

import hashlib
import json
from itertools import chain
from pathlib import Path

from runyard.client import RunyardClient
from runyard.projects import tags
from runyard.projects.request import Prepared
from runyard.projects.state import content_digest, everything_in, project_files, state_of

MAX_UNASKED = 100_000_000
"""Maximum size in bytes of a project and its inputs that is digested when reuse is not wanted."""


def fingerprint(prepared: Prepared, asked: bool) -> str | None:
    """A digest of everything that determines the result of a run; None for a large project unless it is wanted.

    Files that parameters of the type path lead to count with their content, wherever they are.
    """
    folder = prepared.source.folder
    paths = [name for name, one in prepared.entry_point.parameters.items() if one.type == "path"]
    if not asked and not _is_small(folder, [Path(prepared.resolved[name]) for name in paths]):
        return None
    values = {
        name: content_digest(Path(value)) if name in paths else value for name, value in prepared.resolved.items()
    }
    parts = [state_of(folder), prepared.request.entry_point, values, prepared.plan.identity]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _is_small(project: Path, inputs: list[Path]) -> bool:
    """Whether a project and its inputs are small enough to digest."""
    given = (file for path in inputs for file in (everything_in(path) if path.is_dir() else [path]))
    total = 0
    for file in chain(project_files(project), given):
        total += file.stat().st_size
        if total > MAX_UNASKED:
            return False
    return True


def earlier_run(client: RunyardClient, experiment_id: str, wanted: str) -> str | None:
    """The newest finished run of an experiment with a fingerprint; None when there is none."""
    found = client.search_runs(
        [experiment_id],
        filter_string=f"tags.`{tags.FINGERPRINT}` = '{wanted}' and attributes.status = 'FINISHED'",
        order_by=["attributes.end_time DESC"],
        max_results=1,
    )
    return found[0].info.run_id if found else None
