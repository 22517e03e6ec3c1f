"""``mlflow.tracking.client``: the client."""

from runyard.client import MlflowClient

__all__ = ["MlflowClient"]
