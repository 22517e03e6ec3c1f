"""Logging files, texts, pictures and tables as artifacts of the active run, or of a new one if there is none."""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from runyard._lazy import public_function
from runyard.artifacts.addresses import uri_joined
from runyard.artifacts.paths import PathText, normalised, path_text
from runyard.client.addresses import RUNS
from runyard.fluent.clients import client as current_client
from runyard.fluent.experiments import current_experiment_id
from runyard.fluent.stack import addressed, innermost

if TYPE_CHECKING:
    import pandas as pd


def log_artifact(
    local_path: str | os.PathLike[str], artifact_path: PathText | None = None, run_id: str | None = None
) -> None:
    """Store a file or a folder.

    Parameters
    ----------
    local_path: The file or folder.
    artifact_path: The folder among the run's artifacts to put it in.
    run_id: Log to this run instead of the active one.
    """
    client, run = addressed(run_id)
    client.log_artifact(run, local_path, artifact_path)


def log_artifacts(
    local_dir: str | os.PathLike[str], artifact_path: PathText | None = None, run_id: str | None = None
) -> None:
    """Store everything in a folder."""
    client, run = addressed(run_id)
    client.log_artifacts(run, local_dir, artifact_path)


def log_text(text: str, artifact_file: PathText, run_id: str | None = None) -> None:
    """Store text as a file at this path."""
    client, run = addressed(run_id)
    client.log_text(run, text, artifact_file)


def log_dict(dictionary: Any, artifact_file: PathText, run_id: str | None = None) -> None:
    """Store a dictionary or list as YAML if the path ends in .yml or .yaml, else as JSON."""
    client, run = addressed(run_id)
    client.log_dict(run, dictionary, artifact_file)


def log_figure(figure: Any, artifact_file: PathText, *, save_kwargs: Mapping[str, Any] | None = None) -> None:
    """Store a figure of matplotlib or plotly; the path's ending says in which format."""
    client, run = addressed(None)
    client.log_figure(run, figure, artifact_file, save_kwargs=dict(save_kwargs) if save_kwargs else None)


def log_image(
    image: Any,
    artifact_file: PathText | None = None,
    key: str | None = None,
    step: int | None = None,
    timestamp: int | None = None,
    synchronous: bool | None = False,
) -> None:
    """Store a picture (numpy array, PIL image), at a path of its own or as one of a series under `key` and `step`."""
    client, run = addressed(None)
    client.log_image(run, image, artifact_file, key, step, timestamp, synchronous)


def log_table(data: "dict[str, Any] | pd.DataFrame", artifact_file: PathText, run_id: str | None = None) -> None:
    """Store a table, or append its rows to the one stored at this path."""
    client, run = addressed(run_id)
    client.log_table(run, data, artifact_file)


def load_table(
    artifact_file: PathText, run_ids: list[str] | None = None, extra_columns: list[str] | None = None
) -> "pd.DataFrame":
    """The tables stored at this path by the runs of the current experiment, in one frame.

    Parameters
    ----------
    artifact_file: Where the tables were stored.
    run_ids: Take only these runs.
    extra_columns: What to add of each run, as the columns of `search_runs` are called: ``run_id``, ``params.x``.
    """
    return current_client().load_table(current_experiment_id(), artifact_file, run_ids, extra_columns)


def get_artifact_uri(artifact_path: PathText | None = None) -> str:
    """Where the active run's artifacts are kept, or one of them."""
    run = innermost() or public_function("start_run")()
    root = run.info.artifact_uri or ""
    if root.startswith(RUNS) and not run.client.connection.is_away():  # begun without its server, which has made it now
        root = run.client.get_run(run.info.run_id).info.artifact_uri or ""
    return uri_joined(root, normalised(path_text(artifact_path).lstrip("/")))
