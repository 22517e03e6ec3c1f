"""Where artifacts of an experiment may be: the one check of a location that came with a request."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from runyard.core.credentials import has_password, shown_address
from runyard.core.limits import shown
from runyard.exceptions import InvalidParameter

SCHEMES = frozenset(
    "file s3 r2 b2 oci gs wasb wasbs abfs abfss hdfs viewfs dbfs ftp sftp http https mlflow-artifacts".split()
)


def checked_location(text: str) -> str:
    """The location as it is stored: relative paths become absolute ones of the server's working directory.

    The server itself opens a location only when it lies in its own folders or store; others are text for clients.

    Raises
    ------
    InvalidParameter: Unknown scheme, ``..`` in any encoding, or a query, fragment or parameter part.
    """
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
        return str(Path(text).absolute()) if not text.startswith("//") else _refuse(text, "it starts with '//'")
    if parts.scheme.lower() not in SCHEMES:
        raise _refused(text, f"the scheme {parts.scheme!r} is not one of {', '.join(sorted(SCHEMES))}")
    if "@" in parts.netloc and parts.scheme.lower() in ("http", "https"):
        raise _refused(text, "it may not hold credentials")
    if parts.scheme.lower() == "file" and parts.netloc not in ("", "localhost"):
        raise _refused(text, "a file location names no host")
    return text.rstrip("/") if parts.path.strip("/") else text


def _refused(text: str, reason: str) -> InvalidParameter:
    return InvalidParameter(f"Invalid artifact location {shown(shown_address(text))}: {reason}.")


def _refuse(text: str, reason: str) -> str:
    raise _refused(text, reason)
