from typing import TYPE_CHECKING

from runyard.core.tracking_uri import get_registry_uri as get_registry_uri
from runyard.core.tracking_uri import get_tracking_uri as get_tracking_uri
from runyard.core.tracking_uri import is_tracking_uri_set as is_tracking_uri_set
from runyard.core.tracking_uri import set_registry_uri as set_registry_uri
from runyard.core.tracking_uri import set_tracking_uri as set_tracking_uri

if TYPE_CHECKING:
    from runyard.client import MlflowClient as MlflowClient
