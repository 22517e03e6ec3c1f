"""``mlflow.tracking.multimedia``: images as they are logged."""

from runyard.client.images import Image

__all__ = ["Image"]
