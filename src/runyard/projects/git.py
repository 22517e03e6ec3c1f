"""Calls of the git program: cloning what a user named, and asking about a folder.

Addresses and versions come from outside, so schemes are listed, nothing that looks like an option is passed on, and
git may not use transports that run programs. No message shows a user name or password.
"""

import re
from pathlib import Path

from runyard.artifacts.addresses import address_parts
from runyard.core.credentials import without_credentials, without_secrets
from runyard.core.git_program import ask_git, run_git
from runyard.core.limits import shown
from runyard.exceptions import InvalidProject

SCHEMES = ("https", "http", "ssh", "git", "git+ssh", "file")
"""Transports that can be named. Others, such as ``ext::``, run programs of the address's choice."""

_SCP = re.compile(r"[A-Za-z0-9_][\w.-]*@[A-Za-z0-9][\w.-]*:(?!/?/)\S+|[A-Za-z0-9][\w.-]*\.[\w.-]+:(?!/?/)\S+")
_REFERENCE = re.compile(r"[A-Za-z0-9_][\w./@+-]*")


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
    if run_git([*alone[:2], "--depth", "1", *alone[2:]], folder).returncode and run_git(alone, folder).returncode:
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
        done = run_git(["rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"], folder)
        if done.returncode == 0:
            return done.stdout.strip().splitlines()[-1]
    return None


def is_bare(folder: Path) -> bool:
    """Whether this is a repository without files beside it, such as ``project.git``."""
    return (folder / "HEAD").is_file() and (folder / "objects").is_dir() and (folder / "refs").is_dir()


def is_branch(clone_folder: Path, version: str) -> bool:
    """Whether the version of a clone was the name of a branch."""
    fetched = ask_git(["rev-parse", "--path-format=absolute", "--git-path", "FETCH_HEAD"], clone_folder)
    if not fetched or not Path(fetched.strip()).is_file():
        return False
    return f"branch '{version}' of " in Path(fetched.strip()).read_text(errors="replace")


def listed_files(folder: Path) -> list[Path] | None:
    """Files below a folder that git tracks or would track; None when the folder is in no repository."""
    listed = ask_git(["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", "."], folder)
    return None if listed is None else [folder / name for name in listed.split("\0") if name]


def _require(arguments: list[str], folder: Path | None, uri: str) -> None:
    done = run_git(arguments, folder)
    if done.returncode:
        said = without_secrets(" ".join(done.stderr.split()))
        raise InvalidProject(f"The repository {without_credentials(uri)} could not be fetched; git says: {said}")
