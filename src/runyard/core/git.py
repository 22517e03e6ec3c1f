"""Commit, branch and address of a git repository, read from its files: no git program and no library needed."""

import configparser
import re
from pathlib import Path

from runyard.core.credentials import without_credentials
from runyard.core.tags import BRANCH_TAG, COMMIT_TAG, REPOSITORY_TAG

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


def git_tags(program: Path | None) -> dict[str, str]:
    """Tags for the Git repository of a program; none when it is not in one or the repository cannot be read."""
    try:
        folder = _git_folder(program) if program else None
        return _tags(folder) if folder else {}
    except (OSError, UnicodeDecodeError, configparser.Error):
        return {}


def repository_folder(program: Path) -> Path | None:
    """The top folder of the repository that a file is in, or would be in."""
    return next((parent for parent in program.resolve().parents if (parent / ".git").exists()), None)


def _tags(folder: Path) -> dict[str, str]:
    common = folder / "commondir"  # a worktree keeps only its HEAD to itself
    shared = (folder / common.read_text().strip()).resolve() if common.is_file() else folder
    head = (folder / "HEAD").read_text().strip()
    name = head.removeprefix("ref: ") if head.startswith("ref: ") else ""
    commit = _commit_of(shared, name) if name else head
    if not _COMMIT.fullmatch(commit):
        return {}  # nothing committed yet
    tags = {COMMIT_TAG: commit}
    if name.startswith("refs/heads/"):
        tags[BRANCH_TAG] = name.removeprefix("refs/heads/")
    if url := _remote_url(shared):
        tags[REPOSITORY_TAG] = url
    return tags


def _git_folder(program: Path) -> Path | None:
    """The repository's own folder, found upwards from the program."""
    for parent in program.resolve().parents:
        entry = parent / ".git"
        if entry.is_dir():
            return entry
        if entry.is_file():
            pointer = entry.read_text().strip()
            return (parent / pointer.removeprefix("gitdir:").strip()) if pointer.startswith("gitdir:") else None
    return None


def _commit_of(folder: Path, name: str) -> str:
    """What a reference points to."""
    loose = folder / name
    if loose.is_file():
        return loose.read_text().strip()
    packed = folder / "packed-refs"
    if packed.is_file():
        for line in packed.read_text().splitlines():
            commit, _, reference = line.partition(" ")
            if reference == name:
                return commit
    return ""


def _remote_url(folder: Path) -> str | None:
    """The address of `origin`, else of the first remote, without user name and password."""
    config = configparser.ConfigParser(
        strict=False, interpolation=None, allow_no_value=True, comment_prefixes=("#", ";")
    )
    config.read_string((folder / "config").read_text())
    remotes = {section: config[section].get("url") for section in config.sections() if section.startswith("remote ")}
    url = remotes.get('remote "origin"') or next(filter(None, remotes.values()), None)
    return without_credentials(url) if url else None
