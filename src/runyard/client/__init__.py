"""The client: every operation as a method, on a server or on a local database."""

from typing import TYPE_CHECKING

from runyard._lazy import on_first_use

_PUBLIC = {"MlflowClient": "runyard.client.runyard_client", "RunyardClient": "runyard.client.runyard_client"}

if TYPE_CHECKING:
    from runyard.client.runyard_client import MlflowClient as MlflowClient
    from runyard.client.runyard_client import RunyardClient as RunyardClient

__getattr__, __dir__ = on_first_use(__name__, _PUBLIC)
