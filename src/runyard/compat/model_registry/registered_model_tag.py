"""``mlflow.entities.model_registry.registered_model_tag``."""

from runyard.registry.registered_models.entities import RegisteredModelTag

__all__ = ["RegisteredModelTag"]
