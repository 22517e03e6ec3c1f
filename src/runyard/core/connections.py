"""HTTP connections with the environment's proxies and certificates, and explanations of their errors."""

import ipaddress
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from runyard import settings
from runyard.core.credentials import shown_address, with_encoded_credentials, without_credentials
from runyard.core.libraries import lazy, urllib3
from runyard.exceptions import InvalidParameter

CONNECT_SECONDS = 10.0
FIRST_CONTACT_SECONDS = 5.0
"""Seconds a call waits for a server that this process has never reached."""

_PORTS = {"http": 80, "https": 443}
_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_NEVER = re.compile(
    r"CERTIFICATE_VERIFY_FAILED|WRONG_VERSION_NUMBER|RECORD.LAYER.FAILURE|HTTP_REQUEST"
    r"|too many redirects|Failed to parse|Tunnel connection failed: 4",
    re.IGNORECASE,
)
"""Permanent errors: a retry cannot help."""


def connection_pool(uri: str = "", of_store: bool = True) -> "urllib3.PoolManager":
    """Keep-alive connections with the TLS and proxy settings of the environment.

    Parameters
    ----------
    uri: The server's address, which says whether a proxy is used.
    of_store: Whether it is a tracking server, to which the TLS settings of tracking servers apply.

    Raises
    ------
    InvalidParameter: A variable names a proxy or a certificate that cannot be used.
    """
    options: dict[str, Any] = {"maxsize": 8, **(_trust(of_store) if uri.startswith("https:") or not uri else {})}
    if options.get("cert_reqs") == "CERT_NONE":
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    variable, proxy = proxy_for(uri)
    if not proxy:
        return urllib3.PoolManager(**options)
    if proxy.startswith("socks"):
        return _through_socks(variable, proxy, options)
    parts = urlsplit(proxy)
    if parts.username:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        options["proxy_headers"] = urllib3.make_headers(proxy_basic_auth=pair)
    return urllib3.ProxyManager(without_credentials(proxy), **options)


def _trust(of_store: bool) -> dict[str, Any]:
    """Trusted certificates, and the client's own."""
    options: dict[str, Any] = {}
    names = settings.TRACKING_SERVER_CERT_PATH.names if of_store else ()
    if of_store and settings.TRACKING_INSECURE_TLS.get():
        options["cert_reqs"] = "CERT_NONE"
    else:
        path = _file_of(*names, *_BUNDLES)
        if path is not None:
            options["ca_cert_dir" if path.is_dir() else "ca_certs"] = str(path)
    own = _file_of(*settings.TRACKING_CLIENT_CERT_PATH.names) if of_store else None
    return {**options, "cert_file": str(own)} if own else options


def _file_of(*names: str) -> Path | None:
    """The file or folder that the first of these variables names."""
    name = next((name for name in names if os.environ.get(name)), None)
    if name is None:
        return None
    path = Path(os.environ[name])
    if not path.exists():
        raise InvalidParameter(
            f"Environment variable {name} names {str(path)!r}, and there is no such file. Correct it."
        )
    return path


def proxy_for(uri: str) -> tuple[str, str | None]:
    """The proxy that http_proxy, https_proxy, all_proxy and no_proxy choose for an address, and its variable.

    Raises
    ------
    InvalidParameter: The variable does not name a proxy.
    """
    if not uri or not any(name.lower().endswith("_proxy") for name in os.environ):
        return "", None
    parts = urlsplit(uri)
    name, value = _first_set(f"{parts.scheme}_proxy", "all_proxy")
    if not value or _goes_directly(parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)):
        return name, None
    proxy = with_encoded_credentials(value if "://" in value else f"http://{value}")
    scheme, _, rest = proxy.partition("://")
    try:
        found = urlsplit(proxy)
        fits = bool(found.hostname) and proxy.isprintable() and " " not in proxy and (found.port or 1) > 0
    except ValueError:
        fits = False
    if not fits or scheme.lower() not in ("http", "https", "socks4", "socks4a", "socks5", "socks5h"):
        shown = shown_address(proxy if fits else value)
        raise InvalidParameter(
            f"Environment variable {name}: {shown!r} is not an address of a proxy. Write http://host:port."
        )
    return name, f"{scheme.lower()}://{rest}"


def is_on_this_machine(uri: str) -> bool:
    """Whether an address is of this machine, as far as its name says so: nothing goes over a network."""
    host = urlsplit(uri).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _first_set(*names: str) -> tuple[str, str]:
    """The first of these variables that is set, small letters before capitals, as curl and requests read them."""
    for name in names:
        for spelling in (name, name.upper()):
            if spelling == "HTTP_PROXY" and "REQUEST_METHOD" in os.environ:
                continue  # in a CGI program a header of the request sets it
            if spelling in os.environ:
                return spelling, os.environ[spelling].strip()
    return "", ""


def _goes_directly(host: str, port: int) -> bool:
    """Whether no_proxy names this host: itself, a domain above it, with or without port, a network, or everything."""
    for entry in re.split(r"[,\s]+", _first_set("no_proxy")[1].lower()):
        name, _, only = entry.rpartition(":") if re.fullmatch(r"[^:]+:\d+|\[.*\]:\d+", entry) else (entry, "", "")
        name = name.strip("[]").removeprefix("*").lstrip(".") if entry != "*" else entry
        if name == "*" or (name and (not only or int(only) == port) and _names(name, host.lower())):
            return True
    return False


def _names(name: str, host: str) -> bool:
    if host == name or host.endswith(f".{name}"):
        return True
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(name, strict=False)
    except ValueError:
        return False


def _through_socks(variable: str, proxy: str, options: dict[str, Any]) -> "urllib3.PoolManager":
    if find_spec("socks") is None:
        raise InvalidParameter(
            f"Environment variable {variable} names a SOCKS proxy, which needs a package: pip install PySocks. "
            "List servers that need no proxy in no_proxy."
        )
    pool: urllib3.PoolManager = lazy("urllib3.contrib.socks").SOCKSProxyManager(proxy, **options)
    return pool


@contextmanager
def downloading(address: str) -> Iterator["urllib3.BaseHTTPResponse"]:
    """The answer of any web server to a GET, unread; user name and password are those of the address, never ours."""
    parts = urlsplit(address)
    clean = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    user = f"{unquote(parts.username)}:{unquote(parts.password or '')}" if parts.username else None
    headers = urllib3.make_headers(basic_auth=user) if user else {}
    with (
        connection_pool(clean, of_store=False) as pool,
        pool.request("GET", clean, headers=headers, preload_content=False) as answer,
    ):
        yield answer


def never_sent(problem: Exception) -> bool:
    """Whether no connection was made at all."""
    cause = _cause(problem)
    if isinstance(cause, urllib3.exceptions.ProxyError):
        cause = cause.original_error
    return isinstance(cause, urllib3.exceptions.ConnectTimeoutError | urllib3.exceptions.NewConnectionError)


def is_transient(problem: Exception) -> bool:
    """Whether the same request may be answered later."""
    return _NEVER.search(f"{problem} {_cause(problem)}") is None


def _cause(problem: Exception) -> Exception:
    found = getattr(problem, "reason", None)
    return found if isinstance(found, Exception) else problem


def reason_of(problem: Exception) -> str:
    """Why a request was not answered, without its address and the repr of a connection."""
    cause = _cause(problem)
    inner = next((part for part in cause.args if isinstance(part, Exception)), cause)
    return str(inner).rpartition(": ")[2] or type(inner).__name__


def advice_for(problem: Exception, uri: str) -> str:
    """Advice for a request that was not answered."""
    text = f"{problem} {_cause(problem)}"
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return (
            f"Its certificate is not trusted. {settings.TRACKING_SERVER_CERT_PATH.names[0]} names a file of "
            f"certificates to trust; {settings.TRACKING_INSECURE_TLS.names[0]}=true trusts any."
        )
    if re.search(r"WRONG_VERSION_NUMBER|RECORD.LAYER.FAILURE|HTTP_REQUEST", text, re.IGNORECASE):
        return "It does not speak TLS there: does its address begin with http://?"
    if "ProxyError" in type(_cause(problem)).__name__:
        name, proxy = proxy_for(uri)
        shown = without_credentials(proxy or "")
        return f"It is asked through the proxy {shown} that {name} names; hosts in no_proxy are asked directly."
    return "Check that the server runs and that the address is right."
