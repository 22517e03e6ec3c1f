"""What every HTTP call of the SDK shares: headers, credentials, and errors that servers answer with."""

import base64
import configparser
import html
import json
import netrc
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from runyard import settings
from runyard.exceptions import InvalidParameter, RestException, RunyardException, answered
from runyard.version import __version__

_SENDABLE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
"""Header values that can be sent."""

header_sources: list[Callable[[], Mapping[str, str]]] = []
"""Other sources of headers for every request, such as another library's provider. Ours win."""


def request_headers(uri: str = "") -> dict[str, str]:
    """The headers that go with every request: basic authentication, else a bearer token, else neither.

    Parameters
    ----------
    uri: The server's address; a user name and password in it are used when none are set otherwise.
    """
    found = {name: value for source in header_sources for name, value in source().items()}
    found["User-Agent"] = f"runyard-python-client/{__version__} {found.get('User-Agent', '')}".strip()
    name: str | None = _one_line(settings.TRACKING_USERNAME.get())
    password: str | None = _one_line(settings.TRACKING_PASSWORD.get())
    if not (name and password) and "@" in uri:
        parts = urlsplit(uri)
        name, password = unquote(parts.username or ""), unquote(parts.password or "")
    if not (name and password):
        from_file = _from_file()
        name, password = name or from_file[0], password or from_file[1]
    token = _one_line(settings.TRACKING_TOKEN.get()).strip()
    if not (name and password) and not token and uri:
        name, password = _from_netrc(urlsplit(uri).hostname or "")
    if name and password:
        found["Authorization"] = "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()
    elif token:
        found["Authorization"] = f"Bearer {token}"
    for header, value in found.items():
        if not _SENDABLE.fullmatch(value):  # urllib3's error would show it
            where = f" ({settings.TRACKING_TOKEN.names[0]})" if header == "Authorization" else ""
            raise InvalidParameter(
                f"The header {header}{where} holds a line break or a letter that cannot be sent. Correct its value."
            )
    return found


def _one_line(text: str | None) -> str:
    """A text that may have been read from a file, which ends in a line break."""
    return (text or "").rstrip("\r\n")


def _from_netrc(host: str) -> tuple[str | None, str | None]:
    """User name and password of a host in ``~/.netrc`` or the file that NETRC names, as curl and requests read it."""
    places = [os.environ["NETRC"]] if os.environ.get("NETRC") else ["~/.netrc", "~/_netrc"]
    for place in places:
        file = os.path.expanduser(place)  # noqa: PTH111  (a Path raises where there is no home)
        if os.path.isfile(file):  # noqa: PTH113
            try:
                found = netrc.netrc(file).authenticators(host)
            except (netrc.NetrcParseError, OSError, UnicodeDecodeError):
                return None, None
            return (found[0] or found[1], found[2]) if found else (None, None)
    return None, None


def _from_file() -> tuple[str | None, str | None]:
    """User name and password of ``~/.mlflow/credentials``, an INI file with a section ``[mlflow]``."""
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read(Path.home() / ".mlflow" / "credentials")
        section = parser["mlflow"]
    except (KeyError, configparser.Error, OSError, RuntimeError):
        return None, None
    return section.get("mlflow_tracking_username"), section.get("mlflow_tracking_password")


class ForeignAnswer(RestException):
    """An answer that is not an error envelope: a proxy or another program gave it. It does not reject the message."""


def body_of(data: bytes) -> Any:
    """The decoded JSON of an answer, or its text."""
    try:
        return json.loads(data)
    except ValueError:
        return data.decode("utf-8", "replace")


def answered_error(body: Any, status: int, server: str) -> RunyardException:
    """The error a server answered with.

    Parameters
    ----------
    body: What `body_of` made of its data.
    """
    if isinstance(body, dict) and isinstance(body.get("error_code"), str):
        return answered(body, status)
    message = (
        f"{server} answered {status} with {_described(body)}: no answer of a tracking server. Something on the way "
        "gave it, or another program is at this address. Check the address, and the proxy if there is one."
    )
    if status == 401:
        message += (
            " Set credentials in RUNYARD_TRACKING_TOKEN, or RUNYARD_TRACKING_USERNAME and RUNYARD_TRACKING_PASSWORD."
        )
    error = ForeignAnswer({"error_code": _CODES.get(status, "INTERNAL_ERROR"), "message": message})
    error.http_status = status
    return error


def _described(body: Any) -> str:
    """A short description of an answer that is not ours."""
    if not isinstance(body, str):
        return f"other JSON, {str(body)[:80]!r}"
    text = " ".join(body.split())
    if not re.search(r"<(!doctype|html|head|body|h\d|p|title)\b", text, re.IGNORECASE):
        return f"the text {text[:80]!r}" if text else "nothing"
    title = re.search(r"<(title|h1)\b[^>]*>(.*?)</\1>", text, re.IGNORECASE)
    words = title[2] if title else re.sub(r"<(script|style)\b.*?</\1>", " ", text, flags=re.IGNORECASE)
    plain = " ".join(html.unescape(re.sub(r"<[^>]*>", " ", words)).split())
    return f"the page {plain[:80]!r}" if plain else "a page"


_CODES = {
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "ENDPOINT_NOT_FOUND",
    405: "ENDPOINT_NOT_FOUND",
    407: "UNAUTHENTICATED",
}
