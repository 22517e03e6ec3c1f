"""Two notebooks compared cell by cell: what was written, and what came out."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal

from runyard.ui.parts.compare_diff import Difference, difference_of
from runyard.ui.parts.previews.notebooks import FORMATS, cells_of, joined, plain

MAX_BYTES = 4_000_000
"""Bytes of each notebook that is compared by cells."""
MAX_CELLS = 200
"""Cells of each that are compared."""
MAX_LINES = 400
"""Lines of all cells together that are shown."""
_OUTPUT = 20_000
_ALIKE = 0.3
"""Share of their lines that a changed cell has in common with what it was."""

Kind = Literal["same", "changed", "old", "new"]


@dataclass(frozen=True)
class CellDifference:
    """A cell of two notebooks.

    Attributes
    ----------
    kind: In both, alike or changed, or only in the old or the new one.
    what: ``code``, ``markdown`` or ``raw``.
    old, new: Its numbers, from 1; None where it is not in that notebook.
    source, outputs: How what was written and what came out differ.
    """

    kind: Kind
    what: str
    old: int | None
    new: int | None
    source: Difference
    outputs: Difference


@dataclass(frozen=True)
class NotebookDifference:
    """What differs between two notebooks.

    Attributes
    ----------
    changed, removed, added, equal: How many cells are changed, only in the old one, only in the new one, and alike.
    hidden: How many cells are not shown for want of room.
    cut: Only the first cells were looked at.
    """

    cells: tuple[CellDifference, ...]
    changed: int
    removed: int
    added: int
    equal: int
    hidden: int
    cut: bool


@dataclass(frozen=True)
class _Cell:
    what: str
    source: str
    outputs: str


def is_notebook(document: Any) -> bool:
    """Whether this is what Jupyter stores."""
    return isinstance(document, dict) and document.get("nbformat") in FORMATS


def notebook_difference(old: Any, new: Any, *, only: bool) -> NotebookDifference:
    """Two notebooks, whose cells are matched by what was written in them.

    Parameters
    ----------
    only: Leave out cells that are alike.
    """
    every = [cells_of(document) for document in (old, new)]
    before, after = ([_cell(cell) for cell in cells[:MAX_CELLS]] for cells in every)
    left, hidden, shown, counts = MAX_LINES, 0, list[CellDifference](), Counter[str]()
    for first, second in _matched(before, after):
        kind = _kind(before, after, first, second)
        counts[kind] += 1
        if kind == "same" and only:
            continue
        if left <= 0:
            hidden += 1
            continue
        found = _difference(before, after, first, second, kind, left, whole=not only)
        left -= 2 + len(found.source.lines) + len(found.outputs.lines)
        shown.append(found)
    return NotebookDifference(
        cells=tuple(shown),
        changed=counts["changed"],
        removed=counts["old"],
        added=counts["new"],
        equal=counts["same"],
        hidden=hidden,
        cut=any(len(cells) > MAX_CELLS for cells in every),
    )


Pair = tuple[int | None, int | None]


def _matched(before: Sequence[_Cell], after: Sequence[_Cell]) -> Iterator[Pair]:
    """Places of cells in both: those of the same source, and between them those that have lines in common."""
    written = [[(cell.what, cell.source) for cell in cells] for cells in (before, after)]
    for _, start, end, begin, stop in SequenceMatcher(None, written[0], written[1], autojunk=False).get_opcodes():
        if written[0][start:end] == written[1][begin:stop]:
            yield from zip(range(start, end), range(begin, stop), strict=True)
        else:
            yield from _alike(before, after, range(start, end), range(begin, stop))


def _alike(before: Sequence[_Cell], after: Sequence[_Cell], olds: range, news: range) -> Iterator[Pair]:
    at = news.start
    for old in olds:
        shares = {new: _share(before[old], after[new]) for new in range(at, news.stop)}
        best = max(shares, key=shares.__getitem__, default=None)
        if best is None or shares[best] < _ALIKE:
            yield old, None
            continue
        yield from ((None, new) for new in range(at, best))
        yield old, best
        at = best + 1
    yield from ((None, new) for new in range(at, news.stop))


def _share(old: _Cell, new: _Cell) -> float:
    """The share of lines that two cells have in common; 1 for two of a line each, and of the same kind."""
    if old.what != new.what:
        return 0.0
    lines = [set(cell.source.split("\n")) for cell in (old, new)]
    if len(lines[0]) == len(lines[1]) == 1:
        return SequenceMatcher(None, old.source[:500], new.source[:500]).ratio()
    return len(lines[0] & lines[1]) / max(1, min(len(lines[0]), len(lines[1])))


def _kind(before: Sequence[_Cell], after: Sequence[_Cell], first: int | None, second: int | None) -> Kind:
    if first is None:
        return "new"
    if second is None:
        return "old"
    return "same" if before[first] == after[second] else "changed"


def _difference(
    before: Sequence[_Cell],
    after: Sequence[_Cell],
    first: int | None,
    second: int | None,
    kind: Kind,
    left: int,
    *,
    whole: bool,
) -> CellDifference:
    nothing = _Cell("", "", "")
    old = nothing if first is None else before[first]
    new = nothing if second is None else after[second]
    source = difference_of(old.source, new.source, whole=whole, shown=left)
    outputs = difference_of(old.outputs, new.outputs, whole=whole, shown=max(0, left - len(source.lines)))
    numbers = [None if place is None else place + 1 for place in (first, second)]
    return CellDifference(kind, new.what or old.what, numbers[0], numbers[1], source, outputs)


def _cell(cell: dict[str, Any]) -> _Cell:
    what = cell.get("cell_type")
    listed = cell.get("outputs")
    outputs = [output for output in listed if isinstance(output, dict)] if isinstance(listed, list) else []
    texts = (_output(output) for output in outputs)
    return _Cell(
        what=what if what in ("code", "markdown") else "raw",
        source=joined(cell.get("source", cell.get("input"))),
        outputs="\n".join(text for text in texts if text)[:_OUTPUT],
    )


def _output(output: dict[str, Any]) -> str:
    """An output as text; of pictures and the like, what they are and how they can be told apart."""
    if output.get("output_type") == "stream":
        return plain(joined(output.get("text"))).removesuffix("\n")
    if output.get("output_type") in ("error", "pyerr"):
        return plain(f"{output.get('ename')}: {output.get('evalue')}")
    data = output.get("data")
    if not isinstance(data, dict):
        return ""
    lines = [plain(joined(data["text/plain"]))] if "text/plain" in data else []
    for kind in sorted(kind for kind in map(str, data) if kind.startswith("image/")):
        content = joined(data[kind])
        digest = hashlib.sha256(content.encode("utf-8", "replace")).hexdigest()[:12]
        lines.append(f"[{kind}, {len(content):,} characters, SHA-256 {digest}…]")
    return "\n".join(lines)
