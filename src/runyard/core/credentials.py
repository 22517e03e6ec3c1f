"""User names, passwords and tokens in addresses: they are used, and never shown, logged or stored.

Standard library only.
"""

import re
from urllib.parse import quote

ANY_SCHEME = r"[A-Za-z][A-Za-z0-9+.-]*"
"""Schemes of addresses."""
_PLACE = re.compile(r"(\[[^\]]*\]|[^:\[\]]*)(:\d*)?")
"""A host, perhaps with a port."""
_DATABASE = re.compile(r"postgres|mysql|mariadb|mssql|oracle", re.IGNORECASE)
_BROKEN = re.compile(r"([a-z]+:/+)?[^/@\s]+:[^@]+@", re.IGNORECASE)
_FIELDS = re.compile(r"\?\w[\w.-]*=")
_SECRET_FIELD = re.compile(
    r"([?&](?:[^=&#]*(?:password|passwd|passphrase|token|secret|signature|api_?key|access_?key)[^=&#]*|sig|pwd)=)[^&#]+",
    re.IGNORECASE,
)
_ADDRESS = re.compile(rf"{ANY_SCHEME}://[^\s'\"<>]+")
_NOT_ENCODED = "%!$&'()*+,;=~"
_MAX_SHOWN = 200
_NOBODY = "git"
"""The user of every repository that is reached by SSH."""
_PLAIN = re.compile(rf"(models|runs|file):|(mlflow-artifacts|dbfs|hdfs):/|[a-z+]+://{_NOBODY}@", re.IGNORECASE)
"""Addresses whose ``@`` ends no password."""


def split_credentials(uri: str) -> tuple[str, str]:
    """What follows the ``://`` of an address: user name and password as they are written, and what comes after ``@``.

    They end at the last ``@``: a password may hold one, or a ``#``, ``/``, ``?`` or ``[``, where it should be encoded.
    """
    scheme, _, rest = uri.partition("://")
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    fields = _FIELDS.search(rest)
    of_database = ":" in authority and _DATABASE.match(scheme) and "@" in rest[: fields.start() if fields else None]
    if "@" not in rest or ("@" not in authority and _PLACE.fullmatch(authority) and not of_database):
        return "", rest
    end = rest.rfind("@", 0, fields.start()) if fields else -1
    end = rest.rindex("@") if end < 0 else end
    return rest[:end], rest[end + 1 :]


def has_password(uri: str) -> bool:
    """Whether an address holds a password, even a malformed one."""
    broken = "://" not in uri and not _PLAIN.match(uri) and _BROKEN.match(uri)
    return ":" in split_credentials(uri)[0] or bool(broken or _SECRET_FIELD.search(uri))


def has_raw_credentials(uri: str) -> bool:
    """Whether a password holds a character at which most parsers end it, and take the rest for a host or folder."""
    user, _ = split_credentials(uri)
    authority = re.split(r"[/?#]", uri.partition("://")[2], maxsplit=1)[0]
    has_password = "@" not in authority or ":" in authority.rpartition("@")[0]
    return has_password and any(character in user for character in "#/?[")


def with_encoded_credentials(uri: str) -> str:
    """The address with user name and password encoded, so that every parser reads it alike."""
    user, place = split_credentials(uri)
    if not user:
        return uri
    scheme = uri.partition("://")[0]
    name, mark, password = user.partition(":")
    return f"{scheme}://{quote(name, _NOT_ENCODED)}{mark}{quote(password, _NOT_ENCODED)}@{place}"


def without_credentials(uri: str) -> str:
    """The address as it may be shown and stored: without user name and password, and with no secret in its query."""
    scheme, mark, rest = uri.partition("://")
    if mark and "@" in rest:
        user, place = split_credentials(uri)
        uri = f"{scheme}://{f'{user}@' if user == _NOBODY else ''}{place}"
    return _SECRET_FIELD.sub(r"\1***", uri) if "?" in uri else uri


def without_secrets(text: str) -> str:
    """The text with credentials removed from its addresses."""
    return _ADDRESS.sub(lambda found: without_credentials(found[0]), text) if "://" in text else text


def shown_address(text: str) -> str:
    """An address for messages, even a malformed one: nothing before an ``@`` is shown but the scheme."""
    clean = without_credentials(text)
    if "@" in clean and ":" in clean and not _PLAIN.match(clean):
        begin = re.match(rf"{ANY_SCHEME}:?/+", clean)
        clean = f"{begin[0] if begin else ''}{clean.rpartition('@')[2]}"
    return clean if len(clean) <= _MAX_SHOWN else f"{clean[:_MAX_SHOWN]}…"
