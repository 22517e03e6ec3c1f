"""Sources of projects: a folder, a zip file or a git repository, local or remote."""

import atexit
import os
import tempfile
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from runyard.core.connections import downloading, reason_of
from runyard.core.credentials import (
    has_password,
    has_raw_credentials,
    shown_address,
    without_credentials,
    without_secrets,
)
from runyard.core.git import git_tags
from runyard.core.git_program import repository_of
from runyard.core.libraries import urllib3
from runyard.core.limits import shown as quoted
from runyard.core.tags import BRANCH_TAG
from runyard.exceptions import ExecutionException, InvalidProject
from runyard.projects import archives, git

_MAX_DOWNLOAD = 10 * 2**30
_PIECE = 1 << 20


@dataclass
class Source:
    """A project's files on this machine.

    Attributes
    ----------
    folder: The project's folder.
    name: Where they come from, as the run shows it: without credentials.
    tags: Commit, branch and address of the repository, when there is one.
    is_copy: They were fetched for this run, and go when it is closed.
    """

    folder: Path
    name: str
    tags: dict[str, str] = field(default_factory=dict)
    is_copy: bool = False
    _opened: ExitStack = field(default_factory=ExitStack, repr=False)

    def close(self) -> None:
        """Remove what was fetched."""
        self._opened.close()

    def keep(self) -> None:
        """Keep what was fetched while this process runs; other code may remove it sooner."""
        atexit.register(self._opened.pop_all().close)


def shown(uri: str) -> str:
    """The address of a project as a run shows it: absolute, and without credentials."""
    address, mark, below = _split(uri)
    local = _local_path(address)
    return f"{without_credentials(address) if local is None else local}{mark}{below}"


def fetch(uri: str, version: str | None = None) -> Source:
    """Bring a project to this machine.

    Parameters
    ----------
    uri: A folder, ``file://…``, a zip file (also ``http(s)://….zip``) or the address of a git repository. What follows
        a ``#`` is a folder in it.
    version: Branch, tag or commit, for git repositories. A folder that is one is not touched: it is cloned.

    Raises
    ------
    InvalidProject: Nothing is there, or the address or version is not one.
    """
    address, _, below = _split(str(uri))
    given, below = below, below.strip("/")
    _check_below(below)
    with ExitStack() as opened:
        local = _local_path(address)
        if _is_archive(address):
            _refuse_version(version, "zip files have none")
            root = _unpacked(address, local, opened)
        elif local is None or version is not None or git.is_bare(local):
            root = _cloned(address, local, version, opened)
        else:
            root = local
        folder = root / below
        if not folder.is_dir() and given.startswith("/") and root.is_dir():
            raise InvalidProject(
                f"The folder {quoted(given)} after '#' leads out of the project, and there is none of that name in it."
            )
        if not folder.is_dir():
            raise InvalidProject(_nothing_at(without_secrets(address), below, root, version))
        tags = {} if _is_archive(address) else git_tags(folder / "MLproject")
        if version is not None and git.is_branch(root, version):
            tags[BRANCH_TAG] = version
        return Source(folder, shown(str(uri)), tags, root != local, opened.pop_all())


def _split(uri: str) -> tuple[str, str, str]:
    """An address, the ``#``, and the folder behind it."""
    if has_raw_credentials(uri):
        raise InvalidProject(
            f"The password in the address of {without_credentials(uri)} must be percent-encoded: "
            "write # as %23, / as %2F, ? as %3F, [ as %5B and @ as %40."
        )
    if not uri.isprintable() or ("://" not in uri and has_password(uri)):
        raise InvalidProject(
            f"{shown_address(uri)!r} is not an address of a project. Write a path, or https://host/path."
        )
    return uri.partition("#")


def _check_below(below: str) -> None:
    if ".." in Path(below).parts:
        raise InvalidProject(f"The folder {quoted(below)} after '#' leads out of the project. Name one inside of it.")


def _nothing_at(address: str, below: str, root: Path, version: str | None = None) -> str:
    if version is not None:
        return f"There is no folder {below or address!r} in version {quoted(version)} of the repository."
    if below and root.is_dir():
        return f"There is no folder {quoted(below)} in {address}."
    shown_as = shown_address(address)
    return f"There is no project at {shown_as!r}: no such folder. Give a folder, a zip file or a repository's address."


def _local_path(address: str) -> Path | None:
    """The place on this machine that an address names; None for addresses elsewhere."""
    if address.startswith("file://"):
        parts = urlsplit(address)
        if parts.netloc not in ("", "localhost"):
            raise InvalidProject(f"{quoted(address)} names the host {parts.netloc!r}. Write file:///path, or ssh://…")
        return Path(unquote(parts.path))
    if git.is_address(address) and not Path(address).exists():
        return None
    if "://" in address or address.startswith("-") or "::" in address:
        named = quoted(without_secrets(address))
        raise InvalidProject(f"{named} is not an address of a project. Use one of {', '.join(git.SCHEMES)}, or a path.")
    return Path(os.path.abspath(os.path.expanduser(address)))  # noqa: PTH100, PTH111  (`..` goes, links stay)


def _is_archive(address: str) -> bool:
    return urlsplit(address).path.endswith(".zip") and urlsplit(address).scheme in ("", "file", "http", "https")


def _refuse_version(version: str | None, why: str) -> None:
    if version is not None:
        raise InvalidProject(f"A version ({quoted(version)}) can be chosen of git repositories only: {why}.")


def _unpacked(address: str, local: Path | None, opened: ExitStack) -> Path:
    scratch = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="runyard-project-")))
    archive = local or download(address, scratch / "project.zip")
    if not archive.is_file():
        raise InvalidProject(f"There is no zip file at {shown_address(address)!r}.")
    folder = scratch / "project"
    folder.mkdir()
    archives.unpack(archive, folder)
    return folder


def download(address: str, target: Path) -> Path:
    """Fetch a file from an http(s) address, to a path on this machine.

    Raises
    ------
    InvalidProject: There is none, or it is larger than anything a project has.
    ExecutionException: The server cannot be reached.
    """
    shown_as = without_credentials(address)
    try:
        with downloading(address) as answer:
            if answer.status != 200:
                raise InvalidProject(f"{shown_as} answered {answer.status}; there is nothing to fetch.")
            _save(answer.stream(_PIECE), target, shown_as)
    except urllib3.exceptions.HTTPError as problem:
        raise ExecutionException(f"{shown_as} could not be fetched: {reason_of(problem)}") from None
    return target


def _save(pieces: Iterable[bytes], target: Path, address: str) -> None:
    size = 0
    with target.open("wb") as file:
        for piece in pieces:
            size += file.write(piece)
            if size > _MAX_DOWNLOAD:
                raise InvalidProject(f"{address} has more than {_MAX_DOWNLOAD:,} bytes, too many to fetch.")


def _cloned(address: str, local: Path | None, version: str | None, opened: ExitStack) -> Path:
    """A clone of a repository, or of a folder's repository: then the same folder in the clone."""
    scratch = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="runyard-project-")), "project")
    if local is None:
        git.clone(address, version, scratch)
        return scratch
    if not local.is_dir():
        raise InvalidProject(_nothing_at(address, "", local))
    top = local if git.is_bare(local) else repository_of(local)
    if top is None:
        _refuse_version(version, f"{shown_address(address)!r} is none")
        return local
    git.clone(str(top), version, scratch)
    return scratch / local.resolve().relative_to(top.resolve())
