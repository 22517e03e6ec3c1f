"""The client that the module's functions use."""

from runyard.client import RunyardClient
from runyard.core.tracking_uri import get_registry_uri, get_tracking_uri

_clients: dict[tuple[str, str], RunyardClient] = {}


def forget() -> None:
    """Drop the clients: the next call makes new ones."""
    _clients.clear()


def client() -> RunyardClient:
    """The client for the current addresses; the same one until they change."""
    addresses = (get_tracking_uri(), get_registry_uri())
    if addresses not in _clients:
        _clients[addresses] = RunyardClient(*addresses)
    return _clients[addresses]
