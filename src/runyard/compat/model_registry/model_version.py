"""``mlflow.entities.model_registry.model_version``."""

from runyard.registry.model_versions.entities import ModelVersion

__all__ = ["ModelVersion"]
