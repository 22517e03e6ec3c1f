"""Calls of the git program: cloning what a user named, and asking about a folder.

Addresses and versions come from outside, so schemes are listed, nothing that looks like an option is passed on, and
git may not use transports that run programs. No message shows a user name or password.
"""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Collection, Mapping
from fnmatch import fnmatch
from pathlib import Path

from runyard.artifacts.addresses import address_parts
from runyard.core.credentials import without_credentials, without_secrets
from runyard.core.limits import shown
from runyard.exceptions import ExecutionException, InvalidProject

SCHEMES = ("https", "http", "ssh", "git", "git+ssh", "file")
"""Transports that can be named. Others, such as ``ext::``, run programs of the address's choice."""

SECRET_NAMES = (
    ".env*",
    "*.pem",
    "*.key",
    "*.p12",
    "id_rsa*",
    "id_ed25519*",
    "*credentials*",
    "*secret*",
    ".netrc",
    ".pypirc",
)
"""New files that often hold passwords: a patch names them and does not contain them."""

MAX_PATCH = 10_000_000
MAX_NEW_FILE = 256_000
_HEAD = 1000  # about what a patch says of a file besides its content

_SCP = re.compile(r"[A-Za-z0-9_][\w.-]*@[A-Za-z0-9][\w.-]*:(?!/?/)\S+|[A-Za-z0-9][\w.-]*\.[\w.-]+:(?!/?/)\S+")
_REFERENCE = re.compile(r"[A-Za-z0-9_][\w./@+-]*")
_SECONDS = 600
_SSH = "ssh -o BatchMode=yes"  # a question would wait for ever
_SAFE = (
    "--literal-pathspecs",
    "-c",
    "protocol.ext.allow=never",
    "-c",
    "protocol.fd.allow=never",
    "-c",
    "core.fsmonitor=",
)
_PLAIN = ("--no-ext-diff", "--no-textconv", "--no-color", "--no-relative", "--src-prefix=a/", "--dst-prefix=b/")
"""A patch that `git apply` understands, however the user likes to see differences."""
_ELSEWHERE = (
    "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR", "GIT_PREFIX", "GIT_NAMESPACE",
)  # fmt: skip
"""Variables that lead git to another repository than the folder's: hooks have them."""


def is_address(uri: str) -> bool:
    """Whether this is the address of a repository, by its form."""
    return address_parts(uri).scheme in SCHEMES or _SCP.fullmatch(uri) is not None


def check_reference(version: str) -> None:
    """Check that a version can only mean a branch, a tag or a commit to git.

    Raises
    ------
    InvalidProject: It cannot.
    """
    if not _REFERENCE.fullmatch(version) or ".." in version or "@{" in version:
        raise InvalidProject(f"Version {shown(version)} is not the name of a branch, a tag or a commit.")


def clone(uri: str, version: str | None, folder: Path) -> None:
    """Put the files of a repository into a folder, at a version or at its default branch.

    Parameters
    ----------
    uri: Its address, or the path of a repository on this machine.
    folder: A new folder.

    Raises
    ------
    InvalidProject: There is no such repository or version, or the address is of a kind that is not fetched.
    """
    if uri.startswith("-") or not (is_address(uri) or Path(uri).is_dir()):
        raise InvalidProject(
            f"{shown(without_secrets(uri))} is not the address of a repository. Use {', '.join(SCHEMES)}."
        )
    if version is not None:
        check_reference(version)
    _require(["init", "--quiet", str(folder)], None, uri)
    _require(["remote", "add", "--", "origin", uri], folder, uri)
    alone = ["fetch", "--quiet", "--", "origin", version or "HEAD"]
    if _run([*alone[:2], "--depth", "1", *alone[2:]], folder).returncode and _run(alone, folder).returncode:
        # a short commit id, or a server that gives no single commits: everything is fetched, then looked up
        _require(["fetch", "--quiet", "--tags", "--", "origin", "+refs/heads/*:refs/remotes/origin/*"], folder, uri)
        found = _commit(folder, version)
    else:
        found = _commit(folder, "FETCH_HEAD")
    if found is None:
        raise InvalidProject(
            f"The repository {without_credentials(uri)} has no branch, tag or commit {shown(version or 'HEAD')}."
        )
    _require(["checkout", "--quiet", "--detach", found], folder, uri)
    if (folder / ".gitmodules").exists():
        _require(["submodule", "--quiet", "update", "--init", "--recursive", "--depth", "1"], folder, uri)
    if (clean := without_credentials(uri)) != uri:
        _require(["remote", "set-url", "origin", clean], folder, uri)  # programs like to log where they come from


def _commit(folder: Path, version: str | None) -> str | None:
    for name in (version, f"origin/{version}") if version else ():
        done = _run(["rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"], folder)
        if done.returncode == 0:
            return done.stdout.strip().splitlines()[-1]
    return None


def repository_of(folder: Path) -> Path | None:
    """The top folder of a folder's repository; None outside of one, or without a git program."""
    done = _ask(["rev-parse", "--show-toplevel"], folder)
    return Path(done.strip()) if done else None


def is_bare(folder: Path) -> bool:
    """Whether this is a repository without files beside it, such as ``project.git``."""
    return (folder / "HEAD").is_file() and (folder / "objects").is_dir() and (folder / "refs").is_dir()


def is_branch(clone_folder: Path, version: str) -> bool:
    """Whether the version of a clone was the name of a branch."""
    fetched = _ask(["rev-parse", "--path-format=absolute", "--git-path", "FETCH_HEAD"], clone_folder)
    if not fetched or not Path(fetched.strip()).is_file():
        return False
    return f"branch '{version}' of " in Path(fetched.strip()).read_text(errors="replace")


def listed_files(folder: Path) -> list[Path] | None:
    """Files below a folder that git tracks or would track; None when the folder is in no repository."""
    listed = _ask(["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", "."], folder)
    return None if listed is None else [folder / name for name in listed.split("\0") if name]


def uncommitted(folder: Path, counts: Callable[[Path], bool]) -> str | None:
    """What differs from the commit below a folder, new files among it, as a patch for ``git apply``.

    Parameters
    ----------
    counts: Tells of a new file whether it belongs to the project.

    Returns
    -------
    None when nothing differs, or the folder is in no repository. New files that are large, or whose names speak of
    secrets, are named and not contained.
    """
    status = _ask(["status", "--porcelain", "-z", "--untracked-files=all", "--", "."], folder)
    top = repository_of(folder)
    if not status or top is None:
        return None
    entries = [entry for entry in status.split("\0") if entry]
    new = [path for entry in entries if entry.startswith("?? ") and counts(path := top / entry[3:])]
    if not new and all(entry.startswith("?? ") for entry in entries):
        return None
    small = _first_small(new)
    patch = _patch(folder, small)
    left_out = [f"# not contained: {path.relative_to(top)}\n" for path in new if path not in small]
    if len(patch) > MAX_PATCH:
        return f"# The changes have {len(patch):,} characters, more than are kept.\n"
    return "".join(left_out) + patch


def _first_small(files: list[Path]) -> dict[Path, None]:
    """Those that a patch may contain: none is large, nor are all together."""
    small: dict[Path, None] = {}
    total = 0
    for path in files:
        is_kept = path.is_file() and not any(fnmatch(path.name.lower(), secret) for secret in SECRET_NAMES)
        size = path.stat().st_size if is_kept else MAX_PATCH
        if size <= MAX_NEW_FILE and total + size <= MAX_PATCH // 2:
            small[path] = None
            total += size + _HEAD
    return small


def _patch(folder: Path, new: Collection[Path]) -> str:
    """The differences, found with an index and a store of objects of their own: the user's stay as they are."""
    places = _ask(["rev-parse", "--path-format=absolute", "--git-path", "index", "--git-path", "objects"], folder)
    if not places:
        return ""
    index, objects = places.splitlines()
    with tempfile.TemporaryDirectory(prefix="runyard-git-") as scratch:
        if Path(index).exists():
            shutil.copyfile(index, Path(scratch, "index"))
        Path(scratch, "objects").mkdir()
        own = {
            "GIT_INDEX_FILE": str(Path(scratch, "index")),
            "GIT_OBJECT_DIRECTORY": str(Path(scratch, "objects")),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": objects,
        }
        if new:
            names = "\0".join(map(str, new))
            _run(["add", "--intent-to-add", "--pathspec-from-file=-", "--pathspec-file-nul"], folder, own, names)
        return _run(["diff", "--binary", *_PLAIN, "HEAD", "--", "."], folder, own).stdout


def _ask(arguments: list[str], folder: Path) -> str | None:
    """Git's output; None, without a warning, when it fails or is not installed."""
    try:
        done = _run(arguments, folder)
    except ExecutionException:
        return None
    return done.stdout if done.returncode == 0 else None


def _require(arguments: list[str], folder: Path | None, uri: str) -> None:
    done = _run(arguments, folder)
    if done.returncode:
        said = without_secrets(" ".join(done.stderr.split()))
        raise InvalidProject(f"The repository {without_credentials(uri)} could not be fetched; git says: {said}")


def _run(
    arguments: list[str], folder: Path | None, more: Mapping[str, str] | None = None, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    quiet = {"GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    quiet["GIT_SSH_COMMAND"] = os.environ.get("GIT_SSH_COMMAND", _SSH)
    where = [] if folder is None else ["-C", str(folder)]
    environment = {name: value for name, value in os.environ.items() if name not in _ELSEWHERE}
    try:
        done = subprocess.run(
            ["git", *_SAFE, *where, *arguments],
            input=os.fsencode(stdin),
            capture_output=True,
            timeout=_SECONDS,
            check=False,
            env={**environment, **quiet, **(more or {})},
        )
    except (FileNotFoundError, PermissionError):
        raise ExecutionException("The program 'git' is not installed. Install it to run projects from git.") from None
    except subprocess.TimeoutExpired:
        raise ExecutionException(f"git did not answer within {_SECONDS} seconds.") from None
    # as bytes until here: a patch keeps the line ends and the encodings of its files
    said = done.stderr.decode(errors="replace")
    return subprocess.CompletedProcess(done.args, done.returncode, os.fsdecode(done.stdout), said)
