"""Builders of what tests need, valid by default; a test overrides the one thing it is about."""

from typing import Any
from uuid import uuid4

from runyard.core.entity import Tag
from runyard.gate.gate import Gate
from runyard.tracking.experiments.messages import CreateExperiment
from runyard.tracking.metrics.entities import Metric
from runyard.tracking.runs.messages import CreateRun, GetRun

NOW = 1_700_000_000_000


def an_experiment(gate: Gate, name: str | None = None, **fields: Any) -> str:
    """Create an experiment; returns its id."""
    return str(gate.perform(CreateExperiment(name=name or f"experiment {uuid4().hex}", **fields))["experiment_id"])


def a_run(gate: Gate, experiment_id: str | None = None, tags: dict[str, str] | None = None, **fields: Any) -> str:
    """Create a run, in an experiment of its own unless one is given; returns its id."""
    message = CreateRun(
        experiment_id=experiment_id or an_experiment(gate),
        start_time=fields.pop("start_time", NOW),
        tags=[Tag(key=key, value=value) for key, value in (tags or {}).items()],
        **fields,
    )
    return str(gate.perform(message)["run"]["info"]["run_id"])


def a_point(key: str = "loss", value: float = 0.5, timestamp: int = NOW, step: int = 0) -> Metric:
    """A point of a metric."""
    return Metric(key=key, value=value, timestamp=timestamp, step=step)


def shown_run(gate: Gate, run_id: str) -> Any:
    """A run as the protocol shows it."""
    return gate.perform(GetRun(run_id=run_id))["run"]


def pairs(entries: list[dict[str, str]] | None) -> dict[str, str]:
    """A wire list of keys and values as a dict."""
    return {entry["key"]: entry["value"] for entry in entries or []}
