"""Builders of registered versions with metrics."""

from collections.abc import Mapping
from typing import Any

from runyard.gate.gate import Gate
from runyard.registry.model_versions.messages import CreateModelVersion, GetModelVersion
from runyard.registry.promotion.messages import PromoteModelVersion, SearchMoves
from runyard.registry.registered_models.messages import CreateRegisteredModel
from runyard.tracking.metrics.messages import LogMetric
from tests.factories import NOW, a_run

MODEL = "spam filter"


def a_model(gate: Gate, name: str = MODEL) -> str:
    """Register a name."""
    return str(gate.perform(CreateRegisteredModel(name=name))["registered_model"]["name"])


def a_version(gate: Gate, metrics: Mapping[str, float], name: str = MODEL) -> str:
    """Add a version whose run has these metrics; returns its number."""
    run_id = a_run(gate, "0")
    for key, value in metrics.items():
        gate.perform(LogMetric(run_id=run_id, key=key, value=value, timestamp=NOW))
    created = gate.perform(CreateModelVersion(name=name, source=f"runs:/{run_id}/model", run_id=run_id))
    return str(created["model_version"]["version"])


def promote(gate: Gate, version: str, condition: str, **fields: Any) -> dict[str, Any]:
    """Promote a version, to the alias champion unless told otherwise."""
    target = {} if "stage" in fields else {"alias": "champion"}
    message = {"name": MODEL, "version": version, "condition": condition, **target, **fields}
    return gate.perform(PromoteModelVersion.from_wire(message))


def moves(gate: Gate) -> list[dict[str, Any]]:
    """The history of the model, the newest move first."""
    found: list[dict[str, Any]] = gate.perform(SearchMoves(name=MODEL)).get("moves", [])
    return found


def shown_version(gate: Gate, version: str) -> dict[str, Any]:
    """A version as the protocol shows it."""
    found: dict[str, Any] = gate.perform(GetModelVersion(name=MODEL, version=version))["model_version"]
    return found
