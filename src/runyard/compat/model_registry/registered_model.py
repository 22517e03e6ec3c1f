"""``mlflow.entities.model_registry.registered_model``."""

from runyard.registry.registered_models.entities import RegisteredModel

__all__ = ["RegisteredModel"]
