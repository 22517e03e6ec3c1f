"""``mlflow.entities.model_registry.model_version_status``."""

from runyard.registry.model_versions.entities import ModelVersionStatus

__all__ = ["ModelVersionStatus"]
