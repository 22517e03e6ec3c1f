"""The state of a project's files: their digest, and what of them is not committed."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from runyard.core.tracking_uri import DEFAULT_DATABASE
from runyard.projects import git

_PIECE = 1 << 20
_LEFT_OUT = frozenset(
    (".git", ".hg", ".venv", "venv", "__pycache__", ".ipynb_checkpoints", ".mypy_cache", ".pytest_cache", ".ruff_cache",
     "mlruns", "mlartifacts", "runyard-artifacts", "node_modules")
)  # fmt: skip
_STORES = (DEFAULT_DATABASE, "mlflow.db", "mlruns.db")


def state_of(folder: Path) -> str:
    """A digest of the names and contents of a project's files.

    In a git repository those that git ignores do not count; nowhere do stores of runs, caches and environments.
    """
    digest = hashlib.sha256()
    for path in project_files(folder):
        digest.update(f"{path.relative_to(folder).as_posix()}\0{content_digest(path)}\n".encode(errors="replace"))
    return digest.hexdigest()


def content_digest(path: Path) -> str:
    """The digest of a file, or of everything in a folder."""
    if path.is_dir():
        return state_of(path)
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                digest.update(piece)
    except OSError:
        return "unreadable"
    return digest.hexdigest()


def project_files(folder: Path) -> list[Path]:
    """The files of a project that make it what it is, sorted."""
    listed = git.listed_files(folder)
    return sorted(_walked(folder) if listed is None else (path for path in listed if _counts(path, folder)))


def _walked(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in _LEFT_OUT]
        yield from (path for name in names if _counts(path := Path(place, name), folder))


def _counts(path: Path, folder: Path) -> bool:
    if path.name.startswith(_STORES):
        return False
    return path.is_file() and not _LEFT_OUT.intersection(path.relative_to(folder).parts)
