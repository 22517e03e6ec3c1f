"""The one check of an artifact path that came from outside.

Fourteen published holes of one kind teach the rule: refuse what could mean another place to anyone who reads it later,
and check the form in which it is used.
"""

import re

from runyard.exceptions import InvalidParameter

MAX_COMPONENT = 255
MAX_PATH = 1024

_ENCODED = re.compile(r"%(?:2e|2f|5c|00|25)", re.IGNORECASE)
_DRIVE = re.compile(r"[A-Za-z]:")
_PARAMETERS = re.compile(r"[;?#]|%(?:3b|3f|23)", re.IGNORECASE)
_UNPRINTABLE = re.compile("[\0-\x1f\x7f-\x9f\ud800-\udfff\ufffd]")
"""Control characters, and what stands for bytes that are not UTF-8: two names must not become one."""


def safe_path(text: str | None) -> str:
    """A relative path with ``/`` between its components, or ``""`` for the root.

    Parameters
    ----------
    text: The path as its user meant it: percent-decoded once.

    Raises
    ------
    InvalidParameter: It leaves the root in any reading, is absolute, holds control characters, backslashes or a second
        layer of percent-encoding, or is too long.
    """
    if not text:
        return ""
    path = text[:-1] if text.endswith("/") and text != "/" else text
    components = path.split("/")
    if "\\" in path or _ENCODED.search(path) or _DRIVE.match(path) or path.lower().startswith("file:"):
        raise _invalid(text)
    if _UNPRINTABLE.search(path):
        raise _invalid(text)
    for component in components:
        if not component.strip() or _PARAMETERS.split(component)[0].strip() in (".", ".."):
            raise _invalid(text)
        if len(component.encode()) > MAX_COMPONENT:
            raise _invalid(text, f"a name in it is longer than {MAX_COMPONENT} bytes")
    if len(path.encode()) > MAX_PATH:
        raise _invalid(text, f"it is longer than {MAX_PATH} bytes")
    return path


def joined(*parts: str) -> str:
    """Checked paths put together; empty ones are left out."""
    return "/".join(part for part in parts if part)


def _invalid(text: str, reason: str = "use a relative path with / between names") -> InvalidParameter:
    printable = "".join(character if character.isprintable() else "?" for character in text[:100])
    return InvalidParameter(f"Invalid path {printable!r}: {reason}.")
