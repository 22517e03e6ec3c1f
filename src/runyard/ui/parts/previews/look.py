"""A file that is looked into: how it is read, and the addresses of other looks into it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

from runyard.artifacts.ranges import RangedFile
from runyard.artifacts.repository import PIECE
from runyard.exceptions import InvalidParameter
from runyard.ui.navigation import QueryValue
from runyard.ui.parts.list_state import ListState
from runyard.ui.parts.previews.kinds import encoding_of

UNASKED = 1_000_000
"""Bytes of a file that a page reads or a browser loads without being asked for."""
WHOLE = 8_000_000
"""Bytes of the largest file that is read whole to be shown."""
MAX_NUMBER = 10**15
_BEGINNING = 4096


@dataclass(frozen=True)
class Look:
    """A file, and how one wants to see it.

    Attributes
    ----------
    path: Its path among the artifacts.
    size: Its bytes.
    state: The parameters of the address.
    address: Where the browser finds the file itself.
    framed: Where the browser finds it to be shown in a frame, from which nothing runs.
    near: Whether it is on this machine, where reading much of it costs little.
    opened: Opens it.
    page: The address of this page with other parameters; of another file for ``path=``.
    raw: The address of another file itself.
    sizes: The bytes of the files of a folder, by name.
    place: Where it is kept, for programs that read it themselves: place, and path in it.
    """

    path: str
    size: int
    state: ListState
    address: str
    framed: str
    near: bool
    opened: Callable[[], RangedFile]
    page: Callable[..., str]
    raw: Callable[[str], str]
    sizes: Callable[[str], Mapping[str, int]]
    place: tuple[str, str] = ("", "")

    @property
    def name(self) -> str:
        """Its name, without folders."""
        return PurePosixPath(self.path).name

    @property
    def suffix(self) -> str:
        """The end of its name, in small letters: ``.json``."""
        return PurePosixPath(self.path).suffix.lower()

    @property
    def is_asked_for(self) -> bool:
        """Whether it may be loaded whole: it is small, or the reader asked for it."""
        return self.size <= UNASKED or self.state.text("all") == "1"

    @cached_property
    def encoding(self) -> str | None:
        """What its beginning reads as: UTF-8, or Windows-1252 where its name promises text; None for anything else."""
        return encoding_of(self.read(0, _BEGINNING), self.suffix, cut=self.size > _BEGINNING)

    def decoded(self, content: bytes) -> str:
        """A part of it as text; what cannot be read is replaced."""
        return content.decode(self.encoding or "utf-8", "replace")

    def picture(self, path: str) -> str:
        """The address of a picture among the files; empty where it is missing, or too large to be loaded unasked."""
        folder, _, name = path.rpartition("/")
        return self.raw(path) if self.sizes(folder).get(name, UNASKED + 1) <= UNASKED else ""

    def href(self, **changes: QueryValue) -> str:
        """The address of another look at the same file; what is not named stays as it is, but for the place in it."""
        kept = {name: self.state.text(name) for name in ("view", "sort", "columns", "all")}
        return self.page(path=self.path, **{**kept, **changes})

    def read(self, start: int, count: int) -> bytes:
        """Some bytes of it."""
        with self.opened() as file:
            file.seek(start)
            return file.read(count)

    def whole(self) -> bytes:
        """All of it, up to `WHOLE` bytes."""
        return self.read(0, min(self.size, WHOLE))

    def pieces(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """A part of it, piece by piece."""
        left = (self.size if end is None else min(end, self.size)) - start
        with self.opened() as file:
            file.seek(start)
            while left > 0 and (piece := file.read(min(PIECE, left))):
                left -= len(piece)
                yield piece

    def number(self, name: str, otherwise: int = 0) -> int:
        """A whole number of the address.

        Raises
        ------
        InvalidParameter: It is something else.
        """
        text = self.state.text(name)
        if not text:
            return otherwise
        digits = text.removeprefix("-")
        if not (digits.isascii() and digits.isdigit() and int(digits[:20]) <= MAX_NUMBER):
            raise InvalidParameter(f"Invalid value {text[:40]!r} for parameter '{name}': an integer is needed.")
        return int(text)
