"""The interface of artifact repositories: one class for each kind of scheme reads and writes below a location."""

import os
import random
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, ClassVar, Protocol, Self
from urllib.parse import SplitResult

from runyard.artifacts.entities import FileInfo
from runyard.artifacts.paths import named
from runyard.exceptions import ChangedMeanwhile, Conflict, DoesNotExist, Unavailable

PIECE = 256 * 1024
"""Number of bytes in a piece of a transfer."""
PARTIAL = ".runyard-partial-"
"""Prefix of files that are being written; no listing shows them and no path may name them."""
ABSENT = ""
"""The tag of a file that does not exist."""
MAX_TRIES = 200
MAX_PAUSE = 0.5

Progress = Callable[[int], None]
"""Called with the number of bytes just transferred; negative when they must be sent again."""
Change = Callable[[bytes | None], bytes]
"""Makes a file's new content from its current content, which is None when there is no file."""


class OpenFile(Protocol):
    """The bytes of an artifact; a context that closes it."""

    def read(self, size: int = -1, /) -> bytes:
        """Up to this number of bytes from here; all remaining ones without a size."""

    def seek(self, offset: int, /) -> int:
        """Continue from this byte."""

    def close(self) -> None:
        """Release its resources."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self.close()


@dataclass
class StoredFile:
    """An artifact opened for reading. The caller closes `file`.

    Attributes
    ----------
    file: The content, at its beginning.
    size: Size in bytes; None if unknown.
    tag: Changes when the content does; None where there are no tags.
    """

    file: OpenFile
    size: int | None
    tag: str | None


@dataclass(frozen=True)
class Interrupted:
    """What an upload or a removal left behind that was never finished; no listing shows it.

    Attributes
    ----------
    path: Where it is, or would have been.
    began: Time in milliseconds of the last that is known of it.
    token: What else the repository needs to find it.
    """

    path: str
    began: int
    token: str = ""


class Upload(ABC):
    """An artifact being written. It is not visible before `finish`; leaving it as a context before that discards it."""

    @abstractmethod
    def write(self, piece: bytes) -> None:
        """Add bytes."""

    def write_file(self, file: BinaryIO, progress: Progress | None = None) -> None:
        """Add all of a local file, which stays open until `finish`."""
        while piece := file.read(PIECE):
            self.write(piece)
            if progress:
                progress(len(piece))

    @abstractmethod
    def finish(self, expected: str | None = None) -> None:
        """Put it in its place, durably; what was there before is replaced.

        Parameters
        ----------
        expected: The tag that the current file must have, `ABSENT` if there must be no file. Ignored where there are
            no tags.

        Raises
        ------
        ChangedMeanwhile: It has another tag; nothing is replaced.
        """

    @abstractmethod
    def abandon(self) -> None:
        """Remove what was written; harmless after `finish`."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.abandon()


@dataclass(frozen=True)
class Location:
    """A location of artifacts, with what a scheme needs to open it.

    Attributes
    ----------
    uri: The address.
    parts: Its parsed parts.
    tracking_uri: The server that ``mlflow-artifacts:`` stands for.
    """

    uri: str
    parts: SplitResult
    tracking_uri: str


class ArtifactRepository(ABC):
    """Artifacts below one location. Paths are relative to it; they come from outside and are checked here.

    Attributes
    ----------
    uri: The location, without credentials: for messages.
    by_scheme: The class of each scheme. A class that names its `schemes` registers itself.
    """

    uri: str
    by_scheme: ClassVar[dict[str, "type[ArtifactRepository]"]] = {}

    def __init_subclass__(cls, schemes: tuple[str, ...] = ()) -> None:
        cls.by_scheme.update(dict.fromkeys(schemes, cls))

    @classmethod
    @abstractmethod
    def at(cls, location: Location) -> "ArtifactRepository":
        """The repository of a location of one of the schemes."""

    @abstractmethod
    def below(self, path: str) -> "ArtifactRepository":
        """A folder of this repository, as one of its own."""

    @abstractmethod
    def list(self, path: str = "") -> list[FileInfo]:
        """The direct contents of a folder, by name; empty for a file or a missing folder."""

    @abstractmethod
    def open(self, path: str) -> StoredFile:
        """Open a file for reading.

        Raises
        ------
        DoesNotExist: Nothing is there.
        InvalidParameter: A folder is there.
        """

    @abstractmethod
    def put(self, path: str) -> Upload:
        """Begin to write a file."""

    @abstractmethod
    def delete(self, path: str = "") -> None:
        """Remove a file, or a folder with all it holds; everything without a path. A missing one is ignored."""

    def dated(self, path: str = "") -> Sequence[tuple[FileInfo, int | None]]:
        """As `list`, each with the time of its last change in milliseconds; None where the store does not say."""
        return [(info, None) for info in self.list(path)]

    def reach(self) -> str:
        """Ask for as little as shows that the store answers; returns what there is to say about it.

        Raises
        ------
        RunyardException: It cannot be reached, or refuses us.
        """
        self.list()
        return f"{self.uri} answers."

    def interrupted(self) -> "Iterator[Interrupted]":
        """What uploads and removals left behind that were interrupted long ago; nothing where that can't be known."""
        return iter(())

    def clear_interrupted(self, one: Interrupted) -> None:  # noqa: B027  (there is nothing where nothing is found)
        """Remove what `interrupted` found; what is gone meanwhile is ignored."""

    def make_folder(self, path: str) -> None:  # noqa: B027  (where folders are but parts of names, nothing is done)
        """Store an empty folder, in stores that have folders."""

    def local_path(self, path: str = "") -> Path | None:
        """The local path of a file or folder; None for remote repositories."""
        return None

    def put_file(self, local_file: Path, path: str, progress: Progress | None = None) -> None:
        """Store a local file; it appears whole."""
        with local_file.open("rb") as file, self.put(path) as upload:
            upload.write_file(file, progress)
            upload.finish()

    def read(self, path: str) -> Iterator[bytes]:
        """The content of a file, piece by piece. A missing file is an error at once."""
        return _pieces(self.open(path).file)

    def holds(self, path: str, content: bytes) -> bool:
        """Whether a file has this content: a retried write may find its own first attempt."""
        return self._content_and_tag(path)[0] == content

    def change(self, path: str, change: Change) -> None:
        """Change a file. No concurrent change is lost.

        A file is written only if it still has the tag that was read with it; otherwise the change is applied again to
        the new content. Where there are no tags this holds for the threads of this process.

        Raises
        ------
        Conflict: Other writers were faster each time.
        """
        checked = named(path)
        shown = f"{self.uri}/{checked}"
        with _alone(shown):
            for tries in range(MAX_TRIES):
                content, tag = self._content_and_tag(checked)
                changed = change(content)
                try:
                    with self.put(checked) as upload:
                        upload.write(changed)
                        upload.finish(tag)
                except ChangedMeanwhile:
                    time.sleep(random.uniform(0, min(MAX_PAUSE, 0.01 * 2 ** min(tries, 8))))
                else:
                    return
        raise Conflict(
            f"{shown!r} was changed by others each of the {MAX_TRIES} times it was to be changed. Try again."
        )

    def _content_and_tag(self, path: str) -> tuple[bytes | None, str | None]:
        try:
            opened = self.open(path)
        except DoesNotExist:
            return None, ABSENT
        with opened.file as file:
            return file.read(), opened.tag


def _pieces(opened: OpenFile) -> Iterator[bytes]:
    with opened as file:
        while piece := file.read(PIECE):
            yield piece


class Body(Protocol):
    """An answer that is being received."""

    def read(self, size: int | None, /) -> bytes:
        """This number of bytes, or fewer; all without a number; none at the end."""

    def close(self) -> None:
        """Return the connection to the pool."""


class ResumedFile(OpenFile):
    """Content received over a connection. A broken one is resumed where it was, as long as there is progress.

    Parameters
    ----------
    body: The content from its beginning.
    resume: Returns the content from a byte on; raises when it has changed.
    explained: Converts errors of receiving to ours: `Unavailable` is retryable.
    """

    def __init__(
        self, body: Body, resume: Callable[[int], Body], explained: Callable[[], AbstractContextManager[None]]
    ) -> None:
        self._body: Body | None = body
        self._resume, self._explained = resume, explained
        self._at, self._resumed_at = 0, -1

    def read(self, size: int = -1, /) -> bytes:
        """Up to this number of bytes from here; all remaining ones without a size."""
        pieces: list[bytes] = []
        left = size
        while left:
            piece = self._read_some(left)
            if not piece:
                break
            pieces.append(piece)
            left = left - len(piece) if size > 0 else -1
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def seek(self, offset: int, /) -> int:
        """Continue from this byte."""
        if offset != self._at:
            self.close()
            self._at = offset
        return offset

    def close(self) -> None:
        """Return the connection to the pool."""
        if self._body is not None:
            self._body.close()
            self._body = None

    def _read_some(self, size: int) -> bytes:
        while True:
            if self._body is None:
                self._body = self._resume(self._at)
            try:
                with self._explained():
                    piece = self._body.read(size if size > 0 else None)
            except Unavailable:
                self.close()
                if self._resumed_at == self._at:
                    raise
                self._resumed_at = self._at
            else:
                self._at += len(piece)
                return piece


def submitted(pool: Executor, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
    """Work for a thread. It is done at once when the interpreter ends, which then starts no threads."""
    try:
        return pool.submit(function, *arguments)
    except RuntimeError:
        done = Future[Any]()
        done.set_result(function(*arguments))
        return done


_LOCKS: list[threading.Lock] = []


def _alone(name: str) -> threading.Lock:
    """The lock of a file among the threads of this process; some files share one."""
    return _LOCKS[hash(name) % len(_LOCKS)]


def _make_locks() -> None:
    _LOCKS[:] = [threading.Lock() for _ in range(32)]


_make_locks()
os.register_at_fork(after_in_child=_make_locks)  # those of the parent may be held by threads that the child lacks
