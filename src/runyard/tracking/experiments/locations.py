"""Checks the artifact location of a new experiment."""

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from runyard.core.credentials import has_password, shown_address
from runyard.core.limits import shown
from runyard.core.store_address import misread
from runyard.exceptions import InvalidParameter

SCHEMES = frozenset(
    "file s3 r2 b2 oci gs wasb wasbs abfs abfss hdfs viewfs dbfs ftp sftp http https mlflow-artifacts".split()
)

_WITHOUT_HOST = ("file", "hdfs", "viewfs", "dbfs", "mlflow-artifacts")


def checked_location(text: str) -> str:
    """The location as it is stored: relative paths become absolute ones of the server's working directory.

    The server itself opens a location only if it is in its own folders or store; others are text for clients.

    Raises
    ------
    InvalidParameter: Unknown scheme, ``..`` in any encoding, or a query, fragment or parameter part.
    """
    text = text.strip(" ")
    if has_password(text):
        raise _refused(text, "it may hold no password, which all who see a run would see")
    decoded = unquote(unquote(text))
    if any(character in decoded for character in "?#;\\") or not decoded.isprintable():
        raise _refused(text, "it may hold no '?', '#', ';', backslash or control character")
    if ".." in decoded.split("/"):
        raise _refused(text, "it may not contain '..'")
    try:
        parts = urlsplit(text)
    except ValueError:
        raise _refused(text, "it is not a valid URI") from None
    if not parts.scheme:
        return _folder(text)
    if parts.scheme not in SCHEMES:
        raise _refused(text, f"the scheme {parts.scheme!r} is not one of {', '.join(sorted(SCHEMES))}")
    if parts.scheme not in _WITHOUT_HOST and not parts.netloc:
        raise _refused(text, f"write {parts.scheme}://, then the name of the bucket or host")
    if "@" in parts.netloc and parts.scheme in ("http", "https"):
        raise _refused(text, "it may not hold credentials")
    if parts.scheme == "file" and parts.netloc not in ("", "localhost"):
        raise _refused(text, "a file location names no host")
    kept = f"{parts.scheme}{text[len(parts.scheme) :]}"  # the scheme in lower case
    return kept.rstrip("/") if parts.path.strip("/") else kept


def _folder(text: str) -> str:
    if text.startswith("//"):
        raise _refused(text, "it starts with '//'")
    if text.startswith("~"):
        raise _refused(text, "write the whole path: home folders differ between clients and server")
    why = "that is a host" if re.match(r"[\w.-]*:\d+(/|$)", text) else misread(text)
    if why:
        raise _refused(text, f"{why}; a folder of that name is written ./{shown_address(text)}")
    return str(Path(text).absolute())


def _refused(text: str, reason: str) -> InvalidParameter:
    return InvalidParameter(f"Invalid artifact location {shown(shown_address(text))}: {reason}.")
