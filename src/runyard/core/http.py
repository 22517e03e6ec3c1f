"""What every HTTP call of the SDK shares: who it says it is, its connections, and the errors servers answer with."""

import base64
import configparser
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from runyard import settings
from runyard.core.credentials import without_credentials
from runyard.exceptions import RestException, RunyardException
from runyard.version import __version__

if TYPE_CHECKING:
    import urllib3


header_sources: list[Callable[[], Mapping[str, str]]] = []
"""What else gives headers for every request, such as another library's provider. Ours win."""


def request_headers(uri: str = "") -> dict[str, str]:
    """The headers that go with every request: basic authentication, else a bearer token, else neither.

    Parameters
    ----------
    uri: The server's address; a user name and password in it are used when none are set otherwise.
    """
    found = {name: value for source in header_sources for name, value in source().items()}
    found["User-Agent"] = f"runyard-python-client/{__version__} {found.get('User-Agent', '')}".strip()
    name, password = settings.TRACKING_USERNAME.get(), settings.TRACKING_PASSWORD.get()
    if not (name and password) and "@" in uri:
        parts = urlsplit(uri)
        name, password = unquote(parts.username or ""), unquote(parts.password or "")
    if not (name and password):
        from_file = _from_file()
        name, password = name or from_file[0], password or from_file[1]
    token = settings.TRACKING_TOKEN.get()
    if name and password:
        found["Authorization"] = "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()
    elif token:
        found["Authorization"] = f"Bearer {token}"
    return found


def _from_file() -> tuple[str | None, str | None]:
    """User name and password of ``~/.mlflow/credentials``, an INI file with a section ``[mlflow]``."""
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read(Path.home() / ".mlflow" / "credentials")
        section = parser["mlflow"]
    except (KeyError, configparser.Error, OSError, RuntimeError):
        return None, None
    return section.get("mlflow_tracking_username"), section.get("mlflow_tracking_password")


def connection_pool(uri: str = "") -> "urllib3.PoolManager":
    """Keep-alive connections with the TLS and proxy settings of the environment.

    Parameters
    ----------
    uri: The server's address, which says whether a proxy is used.
    """
    import urllib3  # noqa: PLC0415  (loaded by the first request)

    options: dict[str, Any] = {"maxsize": 8}
    if settings.TRACKING_INSECURE_TLS.get():
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        options["cert_reqs"] = "CERT_NONE"
    if settings.TRACKING_SERVER_CERT_PATH.get():
        options["ca_certs"] = settings.TRACKING_SERVER_CERT_PATH.get()
    if settings.TRACKING_CLIENT_CERT_PATH.get():
        options["cert_file"] = settings.TRACKING_CLIENT_CERT_PATH.get()
    proxy = _proxy_for(uri)
    if not proxy:
        return urllib3.PoolManager(**options)
    parts = urlsplit(proxy)
    if parts.username:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        options["proxy_headers"] = urllib3.make_headers(proxy_basic_auth=pair)
    return urllib3.ProxyManager(without_credentials(proxy), **options)


def _proxy_for(uri: str) -> str | None:
    """The proxy that http_proxy, https_proxy, all_proxy and no_proxy choose for an address."""
    if not uri or not any(name.lower().endswith("_proxy") for name in os.environ):
        return None
    from urllib.request import getproxies_environment, proxy_bypass  # noqa: PLC0415  (rarely needed)

    parts, proxies = urlsplit(uri), getproxies_environment()
    if proxy_bypass(parts.hostname or "", proxies):
        return None
    return proxies.get(parts.scheme) or proxies.get("all")


def reason_of(problem: Exception) -> str:
    """Why a request brought no answer, in words: without the address asked for and the repr of a connection."""
    cause = getattr(problem, "reason", None) or problem
    inner = next((part for part in cause.args if isinstance(part, Exception)), cause)
    return str(inner).rpartition(": ")[2] or type(inner).__name__


class ForeignAnswer(RestException):
    """An answer that is no error envelope: something on the way gave it, or another program. It refuses nothing."""


def answered_error(body: Any, status: int, server: str) -> RunyardException:
    """The error a server answered with.

    Parameters
    ----------
    body: The decoded JSON of the answer, or its text.
    """
    error: RestException
    if isinstance(body, dict) and isinstance(body.get("error_code"), str):
        error = RestException(body)
    else:
        code = _CODES.get(status, "INTERNAL_ERROR")
        error = ForeignAnswer({"error_code": code, "message": f"{server} answered {status}: {str(body)[:300]}"})
    error.http_status = status
    return error


_CODES = {401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "ENDPOINT_NOT_FOUND", 405: "ENDPOINT_NOT_FOUND"}
