"""``mlflow.entities.model_registry``: registered models and versions."""

from runyard.registry.model_versions.entities import ModelVersion, ModelVersionTag
from runyard.registry.registered_models.entities import RegisteredModel, RegisteredModelAlias, RegisteredModelTag

__all__ = ["ModelVersion", "ModelVersionTag", "RegisteredModel", "RegisteredModelAlias", "RegisteredModelTag"]
