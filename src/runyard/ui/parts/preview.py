"""The beginning of a file, as it is compared with that of another: text, rows, or a picture to look at."""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import PurePosixPath
from typing import Literal

from runyard.ui.parts.files import BEGINNING
from runyard.ui.parts.previews.kinds import PICTURES, UNREADABLE
from runyard.ui.parts.previews.tables import DELIMITERS

MAX_BYTES = BEGINNING
MAX_ROWS = 200
MAX_COLUMNS = 50

Kind = Literal["picture", "table", "text", "none"]


@dataclass(frozen=True)
class Preview:
    """What the beginning of a file holds.

    Attributes
    ----------
    cut: There is more in the file.
    """

    kind: Kind
    name: str
    size: int | None
    source: str = ""
    text: str = ""
    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    cut: bool = False


def preview_of(path: str, size: int | None, address: str, beginning: Callable[[], bytes]) -> Preview:
    """Look into the beginning of a file.

    Parameters
    ----------
    address: Where a browser finds the file itself.
    beginning: Reads its first bytes; not called for files that are not read to be shown.
    """
    name, suffix = PurePosixPath(path).name, PurePosixPath(path).suffix.lower()
    if suffix in PICTURES:
        return Preview("picture", name, size, source=address)
    if suffix in UNREADABLE or suffix == ".parquet":
        return Preview("none", name, size)
    return look_into(name, beginning(), size)


def look_into(name: str, content: bytes, size: int | None) -> Preview:
    """What the first bytes of a file hold."""
    cut = len(content) > MAX_BYTES
    text = _decoded(content[:MAX_BYTES], cut)
    if text is None:
        return Preview("none", name, size)
    suffix = PurePosixPath(name).suffix.lower()
    if suffix in DELIMITERS:
        table = _table(text, DELIMITERS[suffix])
        if table:
            header, *rows = table
            shown = tuple(rows[:MAX_ROWS])
            return Preview("table", name, size, header=header, rows=shown, cut=cut or len(rows) > MAX_ROWS)
    if suffix == ".json" and not cut:
        text = _indented(text)
    return Preview("text", name, size, text=text, cut=cut)


def _decoded(content: bytes, cut: bool) -> str | None:
    if b"\0" in content:
        return None
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as problem:
        if cut and problem.start >= len(content) - 4:  # the cut went through a character
            return content[: problem.start].decode("utf-8")
        return None


def _table(text: str, delimiter: str) -> list[tuple[str, ...]]:
    try:
        reader = csv.reader(io.StringIO(text), delimiter=delimiter)
        return [tuple(row[:MAX_COLUMNS]) for row in islice(reader, MAX_ROWS + 2)]
    except csv.Error:
        return []


def _indented(text: str) -> str:
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text
