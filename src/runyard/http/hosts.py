"""Decides which Host and Origin headers are accepted; names and addresses are compared exactly."""

import contextlib
import ipaddress
import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field

from runyard.exceptions import InvalidParameter
from runyard.http.settings import LOOPBACK, HttpSettings

_NAME = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*")
_ORIGIN = re.compile(r"https?://[^/?#@\s,*]+")
_DEFAULT_PORTS = (80, 443)
_KEPT = 256
"""Accepted headers that are known again: clients send the same ones, and to read one takes as long as a small query."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True)
class HostPort:
    """A parsed Host header: a name in lower case or an address, and the port if given."""

    name: str
    address: Address | None
    port: int | None


def parse_host(text: str) -> HostPort | None:
    """Parse a Host header; None when it is not a plain name or address with an optional port."""
    bracketed = re.fullmatch(r"\[([0-9a-f:.]+)\](?::([0-9]{1,5}))?", text, re.IGNORECASE)
    plain = re.fullmatch(r"([^:\[\]]+)(?::([0-9]{1,5}))?", text)
    match = bracketed or plain
    if match is None:
        return None
    name, port = match[1].lower(), int(match[2]) if match[2] else None
    address: Address | None = None
    try:
        address = ipaddress.IPv6Address(name) if bracketed else ipaddress.IPv4Address(name)
    except ValueError:
        if bracketed or not _NAME.fullmatch(name):
            return None
    if port is not None and port > 65535:
        return None
    return HostPort(name if address is None else str(address), address, port)


@dataclass
class HostRules:
    """The hosts a server answers to.

    Attributes
    ----------
    exact: Spellings known to be right, for one lookup on the hot path.
    """

    port: int
    everything: bool = False
    hosts: set[tuple[str, int | None]] = field(default_factory=set)
    suffixes: tuple[str, ...] = ()
    networks: tuple[Network, ...] = ()
    exact: frozenset[bytes] = frozenset()
    _accepted: set[tuple[bytes, object]] = field(default_factory=set)

    @classmethod
    def of(cls, settings: HttpSettings) -> "HostRules":
        """The rules for a server: its own names, the address it listens on, and what its operator added.

        Raises
        ------
        InvalidParameter: An entry of the allowed hosts is not a name, an address, a network or ``*.name``.
        """
        rules = cls(settings.port)
        own = {"localhost", "127.0.0.1", "::1", settings.host.strip("[]").lower()}
        if settings.host not in LOOPBACK:
            machine = socket.gethostname().lower()
            own |= {machine, machine.partition(".")[0]}
        for name in own:
            rules._add(name, settings.port)
            if settings.port in _DEFAULT_PORTS:
                rules._add(name, None)
        for entry in settings.allowed_hosts:
            rules._allow(entry.strip().lower())
        rules.exact = frozenset(_spelled(name, port) for name, port in rules.hosts)
        return rules

    def _add(self, name: str, port: int | None) -> None:
        with contextlib.suppress(ValueError):
            name = str(ipaddress.ip_address(name))
        self.hosts.add((name, port))

    def _allow(self, entry: str) -> None:
        if entry == "*":
            self.everything = True
        elif entry.startswith("*.") and _NAME.fullmatch(entry[2:]):
            self.suffixes += (entry[1:],)
        elif "/" in entry:
            try:
                self.networks += (ipaddress.ip_network(entry, strict=False),)
            except ValueError:
                raise _odd_entry(entry) from None
        else:
            self._allow_host(entry)

    def _allow_host(self, entry: str) -> None:
        try:
            address = ipaddress.ip_address(entry)  # an IPv6 address may come without brackets
            parsed: HostPort | None = HostPort(str(address), address, None)
        except ValueError:
            parsed = parse_host(entry)
        if parsed is None:
            raise _odd_entry(entry)
        self.hosts.add((parsed.name, parsed.port))
        if parsed.port is None:
            self.hosts.add((parsed.name, self.port))

    def accept(self, header: bytes | None, reached: tuple[str, int | None] | None) -> bool:
        """Whether this Host header is accepted.

        Parameters
        ----------
        header: The header as it came.
        reached: Address and port of this machine that the client connected to.
        """
        if header is None:
            return False
        if header in self.exact or (header, reached) in self._accepted:
            return True
        accepted = self._judge(header, reached)
        if accepted and len(self._accepted) < _KEPT:
            self._accepted.add((header, reached))
        return accepted

    def _judge(self, header: bytes, reached: tuple[str, int | None] | None) -> bool:
        try:
            parsed = parse_host(header.decode("ascii"))
        except UnicodeDecodeError:
            return False
        if parsed is None:
            return False
        if self.everything or _is_loopback(parsed) or (parsed.name, parsed.port) in self.hosts:
            return True
        if parsed.port not in (None, self.port):
            return False
        if parsed.address is None:
            return parsed.name.endswith(self.suffixes) if self.suffixes else False
        return self._accept_address(parsed, reached)

    def _accept_address(self, parsed: HostPort, reached: tuple[str, int | None] | None) -> bool:
        """An address is ours when the client has just connected to it, or when its network was allowed.

        No name can be made to point here this way: the header itself must be the address.
        """
        if any(parsed.address in network for network in self.networks):
            return True
        return reached is not None and parsed.port == self.port and parsed.name == _canonical(reached[0])


def _is_loopback(host: HostPort) -> bool:
    """Whether it names this machine itself, on any port: tunnels and containers use other ports.

    No page elsewhere can send such a header: a browser names the host that it asks, and these names lead to
    its own machine only. What a page of another port there may do is decided by its Origin.
    """
    if host.address is None:
        return host.name == "localhost" or host.name.endswith(".localhost")
    mapped = host.address.ipv4_mapped if isinstance(host.address, ipaddress.IPv6Address) else None
    return (mapped or host.address).is_loopback


def _canonical(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return str(mapped or parsed)


def _spelled(name: str, port: int | None) -> bytes:
    host = f"[{name}]" if ":" in name else name
    return (host if port is None else f"{host}:{port}").encode()


def _odd_entry(entry: str) -> InvalidParameter:
    return InvalidParameter(
        f"Allowed host {entry[:100]!r} is not understood: use a name or address with or without a port, "
        "a network such as 10.0.0.0/8, *.example.com, or * for any."
    )


def check_origins(origins: Sequence[str]) -> frozenset[bytes]:
    """The configured origins as browsers send them.

    Raises
    ------
    InvalidParameter: An entry is not ``scheme://host[:port]``; wildcards are not supported.
    """
    spelled = [origin.strip().rstrip("/").lower() for origin in origins]
    for origin in spelled:
        if not _ORIGIN.fullmatch(origin):
            raise InvalidParameter(
                f"Allowed origin {origin[:100]!r} is not understood: name origins one by one, such as https://app.example.com."
            )
    return frozenset(origin.encode() for origin in spelled)
