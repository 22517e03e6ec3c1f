"""What pages say of runs and models: their names, times, tags and latest metrics."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from runyard.core.lifecycle import LifecycleStage
from runyard.core.tags import (
    CONTEXT_TAG,
    NOTE_TAG,
    OUTPUT_TAG,
    PARENT_TAG,
    RUN_NAME_TAG,
    SOURCE_NAME_TAG,
    SOURCE_TYPE_TAG,
    STARRED_TAG,
    TABLES_TAG,
    USER_TAG,
)
from runyard.registry.model_versions.entities import ModelVersion
from runyard.registry.registered_models.entities import RegisteredModel
from runyard.tracking.experiments.entities import Experiment
from runyard.tracking.inputs.entities import Dataset, DatasetInput
from runyard.tracking.logged_models.entities import LoggedModel, LoggedModelStatus
from runyard.tracking.metrics.entities import Metric
from runyard.tracking.runs.entities import GOING_ON, Run
from runyard.ui.parts.looks import mark, marks

_RUN_TOOLS = ("mlflow.", "runyard.project.", "runyard.sweep", STARRED_TAG, OUTPUT_TAG)
_SHOWN_ELSEWHERE = (NOTE_TAG, RUN_NAME_TAG, USER_TAG, PARENT_TAG, STARRED_TAG, OUTPUT_TAG)
_ADDRESSES = ("uri", "url", "path", "table_name", "delta_table_name", "sql")
"""What the JSON of a dataset's source holds its address as, by the kind of source."""
_LOGGED_MODEL_STATUSES = {
    LoggedModelStatus.READY: "Ready",
    LoggedModelStatus.PENDING: "Pending",
    LoggedModelStatus.FAILED: "Upload failed",
}


def run_name(run: Run) -> str:
    """Its name, or its id when it has none."""
    return run.info.run_name or run.info.run_id


def names_of(runs: Sequence[Run]) -> dict[str, str]:
    """A name for each run; runs of the same name get the start of their id beside it."""
    ids, names = [run.info.run_id for run in runs], [run_name(run) for run in runs]
    times = Counter(names)
    return {
        run_id: name if times[name] == 1 else f"{name} ({run_id[:6]})" for run_id, name in zip(ids, names, strict=True)
    }


def user(run: Run) -> str:
    """Who made it; empty when unknown."""
    return run.info.user_id or run.data.tags.get(USER_TAG, "")


def parent_id(run: Run) -> str | None:
    """The id of the run that this one is nested in."""
    return run.data.tags.get(PARENT_TAG) or None


def is_running(run: Run) -> bool:
    """Whether it is still being written."""
    return run.info.status in GOING_ON


def ended(run: Run) -> int | None:
    """When it ended; None while it is going on, even when it was continued after an earlier end."""
    return None if is_running(run) else run.info.end_time


def took(run: Run) -> int | None:
    """Milliseconds that it took, when it has ended."""
    end = ended(run)
    return end - run.info.start_time if run.info.start_time and end else None


def lasted(run: Run, now_ms: int) -> int | None:
    """Milliseconds that it took, or has taken until now."""
    return now_ms - run.info.start_time if is_running(run) and run.info.start_time else took(run)


def is_starred(starred: Run | Experiment) -> bool:
    """Whether somebody starred it."""
    tags = starred.tags if isinstance(starred, Experiment) else starred.data.tags
    return tags.get(STARRED_TAG) == "true"


def is_project(run: Run) -> bool:
    """Whether it was made by running a project."""
    return run.data.tags.get(SOURCE_TYPE_TAG) == "PROJECT"


def has_output(run: Run) -> bool:
    """Whether what its processes print is kept."""
    return is_project(run) or OUTPUT_TAG in run.data.tags


def artifact_root(run: Run) -> str:
    """The address of its artifacts."""
    return run.info.artifact_uri or ""


def have_tables(runs: Sequence[Run]) -> bool:
    """Whether any of the runs says that it logged tables."""
    return any(TABLES_TAG in run.data.tags for run in runs)


def latest_metrics(run: Run) -> dict[str, Metric]:
    """The latest point of each metric, by key."""
    return {metric.key: metric for metric in run.data.latest_metrics}


def datasets(run: Run) -> list[DatasetInput]:
    """The datasets that it used."""
    return run.inputs.dataset_inputs if run.inputs else []


def context(used: DatasetInput) -> str:
    """What a run used a dataset for; empty when it did not say."""
    return next((tag.value for tag in used.tags if tag.key == CONTEXT_TAG), "")


def source_words(dataset: Dataset) -> str:
    """Where a dataset comes from: the address in its source, or the script that made it; else the source as it is."""
    try:
        source = json.loads(dataset.source)
    except ValueError:
        return dataset.source
    if not isinstance(source, dict):
        return dataset.source
    tags = source.get("tags")
    named = [source.get(name) for name in _ADDRESSES] + [tags.get(SOURCE_NAME_TAG) if isinstance(tags, dict) else None]
    return next((name for name in named if isinstance(name, str) and name), dataset.source)


def own_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """The tags that people set, by key."""
    return {key: value for key, value in sorted(tags.items()) if not key.startswith(("mlflow.", STARRED_TAG))}


def own_run_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """The tags of a run that people set, by key."""
    return {key: value for key, value in sorted(tags.items()) if not key.startswith(_RUN_TOOLS)}


def system_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """The tags of a run that tools set, by key; those shown elsewhere on the page are left out."""
    return {
        key: value for key, value in sorted(tags.items()) if key.startswith(_RUN_TOOLS) and key not in _SHOWN_ELSEWHERE
    }


def stage_of(version: ModelVersion) -> str:
    """The stage it is in, or the text ``None``."""
    return version.current_stage or "None"


def version_uri(version: ModelVersion) -> str:
    """Its address for clients."""
    return f"models:/{version.name}/{version.version}"


def newest(model: RegisteredModel) -> ModelVersion | None:
    """The version with the highest number."""
    return max(model.latest_versions, key=lambda version: int(version.version), default=None)


def production(model: RegisteredModel) -> ModelVersion | None:
    """The highest version in Production."""
    return next((version for version in model.latest_versions if version.current_stage == "Production"), None)


def model_name(model: LoggedModel) -> str:
    """A logged model's name, or its id when it has none."""
    return model.name or model.model_id


def model_status(model: LoggedModel) -> str:
    """A logged model's status in words."""
    return _LOGGED_MODEL_STATUSES.get(model.status, "Unknown")


def model_points(model: LoggedModel) -> list[Metric]:
    """The last point by time of each metric and dataset, by their names."""
    found: dict[tuple[str, str, str], Metric] = {}
    for point in sorted(model.metrics or (), key=_by_time):
        found[point.key, point.dataset_name or "", point.dataset_digest or ""] = point
    return [found[key] for key in sorted(found)]


def latest_model_metrics(model: LoggedModel) -> dict[str, Metric]:
    """The point of each metric that was logged last, with or without a dataset."""
    return {point.key: point for point in sorted(model_points(model), key=_by_time)}


def _by_time(point: Metric) -> tuple[int, int]:
    return point.timestamp, point.step


def is_deleted(stage: str) -> bool:
    """Whether this is the lifecycle stage of what was deleted."""
    return stage == LifecycleStage.DELETED


FILTERS: dict[str, Any] = {
    "run_name": run_name,
    "user": user,
    "is_running": is_running,
    "ended": ended,
    "took": took,
    "lasted": lasted,
    "is_project": is_project,
    "has_output": has_output,
    "is_starred": is_starred,
    "mark": mark,
    "marks": marks,
    "have_tables": have_tables,
    "datasets": datasets,
    "context": context,
    "source_words": source_words,
    "own_tags": own_tags,
    "latest_metrics": latest_metrics,
    "stage_of": stage_of,
    "version_uri": version_uri,
    "newest": newest,
    "production": production,
    "model_name": model_name,
    "model_status": model_status,
}
"""What templates may apply to an entity."""
TESTS: dict[str, Any] = {"deleted": is_deleted}
"""What templates may ask: ``info.lifecycle_stage is deleted``."""
