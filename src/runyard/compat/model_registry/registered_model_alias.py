"""``mlflow.entities.model_registry.registered_model_alias``."""

from runyard.registry.registered_models.entities import RegisteredModelAlias

__all__ = ["RegisteredModelAlias"]
