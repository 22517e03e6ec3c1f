"""``mlflow.tracking.context.registry``: the tags of a new run."""

from runyard.core.origin import resolve_tags

__all__ = ["resolve_tags"]
