"""What a run records of its project: uncommitted changes, and installed packages."""

import logging
import tempfile
from pathlib import Path

from runyard.artifacts.repository import ArtifactRepository
from runyard.core.uncommitted import uncommitted
from runyard.exceptions import RunyardException
from runyard.projects.artifact_paths import PACKAGES, PATCH
from runyard.projects.environment import Plan
from runyard.projects.sources import Source
from runyard.projects.state import belongs

log = logging.getLogger(__name__)


def uncommitted_changes(source: Source) -> str | None:
    """The changes of the project's folder as a patch; None when there are none, or it was fetched for this run."""
    try:
        return None if source.is_copy else uncommitted(source.folder, belongs)
    except (RunyardException, OSError) as problem:
        log.warning("The uncommitted changes of the project cannot be read: %s", problem)
        return None


def keep(store: ArtifactRepository, patch: str | None, plan: Plan) -> None:
    """Store both among the run's artifacts. A run does not fail because they cannot be kept."""
    try:
        contents = {PATCH: patch, PACKAGES: plan.packages()}
        with tempfile.TemporaryDirectory(prefix="runyard-capture-") as scratch:
            for path, content in contents.items():
                if content:
                    file = Path(scratch, Path(path).name)
                    file.write_text(content, encoding="utf-8", errors="surrogateescape")
                    store.put_file(file, path)
    except Exception as problem:  # noqa: BLE001  (the edge: any store may be behind it)
        log.warning("What the project was run with cannot be stored: %s", problem)
