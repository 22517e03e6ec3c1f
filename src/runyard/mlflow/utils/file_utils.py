"""``mlflow.utils.file_utils``: the small file helpers that scripts take from it."""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any, Self

from runyard.artifacts.addresses import local_path
from runyard.core.libraries import yaml
from runyard.exceptions import InvalidParameter

ENCODING = "utf-8"


class TempDir:
    """A temporary folder in a ``with`` block, removed at its end.

    Parameters
    ----------
    chdr: Make it the working directory meanwhile.
    remove_on_exit: Remove it at the end.
    """

    def __init__(self, chdr: bool = False, remove_on_exit: bool = True) -> None:
        self._chdr, self._remove = chdr, remove_on_exit
        self._path: str | None = None
        self._before: str | None = None

    def __enter__(self) -> Self:
        self._path = os.path.realpath(tempfile.mkdtemp(prefix="runyard-"))
        if self._chdr:
            self._before = str(Path.cwd())
            os.chdir(self._path)
        return self

    def __exit__(self, *_error: object) -> None:
        if self._before:
            os.chdir(self._before)
            self._before = None
        if self._remove and self._path:
            shutil.rmtree(self._path, ignore_errors=True)

    def path(self, *parts: str) -> str:
        """A path in the folder."""
        if self._path is None:
            raise InvalidParameter("A TempDir has a path inside its `with` block only.")
        return "." if self._chdr and not parts else str(Path("." if self._chdr else self._path, *parts))


def mkdir(root: str, name: str | None = None) -> str:
    """Make a folder if it is not there; returns its path."""
    target = Path(root, name) if name else Path(root)
    target.mkdir(parents=True, exist_ok=True)
    return str(target)


def make_containing_dirs(path: str) -> None:
    """Make the folders that hold a path."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)


def exists(name: str) -> bool:
    """Whether there is anything at this path."""
    return Path(name).exists()


def is_directory(name: str) -> bool:
    """Whether there is a folder at this path."""
    return Path(name).is_dir()


def write_to(filename: str, data: str) -> None:
    """Write a text file."""
    Path(filename).write_text(data, encoding=ENCODING)


def append_to(filename: str, data: str) -> None:
    """Add text to a file."""
    with Path(filename).open("a", encoding=ENCODING) as file:
        file.write(data)


def read_file(parent_path: str, file_name: str) -> str:
    """The text of a file."""
    return Path(parent_path, file_name).read_text(encoding=ENCODING)


def read_chunk(path: "str | os.PathLike[str]", size: int, start_byte: int = 0) -> bytes:
    """Some bytes of a file, fewer at its end."""
    with Path(path).open("rb") as file:
        file.seek(start_byte)
        return file.read(size)


def read_yaml(root: str, file_name: str) -> dict[str, Any]:
    """What a YAML file says."""
    return yaml.safe_load(read_file(root, file_name)) or {}


def write_yaml(
    root: str, file_name: str, data: dict[str, Any], overwrite: bool = False, sort_keys: bool = True
) -> None:
    """Write a YAML file.

    Raises
    ------
    InvalidParameter: It is there already, and must not be overwritten.
    """
    target = Path(root, file_name if file_name.endswith(".yaml") else f"{file_name}.yaml")
    if target.exists() and not overwrite:
        raise InvalidParameter(f"{str(target)!r} exists already. Give overwrite=True to replace it.")
    target.write_text(yaml.safe_dump(data, sort_keys=sort_keys, allow_unicode=True), encoding=ENCODING)


def path_to_local_file_uri(path: str) -> str:
    """A path as ``file:///…``."""
    return Path(path).absolute().as_uri()


def local_file_uri_to_path(uri: str) -> str:
    """The path of a ``file:`` address; a text without a scheme is a path already."""
    found = local_path(uri)
    return uri if found is None else str(found)


def get_parent_dir(path: str) -> str:
    """The folder above a path."""
    return str(Path(path).parent)


def _copy_file_or_tree(src: str, dst: str, dst_dir: str | None = None) -> str:
    """Copy a file or folder into a folder; returns where it is there, relative to `dst`."""
    name = Path(os.path.abspath(src)).name  # noqa: PTH100  (a link keeps its own name)
    below = Path(dst_dir or "", name)
    target = Path(dst, below)
    target.parent.mkdir(parents=True, exist_ok=True)
    if Path(src).is_file():
        shutil.copy(src, target)
    else:
        shutil.copytree(src, target, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
    return str(below)
