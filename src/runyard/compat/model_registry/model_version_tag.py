"""``mlflow.entities.model_registry.model_version_tag``."""

from runyard.registry.model_versions.entities import ModelVersionTag

__all__ = ["ModelVersionTag"]
