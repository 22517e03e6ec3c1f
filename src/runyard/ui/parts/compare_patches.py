"""Uncommitted changes of two runs: what each makes of the files of one commit."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

MAX_FILES = 500
GAP = "⋯"
"""Stands for lines of a file that no patch shows."""
_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+\d+(?:,\d+)? @@")
_NAMED = "# not contained: "


@dataclass
class FileChange:
    """What a patch says of a file.

    Attributes
    ----------
    base: The lines of the committed file that the patch shows, by number.
    removed: The numbers of those that it removes.
    added: The lines that it adds, by the number of the line that they follow.
    text: Its own lines.
    """

    base: dict[int, str] = field(default_factory=dict)
    removed: set[int] = field(default_factory=set)
    added: dict[int, list[str]] = field(default_factory=dict)
    text: list[str] = field(default_factory=list)


def changes_of(patch: str) -> tuple[dict[str, FileChange], tuple[str, ...]]:
    """The files of a patch as git writes it, and the names of those that it only names. Anyone may have written it."""
    files: dict[str, FileChange] = {}
    named: list[str] = []
    change, at, inside = FileChange(), 0, False
    for line in patch.removesuffix("\n").split("\n"):
        if line.startswith("diff --git "):
            if len(files) >= MAX_FILES:
                break
            change, inside = files.setdefault(_name(line), FileChange()), False
        elif line.startswith(_NAMED) and not files:
            named.append(line.removeprefix(_NAMED))
        elif (found := _HUNK.match(line)) and len(found[1]) < 10:
            at, inside = int(found[1]) - (found[2] != "0"), True
        elif inside and line.startswith("+"):
            change.added.setdefault(at, []).append(line[1:])
        elif inside and line.startswith(("-", " ")):
            at += 1
            change.base[at] = line[1:]
            if line.startswith("-"):
                change.removed.add(at)
        change.text.append(line)
    return files, tuple(named)


def _name(line: str) -> str:
    """The name of a file from the line that begins its part: ``diff --git a/x b/x``."""
    rest = line.removeprefix("diff --git ")
    return rest[: len(rest) // 2].strip('"').removeprefix("a/")  # both halves are the same but for their first letter


def made_of(change: FileChange | None, other: FileChange | None) -> str:
    """A file after a change, as far as this or the other patch shows it.

    Parameters
    ----------
    change: What was changed; None where the file is as it was committed.
    other: What another patch of the same commit changes in it.
    """
    return "\n".join(_lines(change or FileChange(), other or FileChange()))


def _lines(own: FileChange, other: FileChange) -> Iterator[str]:
    base, before = other.base | own.base, 0
    for number in sorted({0, *base, *own.added, *other.added}):
        if number > before + 1:
            yield GAP
        before = number
        if number in base and number not in own.removed:
            yield base[number]
        yield from own.added.get(number, ())
