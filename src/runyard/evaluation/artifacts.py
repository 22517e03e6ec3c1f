"""Files that an evaluation makes: what they hold, and how each kind is read again."""

import json
import pickle
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pandas as pd

from runyard.core.libraries import lazy
from runyard.exceptions import InvalidParameter

images = lazy("PIL.Image")


class EvaluationArtifact:
    """A file of an evaluation.

    Parameters
    ----------
    uri: Where it is kept.
    content: What it holds.
    """

    extension = ""

    def __init__(self, uri: str, content: Any = None) -> None:
        self._uri, self._content = uri, content

    @property
    def content(self) -> Any:
        """What it holds: a picture, a table, text …"""
        return self._content

    @property
    def uri(self) -> str:
        """Where it is kept."""
        return self._uri

    @property
    def file_extension(self) -> str:
        """Of its name, with the dot."""
        return Path(urlsplit(self._uri).path).suffix or self.extension

    def _save(self, path: Path) -> None:
        """Write the content to a file."""
        raise NotImplementedError

    def _load(self, path: Path) -> None:
        """Take the content from a file."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"{type(self).__name__}(uri={self._uri!r})"


class ImageEvaluationArtifact(EvaluationArtifact):
    """A picture, of Pillow."""

    extension = ".png"

    def _save(self, path: Path) -> None:
        self._content.save(path)

    def _load(self, path: Path) -> None:
        self._content = images.open(path)
        self._content.load()


class CsvEvaluationArtifact(EvaluationArtifact):
    """A table, as text."""

    extension = ".csv"

    def _save(self, path: Path) -> None:
        self._content.to_csv(path, index=False)

    def _load(self, path: Path) -> None:
        self._content = pd.read_csv(path)


class ParquetEvaluationArtifact(EvaluationArtifact):
    """A table, in Parquet."""

    extension = ".parquet"

    def _save(self, path: Path) -> None:
        self._content.to_parquet(path)

    def _load(self, path: Path) -> None:
        self._content = pd.read_parquet(path)


class NumpyEvaluationArtifact(EvaluationArtifact):
    """An array."""

    extension = ".npy"

    def _save(self, path: Path) -> None:
        np.save(path, self._content, allow_pickle=False)

    def _load(self, path: Path) -> None:
        self._content = np.load(path, allow_pickle=False)


class JsonEvaluationArtifact(EvaluationArtifact):
    """What JSON can hold."""

    extension = ".json"

    def _save(self, path: Path) -> None:
        path.write_text(json.dumps(self._content), encoding="utf-8")

    def _load(self, path: Path) -> None:
        self._content = json.loads(path.read_text(encoding="utf-8"))


class TextEvaluationArtifact(EvaluationArtifact):
    """Text."""

    extension = ".txt"

    def _save(self, path: Path) -> None:
        path.write_text(self._content, encoding="utf-8")

    def _load(self, path: Path) -> None:
        self._content = path.read_text(encoding="utf-8")


class PickleEvaluationArtifact(EvaluationArtifact):
    """Any object. Reading it runs what the file says: only read files of people you trust."""

    extension = ".pickle"

    def _save(self, path: Path) -> None:
        path.write_bytes(pickle.dumps(self._content))

    def _load(self, path: Path) -> None:
        self._content = pickle.loads(path.read_bytes())  # noqa: S301  (by the caller's own wish, in their process)


KINDS: dict[str, type[EvaluationArtifact]] = {
    ".png": ImageEvaluationArtifact,
    ".jpg": ImageEvaluationArtifact,
    ".jpeg": ImageEvaluationArtifact,
    ".json": JsonEvaluationArtifact,
    ".npy": NumpyEvaluationArtifact,
    ".csv": CsvEvaluationArtifact,
    ".parquet": ParquetEvaluationArtifact,
    ".txt": TextEvaluationArtifact,
}


def is_file_name(name: str) -> bool:
    """Whether an artifact of this name can be a file with only an extension added."""
    return bool(name) and not name.startswith(".") and not set(name) & set("/\\\0")


def written(name: str, content: Any, folder: Path, said_by: str) -> tuple[type[EvaluationArtifact], Path]:
    """Write what a function of ``custom_artifacts`` gave to a file of the right kind.

    Parameters
    ----------
    name: The artifact's.
    content: A path of a file, text that is JSON, a DataFrame, an array, a figure of matplotlib, or any object that
        JSON or pickle can hold.
    folder: Where the file goes.
    said_by: Which function gave it, for errors.

    Raises
    ------
    InvalidParameter: The content cannot be stored.
    """
    if not is_file_name(name):
        raise InvalidParameter(f"{said_by} named an artifact {name!r}, which cannot be the name of a file.")
    if isinstance(content, (str, Path)):
        return _of_path(name, content, folder, said_by)
    if isinstance(content, pd.DataFrame):
        return _put(CsvEvaluationArtifact, name, content, folder)
    if isinstance(content, np.ndarray):
        return _put(NumpyEvaluationArtifact, name, content, folder)
    if hasattr(content, "savefig"):
        path = folder / f"{name}.png"
        content.savefig(path)
        return ImageEvaluationArtifact, path
    try:
        return _put(JsonEvaluationArtifact, name, content, folder)
    except (TypeError, ValueError):  # it is not for JSON
        pass
    try:
        return _put(PickleEvaluationArtifact, name, content, folder)
    except (pickle.PicklingError, AttributeError, TypeError) as problem:
        raise InvalidParameter(
            f"The artifact {name!r} of {said_by} is a {type(content).__name__}, which cannot be stored: {problem}"
        ) from problem


def _put(
    kind: type[EvaluationArtifact], name: str, content: Any, folder: Path
) -> tuple[type[EvaluationArtifact], Path]:
    path = folder / f"{name}{kind.extension}"
    kind("", content)._save(path)
    return kind, path


def _of_path(name: str, content: str | Path, folder: Path, said_by: str) -> tuple[type[EvaluationArtifact], Path]:
    path = Path(content)
    try:
        is_file = path.is_file()
    except OSError:  # text that is too long for a path
        is_file = False
    if is_file:
        if (kind := KINDS.get(path.suffix.lower())) is None:
            raise InvalidParameter(
                f"The artifact {name!r} of {said_by} is the file {path.name}; files may end in {', '.join(KINDS)}."
            )
        target = folder / f"{name}{path.suffix}"
        if target != path:
            target.write_bytes(path.read_bytes())
        return kind, target
    try:
        return _put(JsonEvaluationArtifact, name, json.loads(str(content)), folder)
    except ValueError as problem:
        raise InvalidParameter(
            f"The artifact {name!r} of {said_by} is the text {str(content)[:80]!r}, which is neither a file nor JSON."
        ) from problem
