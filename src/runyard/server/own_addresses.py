"""The web addresses of this server's artifacts."""

from psutil import net_if_addrs

from runyard.artifacts.locations import own_address
from runyard.http.hosts import HostRules
from runyard.server.settings import ServerSettings

_EVERY_ADDRESS = ("0.0.0.0", "::", "[::]")  # noqa: S104  (to be compared with)


def own_addresses(settings: ServerSettings) -> tuple[str, ...]:
    """The addresses of artifacts under every host name that means this server.

    Networks and ``*`` are left out: other servers answer there too.
    """
    rules = HostRules.of(settings)
    found = set(rules.hosts)
    if settings.host in _EVERY_ADDRESS:
        own = (entry.address for entries in net_if_addrs().values() for entry in entries)
        found |= {(address.partition("%")[0], rules.port) for address in own if ":" in address or "." in address}
    found |= {(f"*{suffix}", port) for suffix in rules.suffixes for port in (None, rules.port)}
    ordered = sorted(found, key=lambda pair: (pair[0], pair[1] or 0))
    return tuple(own_address(name, port, settings.static_prefix) for name, port in ordered)
