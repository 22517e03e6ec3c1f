"""Lines of requirements: reading what a caller gives, and pinning what is installed."""

import re
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path, PurePath

from runyard.exceptions import InvalidParameter

_NAME = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")
_CONSTRAINT = re.compile(r"(?:-c|--constraint)[ =]\s*(\S+)")
_INCLUDED = re.compile(r"(?:-r|--requirement)[ =]\s*(\S+)")
MOST_NESTED = 10


def name_of(line: str) -> str:
    """The package a requirement names, as pip compares names; empty for addresses and options."""
    found = None if line.lstrip().startswith("-") or "://" in line.partition("@")[0] else _NAME.match(line)
    return re.sub(r"[-_.]+", "-", found.group(1)).lower() if found else ""


def pinned(name: str) -> str:
    """A requirement for the version that is installed; for any version of what is not.

    Local labels such as ``+cpu`` are left out: other machines install from elsewhere.
    """
    try:
        return f"{name}=={metadata.version(name).partition('+')[0]}"
    except metadata.PackageNotFoundError:
        return name


def parsed(given: Sequence[str] | str, folder: Path | None = None) -> tuple[list[str], list[str]]:
    """Requirements and constraints, from a list or from a file.

    Parameters
    ----------
    folder: Where files that a list names start from; the working directory when left out.

    Raises
    ------
    InvalidParameter: It is neither, or a file that it names does not exist.
    """
    if isinstance(given, str | PurePath):
        return _read(Path(given), 0)
    if not isinstance(given, list | tuple) or not all(isinstance(line, str) for line in given):
        raise InvalidParameter(f"Requirements are a list of strings, or the path of a file; not {given!r}.")
    return _sorted_out(given, folder or Path(), 0)


def _read(file: Path, depth: int) -> tuple[list[str], list[str]]:
    if depth > MOST_NESTED:
        raise InvalidParameter(f"Files of requirements that name each other end at {str(file)!r}: there are too many.")
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as problem:
        raise InvalidParameter(f"The requirements {str(file)!r} cannot be read: {problem}.") from None
    return _sorted_out(lines, file.parent, depth)


def _sorted_out(lines: Sequence[str], folder: Path, depth: int) -> tuple[list[str], list[str]]:
    requirements: list[str] = []
    constraints: list[str] = []
    for line in lines:
        text = re.sub(r"(^|\s)#.*$", "", line).strip()
        if not text:
            continue
        if included := _INCLUDED.fullmatch(text):
            more, limits = _read(folder / included.group(1), depth + 1)
            requirements += more
            constraints += limits
        elif constraint := _CONSTRAINT.fullmatch(text):
            limits, _ = _read(folder / constraint.group(1), depth + 1)
            constraints += limits
        else:
            requirements.append(text)
    return requirements, constraints
