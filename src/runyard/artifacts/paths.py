"""The check of an artifact path from outside.

Fourteen published vulnerabilities teach the rule: reject what a later reader could take for another place, and check
the form in which it is used.
"""

import os
import re
from pathlib import PurePath
from typing import Any
from urllib.parse import unquote

from runyard.exceptions import InvalidParameter

MAX_COMPONENT = 255
MAX_PATH = 1024

_ENCODED = re.compile(r"%(?:2e|2f|5c|00|25)", re.IGNORECASE)
_DRIVE = re.compile(r"[A-Za-z]:")
_PARAMETERS = re.compile(r"[;?#]|%(?:3b|3f|23)", re.IGNORECASE)
UNPRINTABLE = re.compile("[\0-\x1f\x7f-\x9f\ud800-\udfff\ufffd]")
"""Control characters, and stand-ins for bytes that are not UTF-8: two names must not become one."""


PathText = str | os.PathLike[str]
"""A path as callers give it: text with ``/`` between names, or a path object of any system."""


def path_text(path: PathText | None) -> str:
    """The path as text with ``/`` between its names.

    Raises
    ------
    InvalidParameter: It is neither text nor a path object.
    """
    if path is None or isinstance(path, str):
        return path or ""
    if isinstance(path, PurePath):
        return path.as_posix() if path.parts else ""
    text: Any = os.fspath(path) if hasattr(path, "__fspath__") else path
    if not isinstance(text, str):
        raise InvalidParameter(
            f"Invalid path {str(path)[:100]!r}: text or a path object is needed, not {type(path).__name__}."
        )
    return text


def safe_path(path: PathText | None) -> str:
    """A relative path with ``/`` between its components, or ``""`` for the root.

    Parameters
    ----------
    path: Percent-decoded once.

    Raises
    ------
    InvalidParameter: It leaves the root in any reading, is absolute, holds control characters, backslashes or a second
        layer of percent-encoding, or is too long.
    """
    text = path_text(path)
    if not text:
        return ""
    checked = text[:-1] if text.endswith("/") and text != "/" else text
    reason = _what_is_wrong(checked)
    if reason:
        raise _invalid(text, reason)
    return checked


def _what_is_wrong(path: str) -> str | None:
    if path.startswith("/"):
        return "it begins with '/'; artifact paths are relative"
    if "\\" in path:
        return "it holds a backslash; put '/' between names"
    if found := _ENCODED.search(path):
        return (
            f"{found[0]!r} in it is how web addresses write {unquote(found[0])!r}, so it could be read as another "
            "path; choose a name without it"
        )
    if _DRIVE.match(path) or path.lower().startswith("file:"):
        return "it begins like the address of a file of this machine; use a relative path"
    if UNPRINTABLE.search(path):
        return "it holds a control character, or bytes that are not text"
    for component in path.split("/"):
        if not component.strip():
            return "a name in it is empty; use a relative path with one '/' between names"
        if _PARAMETERS.split(component)[0].strip() in (".", ".."):
            return f"{component[:100]!r} in it can mean another folder; use a relative path of plain names"
        if len(component.encode()) > MAX_COMPONENT:
            return f"a name in it is longer than {MAX_COMPONENT} bytes"
    return f"it is longer than {MAX_PATH} bytes" if len(path.encode()) > MAX_PATH else None


def normalised(path: PathText | None) -> str:
    """The path of a file with ``.``, ``..`` and doubled ``/`` taken out: what callers of Python may write.

    Raises
    ------
    InvalidParameter: It leads out of the root, or is refused by `safe_path`.
    """
    text, found = path_text(path), list[str]()
    for component in text.removesuffix("/").split("/") if not text.startswith("/") else [text]:
        if component == "..":
            if not found:
                raise _invalid(text, "it leads out of the folder of the artifacts")
            found.pop()
        elif component not in ("", "."):
            found.append(component)
    return safe_path("/".join(found))


def named(path: str) -> str:
    """The checked path of a file.

    Raises
    ------
    InvalidParameter: It is not a path of a file.
    """
    checked = safe_path(path)
    if not checked:
        raise InvalidParameter("The path of a file is needed; this is the folder of all artifacts.")
    return checked


def can_be_named(name: str) -> bool:
    """Whether a path can name this entry of a folder. Some programs store nameless entries for folders."""
    try:
        return bool(name) and "/" not in safe_path(name)
    except InvalidParameter:
        return False


def joined(*parts: str) -> str:
    """Checked paths put together; empty ones are left out."""
    return "/".join(part for part in parts if part)


def _invalid(text: str, reason: str) -> InvalidParameter:
    printable = "".join(character if character.isprintable() else "?" for character in text[:100])
    return InvalidParameter(f"Invalid path {printable!r}: {reason}.")
