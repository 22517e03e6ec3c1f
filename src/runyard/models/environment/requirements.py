"""Lines of requirements: reading what a caller gives, and pinning what is installed."""

import re
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path, PurePath

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from runyard.core.credentials import ANY_SCHEME
from runyard.core.installed import packages_of_modules
from runyard.exceptions import InvalidParameter

_NAMED = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)(?:\s*\[[^\]]*\])?")
_CONSTRAINT = re.compile(r"(?:-c|--constraint)[ =]*(\S.*)")
_INCLUDED = re.compile(r"(?:-r|--requirement)[ =]*(\S.*)")
_EDITABLE = re.compile(r"(?:-e|--editable)[ =]*(\S.*)")
_OPTION = re.compile(
    r"(-i|--index-url|--extra-index-url|-f|--find-links|--trusted-host|--no-binary|--only-binary|--use-feature|"
    r"--config-settings?)([ =]\s*)(\S.*)|(--no-index|--pre|--prefer-binary|--require-hashes)"
)
_OPTIONS_BEHIND = re.compile(r"(?:\s+--[\w-]+[ =]\S+)+")
_ARCHIVE = re.compile(r"(?:\S.*)?\.(?:whl|tar\.gz|tar\.bz2|zip|tgz)(?:\[[\w\s.,-]*\])?")
_PATH = re.compile(r"(?:\.|/|~/).*|[^\s:@;=<>]+/[^:@;=<>]*")
_ADDRESS = re.compile(rf"(?:{ANY_SCHEME}://|file:)\S+.*")
_NAMED_IN_ADDRESS = re.compile(r"(?:^|/)([A-Za-z0-9][\w.]*)-[^/\s]+\.whl(?![\w.])|[#&]egg=([\w.-]+)")
_SECRET = re.compile(r"(?<=://)([^/\s@]+)@")
_PLACEHOLDERS = re.compile(r"(?:\$\{[A-Z0-9_]+\}:?)+")
MAX_NESTED = 10
FRAMEWORKS = ("mlflow", "mlflow-skinny", "runyard")
"""The packages that log models, of which this Runyard takes the place."""


def name_of(line: str) -> str:
    """The package a requirement names, as pip compares names; empty for options, and addresses that do not tell."""
    if line.lstrip().startswith("-"):
        return ""
    is_address = "://" in line.partition("@")[0] or ("@" not in line and is_place(line))
    found = _NAMED_IN_ADDRESS.search(line) if is_address else _NAMED.match(line)
    return canonicalize_name(next(filter(None, found.groups()))) if found else ""


def read_requirement(line: str) -> Requirement | None:
    """What a line names, with its limits, without options of pip's behind it; None for paths, addresses, options."""
    try:
        return Requirement(_OPTIONS_BEHIND.sub("", line))
    except InvalidRequirement:
        return None


def unlimited(line: str) -> re.Match[str] | None:
    """Where a requirement that takes any version has its name and extras, the name in a group; None for others."""
    wanted = None if is_place(line) else read_requirement(line)
    return None if wanted is None or wanted.specifier or wanted.url else _NAMED.match(line)


def pinned(name: str) -> str:
    """A requirement for the version that is installed; for any version of what is not.

    Local labels such as ``+cpu`` are left out: other machines install from elsewhere. A library that is published
    under several names, such as xgboost and xgboost-cpu, is named as it was installed.
    """
    try:
        return f"{name}=={metadata.version(name).partition('+')[0]}"
    except metadata.PackageNotFoundError:
        same = packages_of_modules().get(name.replace("-", "_"), ())
        return f"{same[0]}=={metadata.version(same[0]).partition('+')[0]}" if same else name


def editable(line: str) -> str | None:
    """The local path or address that a line installs; None for other lines."""
    found = _EDITABLE.fullmatch(line)
    return found[1] if found else None


def is_place(line: str) -> bool:
    """Whether it is a path of this machine, instead of a name or an address."""
    text = line.partition(" @ ")[2].strip() or line
    if text.startswith("file:") or _ADDRESS.fullmatch(text):
        return text.startswith("file:")
    return bool(_PATH.fullmatch(text) or _ARCHIVE.fullmatch(text))


def without_secrets(line: str) -> str:
    """A line as it may be shown and stored: user names and passwords of addresses are left out, variables are not."""

    def kept(found: re.Match[str]) -> str:
        user, _, password = found[1].partition(":")
        is_login = not password and (user == "git" or line[: found.start()].endswith("ssh://"))
        return found[0] if is_login or _PLACEHOLDERS.fullmatch(found[1]) else ""

    return _SECRET.sub(kept, line)


def parsed(given: Sequence[str] | str | Path, folder: Path | None = None) -> tuple[list[str], list[str]]:
    """Requirements and constraints, from a list or from a file, with the files that these name.

    Parameters
    ----------
    folder: Where files that a list names start from; the working directory when left out.

    Raises
    ------
    InvalidParameter: It is neither, a file that it names does not exist, or a line is not a requirement.
    """
    if isinstance(given, str | PurePath):
        return _read(Path(given), 0)
    if not isinstance(given, list | tuple) or not all(isinstance(line, str) for line in given):
        raise InvalidParameter(f"Requirements are a list of strings, or the path of a file; not {given!r}.")
    return _sorted_out([part for line in given for part in line.splitlines()], folder or Path(), 0)


def _read(file: Path, depth: int) -> tuple[list[str], list[str]]:
    if depth > MAX_NESTED:
        raise InvalidParameter(f"Files of requirements that name each other end at {str(file)!r}: there are too many.")
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as problem:
        raise InvalidParameter(f"The requirements {str(file)!r} cannot be read: {problem}.") from None
    return _sorted_out(re.sub(r"\\\n", "", text).splitlines(), file.parent, depth)


def _sorted_out(lines: Sequence[str], folder: Path, depth: int) -> tuple[list[str], list[str]]:
    requirements: list[str] = []
    constraints: list[str] = []
    for line in lines:
        text = re.sub(r"(^|\s)#.*$", "", line).strip()
        if not text:
            continue
        if included := _INCLUDED.fullmatch(text):
            more, limits = _read(folder / included[1].strip("'\""), depth + 1)
            requirements += more
            constraints += limits
        elif constraint := _CONSTRAINT.fullmatch(text):
            limits, _ = _read(folder / constraint[1].strip("'\""), depth + 1)
            constraints += limits
        else:
            _check(text)
            requirements.append(text)
    return requirements, constraints


def _check(line: str) -> None:
    place = editable(line) or line
    patterns = (_OPTION, _ADDRESS, _PATH, _ARCHIVE)
    if read_requirement(place) or any(pattern.fullmatch(place) for pattern in patterns):
        return
    hint = " One = is conda's; pip's is ==." if re.fullmatch(r"[\w.-]+\s*=\s*[\w.*]+", line) else ""
    raise InvalidParameter(
        f"{without_secrets(line)!r} is not a requirement: write a package with its version, as in 'pandas==2.2.3', an "
        f"address, a path, or an option of pip's files.{hint}"
    )


def rooted(folder: Path, line: str) -> str:
    """A requirement that is a path, starting at a folder wherever it is installed from; others as they are."""
    place = editable(line)
    path = place or line
    if not is_place(path) or " @ " in path or path.startswith(("file:", "/")):
        return line
    return f"{'-e ' if place else ''}{(folder / path).absolute()}"
