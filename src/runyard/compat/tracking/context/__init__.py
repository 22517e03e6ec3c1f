"""``mlflow.tracking.context``: the tags that say where a run comes from."""

from runyard._lazy import on_first_use

__getattr__, __dir__ = on_first_use(__name__, {"resolve_tags": "runyard.compat.tracking.context.registry"})
