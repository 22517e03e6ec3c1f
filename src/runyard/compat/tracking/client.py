"""``mlflow.tracking.client``: the client, and the entities that its users import from here."""

from runyard.client import MlflowClient
from runyard.core.lifecycle import ViewType
from runyard.tracking.runs.entities import Param, RunTag

__all__ = ["MlflowClient", "Param", "RunTag", "ViewType"]
