"""What happened: experiments, runs, metrics and inputs. MLflow's names of this package load on use."""

from typing import TYPE_CHECKING

from runyard._lazy import on_first_use

_PUBLIC = {
    "MlflowClient": "runyard.client:RunyardClient",
    "artifact_utils": "runyard.compat.tracking.artifact_utils:",
    "client": "runyard.compat.tracking.client:",
    "context": "runyard.compat.tracking.context:",
    "fluent": "runyard.compat.tracking.fluent:",
    "get_registry_uri": "runyard.core.tracking_uri",
    "get_tracking_uri": "runyard.core.tracking_uri",
    "is_tracking_uri_set": "runyard.core.tracking_uri",
    "request_header": "runyard.compat.tracking.request_header:",
    "set_registry_uri": "runyard.core.tracking_uri",
    "set_tracking_uri": "runyard.core.tracking_uri",
}

if TYPE_CHECKING:
    from runyard.client import MlflowClient as MlflowClient
    from runyard.core.tracking_uri import get_registry_uri as get_registry_uri
    from runyard.core.tracking_uri import get_tracking_uri as get_tracking_uri
    from runyard.core.tracking_uri import is_tracking_uri_set as is_tracking_uri_set
    from runyard.core.tracking_uri import set_registry_uri as set_registry_uri
    from runyard.core.tracking_uri import set_tracking_uri as set_tracking_uri

__getattr__, __dir__ = on_first_use(__name__, _PUBLIC)
