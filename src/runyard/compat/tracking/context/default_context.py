"""``mlflow.tracking.context.default_context``: user and program, under the names other libraries import."""

from runyard.core.origin import source_name as _get_source_name
from runyard.core.origin import user as _get_user

__all__ = ["_get_source_name", "_get_user"]
