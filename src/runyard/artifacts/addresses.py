"""Parses and builds addresses of artifacts."""

import posixpath
from pathlib import Path
from urllib.parse import SplitResult, quote, unquote, urlsplit, urlunsplit

from runyard.artifacts.paths import safe_path
from runyard.core.credentials import shown_address
from runyard.core.store_address import misread
from runyard.exceptions import InvalidParameter

PROXY_SCHEME = "mlflow-artifacts"
PROXY_ROOT = "/api/2.0/mlflow-artifacts/artifacts"
PERCENT_ENCODED = frozenset(("file", PROXY_SCHEME, "http", "https"))
"""Schemes whose addresses are percent-encoded. Others, such as ``s3:``, hold paths as they are."""
_ENCODED = str.maketrans({character: quote(character) for character in "%?#"})


def proxied_path(uri: str) -> str | None:
    """The path inside the server's store of a location behind the server's proxy; None for other locations."""
    parts = urlsplit(uri)
    if parts.scheme == PROXY_SCHEME:
        return safe_path(unquote(parts.path).strip("/"))
    if parts.scheme in ("http", "https") and parts.path.startswith(PROXY_ROOT + "/"):
        return safe_path(unquote(parts.path[len(PROXY_ROOT) :]).strip("/"))
    return None


def local_path(uri: str) -> Path | None:
    """The folder a location names on this machine; None for other locations."""
    parts = urlsplit(uri)
    if parts.scheme == "file" and parts.netloc in ("", "localhost"):
        return Path(unquote(parts.path))
    if not parts.scheme and uri.startswith("/"):
        return Path(uri)
    return None


def address_parts(uri: str) -> SplitResult:
    """The parts of an address.

    Raises
    ------
    InvalidParameter: It is malformed.
    """
    try:
        return urlsplit(uri)
    except ValueError:  # its text may hold a password
        raise InvalidParameter(f"{shown_address(uri)!r} is not a valid address.") from None


def normal_location(uri: str, kept_at: str | None) -> str:
    """A location in normal form: equal for all spellings, and a folder is a prefix of its contents.

    Parameters
    ----------
    kept_at: The folder or place in S3 behind ``mlflow-artifacts:``, None when unknown.
    """
    try:
        inside = proxied_path(uri)
    except InvalidParameter:
        inside = None  # another program wrote it: any text is possible
    if inside is not None and kept_at:
        uri = f"{kept_at.rstrip('/')}/{inside}"
    elif inside is not None:
        return f"{PROXY_SCHEME}:/{inside}"
    try:
        folder, parts = local_path(uri), urlsplit(uri)
    except ValueError:
        return uri
    if folder is not None:
        return posixpath.normpath(str(folder))
    scheme = parts.scheme.lower()
    path = unquote(parts.path) if scheme in PERCENT_ENCODED else parts.path
    return f"{scheme}:/{parts.netloc}{posixpath.normpath('/' + path.strip('/'))}"


def uri_joined(uri: str, path: str) -> str:
    """The address of a file or folder below another; what has a meaning in addresses of its kind is encoded."""
    if not path:
        return uri
    parts = address_parts(uri)
    if parts.scheme.lower() not in PERCENT_ENCODED:
        return f"{uri.rstrip('/')}/{path}"
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{path.translate(_ENCODED)}"))


def absolute_location(text: str) -> str:
    """A local location in the form it is stored in: URIs unchanged, paths absolute.

    Raises
    ------
    InvalidParameter: It is a malformed address.
    """
    text = text.strip()
    if urlsplit(text).scheme:
        return text
    why = misread(text)
    if why:
        raise InvalidParameter(
            f"{shown_address(text)!r} is not a location for artifacts: {why}. Give a folder or a URI."
        )
    return str(Path(text).expanduser().absolute())
