"""The interface of backends, at the place where MLflow's plug-ins look for it."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from runyard.projects.submitted_run import SubmittedRun


class AbstractBackend(ABC):
    """Runs projects somewhere. Its methods are MLflow's, so that its plug-ins fit."""

    @abstractmethod
    def run(
        self,
        project_uri: str,
        entry_point: str,
        params: Mapping[str, Any],
        version: str | None,
        backend_config: Mapping[str, Any],
        tracking_uri: str,
        experiment_id: str,
    ) -> SubmittedRun:
        """Begin to run a project.

        Parameters
        ----------
        project_uri: Where it is.
        entry_point: What of it to run.
        params: Values of its parameters.
        version: Branch, tag or commit, for projects in git.
        backend_config: What the caller gave for this backend, with the further arguments of the call under the names
            in `runyard.projects.config_keys`.
        tracking_uri: Where the run is logged.
        experiment_id: Its experiment.

        Raises
        ------
        ExecutionException: It cannot be run.
        """
