"""The variables that a project's programs get: where to log, which run is theirs, and what ``mlflow`` means."""

import os
from collections.abc import Mapping

from runyard import settings
from runyard._missing import mlflow
from runyard.client import RunyardClient
from runyard.core.store_address import absolute, is_server


def of_run(client: RunyardClient, run_id: str, experiment_id: str) -> dict[str, str]:
    """What a program must know to log to a run: the same names, for Runyard and for MLflow.

    Parameters
    ----------
    client: Where the run is.
    """
    known = {
        settings.RUN_ID: run_id,
        settings.PROJECT_RUN_ID: run_id,
        settings.EXPERIMENT_ID: experiment_id,
        settings.TRACKING_URI: absolute(client.tracking_uri),
    }
    if client.registry_uri != client.tracking_uri:
        known[settings.REGISTRY_URI] = absolute(client.registry_uri)
    return {setting.names[-1]: value for setting, value in known.items()}


def inherited() -> dict[str, str]:
    """The variables of this process, less those that would contradict the run's own."""
    run = (settings.RUN_ID, settings.PROJECT_RUN_ID, settings.EXPERIMENT_ID, settings.EXPERIMENT_NAME)
    hidden = {name for setting in (*run, settings.TRACKING_URI, settings.REGISTRY_URI) for name in setting.names}
    return {name: value for name, value in os.environ.items() if name not in hidden}


def of_programs(client: RunyardClient, manager: str | None, reuse: bool) -> dict[str, str]:
    """Everything else: output arrives at once, ``import mlflow`` works, and inner projects are run as the outer one.

    Parameters
    ----------
    manager: The environment manager that was chosen; None when it was left open.
    reuse: Whether inner projects may take earlier runs as their results.
    """
    chosen: dict[str, str] = {}
    if manager:
        chosen[settings.PROJECT_ENV_MANAGER.names[0]] = manager
    if reuse:
        chosen[settings.PROJECT_REUSE.names[0]] = "true"
    return {"PYTHONUNBUFFERED": "1", **_aliasing(client), **chosen}


def _aliasing(client: RunyardClient) -> dict[str, str]:
    """What makes ``import mlflow`` give Runyard where the real one is not installed, or could not open the store."""
    mode = settings.ALIAS.get()
    if mode is None:
        mode = "always" if mlflow().is_installed() or not is_server(client.tracking_uri) else "missing"
    return mlflow().variables_of_programs(str(mode))


def merged(*parts: Mapping[str, str]) -> dict[str, str]:
    """All of them; later ones win."""
    return {name: value for part in parts for name, value in part.items()}
