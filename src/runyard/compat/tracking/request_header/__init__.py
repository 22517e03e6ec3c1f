"""``mlflow.tracking.request_header``: headers that other libraries add to every request."""

from runyard._lazy import on_first_use

__getattr__, __dir__ = on_first_use(__name__, {})
