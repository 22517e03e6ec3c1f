"""The state of a project's files: their digest, and what of them is not committed."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from runyard.core.open_databases import Files, is_open_database, open_files
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
    """The digest of a file, or of everything in a folder. Databases that this process has open count by their names."""
    digest, opened = hashlib.sha256(), open_files()
    if not path.is_dir():
        return _file_digest(path, opened)
    for inner in everything_in(path):
        line = f"{inner.relative_to(path).as_posix()}\0{_file_digest(inner, opened)}\n"
        digest.update(line.encode(errors="replace"))
    return digest.hexdigest()


def _file_digest(path: Path, opened: Files) -> str:
    digest = hashlib.sha256()
    try:
        if is_open_database(path, opened):
            return "in use"
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                digest.update(piece)
    except OSError:
        return "unreadable"
    return digest.hexdigest()


def project_files(folder: Path) -> list[Path]:
    """The files of a project that make it what it is, sorted.

    What git lists as one entry though it is a folder, such as a submodule, is looked into; and a folder of which git
    lists nothing is one that it ignores as a whole.
    """
    listed = git.listed_files(folder)
    found = [file for path in listed or [folder] for file in (_walked(path) if path.is_dir() else [path])]
    files = {path for path in found if path.is_file() and _counts(path.relative_to(folder))}
    opened = open_files()
    return sorted(path for path in files if not is_open_database(path, opened))


def belongs(path: Path) -> bool:
    """Whether a file belongs to a project by its name: it is not a store of runs, a cache or an environment."""
    return _counts(path)


def everything_in(folder: Path) -> list[Path]:
    """All files below a folder, whatever they are, also behind links; sorted."""
    return sorted(_walked(folder, left_out=frozenset()))


def _walked(folder: Path, left_out: frozenset[str] = _LEFT_OUT) -> Iterator[Path]:
    visited = set()
    for place, folders, names in os.walk(folder, followlinks=True):
        if (real := os.path.realpath(place)) in visited:
            folders.clear()
            continue
        visited.add(real)
        folders[:] = sorted(name for name in folders if name not in left_out)
        yield from (path for name in names if (path := Path(place, name)).is_file())


def _counts(path: Path) -> bool:
    return not path.name.startswith(_STORES) and not _LEFT_OUT.intersection(path.parts)
