"""Where files are predicted for: on the processes of this machine or a cluster that Spark, Dask or Ray starts.

Each module has ``reports``, which yields the report of each file as it is done, whatever the order. A worker that dies
is the report of the file that it had; the others go on.
"""

import importlib
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from runyard.scoring.job import FileReport, FolderJob
from runyard.scoring.places import Found

ENGINES = ("spark", "dask", "ray")


@dataclass(frozen=True)
class Work:
    """Files to predict for, and with how many workers.

    Attributes
    ----------
    job: What is the same for all of them.
    files: The files.
    model: The folder with the model, here.
    address: The cluster; empty for workers on this machine.
    workers: How many of these.
    """

    job: FolderJob
    files: Sequence[Found]
    model: Path
    address: str
    workers: int

    def here(self) -> FolderJob:
        """The job for workers of this machine, which read the model where it is; others are sent it."""
        return replace(self.job, scorer=replace(self.job.scorer, folder=str(self.model)))


def reports(engine: str, work: Work) -> Generator[FileReport]:
    """The report of each file.

    Raises
    ------
    MissingPackage: The engine is not installed.
    RunyardException: The cluster cannot be reached.
    """
    module = importlib.import_module(f"runyard.scoring.engines.{engine}")
    return module.reports(work)  # type: ignore[no-any-return]
