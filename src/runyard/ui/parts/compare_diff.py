"""Differences between two texts, by line, within a bound of lines and of work."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from runyard.core.amounts import plural

MAX_LINES = 20_000
"""Lines of each text that are looked at."""
MAX_CHANGES = 600
"""Lines that may be changed in a way that is found out; the work grows with the square of them."""
MAX_SHOWN = 300
"""Lines of a difference that are shown."""
_AROUND = 3
"""Equal lines that are shown before and after changed ones."""
_MAX_LINE = 400

Kind = Literal["same", "old", "new", "gap"]


@dataclass(frozen=True)
class Line:
    """A line of a difference.

    Attributes
    ----------
    kind: In both texts, only in the old or the new one, or a place where equal lines are left out.
    old, new: Its numbers, from 1; None where it is not in that text.
    """

    kind: Kind
    text: str
    old: int | None = None
    new: int | None = None


@dataclass(frozen=True)
class Difference:
    """What differs between two texts.

    Attributes
    ----------
    removed, added: How many lines only the old text has, and only the new one.
    hidden: How many lines of the difference are not shown.
    rough: The texts differ in so much that what is between their equal ends was not compared line by line.
    cut: Only the beginning of a text was looked at.
    """

    lines: tuple[Line, ...] = ()
    removed: int = 0
    added: int = 0
    hidden: int = 0
    rough: bool = False
    cut: bool = False

    @property
    def equal(self) -> bool:
        """Whether nothing differs in what was looked at."""
        return not self.removed and not self.added


def difference_of(old: str, new: str, *, whole: bool = False, shown: int = MAX_SHOWN) -> Difference:
    """The lines that differ, with some around them.

    The shortest list of removed and added lines is found, after E. W. Myers, "An O(ND) Difference Algorithm and Its
    Variations" (Algorithmica 1, 1986), as long as it has at most 600 lines.

    Parameters
    ----------
    whole: Show all equal lines too.
    shown: How many lines are shown.
    """
    texts = [text.splitlines() for text in (old, new)]
    cut = any(len(lines) > MAX_LINES for lines in texts)
    before, after = (lines[:MAX_LINES] for lines in texts)
    start = _equal(before, after)
    end = _equal(before[start:][::-1], after[start:][::-1])
    inner = before[start : len(before) - end], after[start : len(after) - end]
    found = _shortest(*inner)
    steps = _all_of_both(*inner) if found is None else found
    kinds: list[tuple[Kind, str]] = [("same", line) for line in before[:start]]
    kinds += steps
    kinds += [("same", line) for line in before[len(before) - end :]]
    lines = list(_numbered(kinds))
    counts = {kind: sum(line.kind == kind for line in lines) for kind in ("old", "new")}
    kept = lines if whole else list(_near_changes(lines))
    return Difference(
        lines=tuple(replace(line, text=line.text[:_MAX_LINE]) for line in kept[:shown]),
        removed=counts["old"],
        added=counts["new"],
        hidden=max(0, len(kept) - shown),
        rough=found is None,
        cut=cut,
    )


def _equal(first: Sequence[str], second: Sequence[str]) -> int:
    """How many lines both begin with."""
    for place, (one, other) in enumerate(zip(first, second, strict=False)):
        if one != other:
            return place
    return min(len(first), len(second))


def _shortest(before: Sequence[str], after: Sequence[str]) -> list[tuple[Kind, str]] | None:
    """The shortest way from one text to the other; None when it has more changes than are looked for."""
    furthest, trail = {1: 0}, list[dict[int, int]]()
    for changes in range(min(len(before) + len(after), MAX_CHANGES) + 1):
        trail.append(dict(furthest))
        for diagonal in range(-changes, changes + 1, 2):
            down = diagonal == -changes or (diagonal != changes and furthest[diagonal - 1] < furthest[diagonal + 1])
            old = furthest[diagonal + 1] if down else furthest[diagonal - 1] + 1
            while old < len(before) and old - diagonal < len(after) and before[old] == after[old - diagonal]:
                old += 1
            furthest[diagonal] = old
            if old >= len(before) and old - diagonal >= len(after):
                return _traced(before, after, trail)
    return None


def _all_of_both(before: Sequence[str], after: Sequence[str]) -> list[tuple[Kind, str]]:
    """The way that takes out all of one text, and puts in all of the other."""
    return [*(("old", line) for line in before), *(("new", line) for line in after)]


def _traced(before: Sequence[str], after: Sequence[str], trail: Sequence[dict[int, int]]) -> list[tuple[Kind, str]]:
    """The steps of the way that was found, from its end back to its beginning."""
    steps: list[tuple[Kind, str]] = []
    old, new = len(before), len(after)
    for changes in range(len(trail) - 1, -1, -1):
        furthest, diagonal = trail[changes], old - new
        down = diagonal == -changes or (diagonal != changes and furthest[diagonal - 1] < furthest[diagonal + 1])
        from_diagonal = diagonal + 1 if down else diagonal - 1
        from_old = furthest[from_diagonal]
        from_new = from_old - from_diagonal
        while old > max(from_old, 0) and new > max(from_new, 0) and old > 0 and new > 0:
            old, new = old - 1, new - 1
            steps.append(("same", before[old]))
        if changes and down:
            new -= 1
            steps.append(("new", after[new]))
        elif changes:
            old -= 1
            steps.append(("old", before[old]))
    return steps[::-1]


def _numbered(kinds: Sequence[tuple[Kind, str]]) -> Iterator[Line]:
    old = new = 0
    for kind, text in kinds:
        old += kind != "new"
        new += kind != "old"
        yield Line(kind, text, None if kind == "new" else old, None if kind == "old" else new)


def _near_changes(lines: Sequence[Line]) -> Iterator[Line]:
    """The lines that differ and those around them; what is left out between is one line of kind ``gap``."""
    near: set[int] = set()
    for place, line in enumerate(lines):
        if line.kind != "same":
            near.update(range(place - _AROUND, place + _AROUND + 1))
    left_out = 0
    for place, line in enumerate(lines):
        if place in near:
            if left_out:
                yield Line("gap", plural(left_out, "equal line"))
            left_out = 0
            yield line
        else:
            left_out += 1
    if left_out and near:
        yield Line("gap", plural(left_out, "equal line"))
