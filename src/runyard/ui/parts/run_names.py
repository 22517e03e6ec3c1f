"""Names of runs as a table shows them: short, and such that they can be told apart."""

import re
from collections.abc import Mapping, Sequence

from runyard.tracking.runs.entities import Run
from runyard.ui.parts.format import shortened
from runyard.ui.parts.presentation import run_name

MAX_NAME = 34
_CHARACTER = 8
"""Pixels of a character of a name, with its share of what stands beside names."""
_SHARED = 12
"""Characters of a beginning that all names of a page share, from which on it is left out of long ones."""
_ENDS = re.compile(r"[^\s,;|/]+$"), re.compile(r"[^\s,;|/_-]+$")
"""What is left of a word where a shared beginning ends within it."""


def short_names(runs: Sequence[Run], width: int | None = None) -> dict[str, str]:
    """The names of the runs of a page by their ids, short as `cut_apart` makes them.

    Parameters
    ----------
    width: Pixels that were chosen for their column: a wide one shows more of them.
    """
    most = max(MAX_NAME, (width or 0) // _CHARACTER)
    return cut_apart({run.info.run_id: shortened(run_name(run), 1000) for run in runs}, most)


def cut_apart(names: Mapping[str, str], most: int = MAX_NAME) -> dict[str, str]:
    """Names by their ids. Long ones are cut where they do not differ: first what all long ones begin with, then in
    the middle."""
    long = [name for name in names.values() if len(name) > most]
    shared = _shared(long) if len(long) > 1 else 0
    return {run_id: name if len(name) <= most else cut(name, shared, most) for run_id, name in names.items()}


def cut(name: str, shared: int = 0, most: int = MAX_NAME) -> str:
    """A name of a number of characters at most.

    Parameters
    ----------
    shared: Number of characters at its beginning that others have too.
    """
    rest = f"…{name[shared:]}" if shared else name
    if len(rest) <= most:
        return rest
    words = rest.split(" ")
    front, back = words[0], words[-1]
    if len(words) < 3 or len(front) + len(back) >= most:
        end = most // 2
        return f"{rest[: most - end - 1]}…{rest[-end:]}"
    for word in reversed(words[1:-1]):  # whole words, of the end first
        if len(front) + len(back) + len(word) + 2 > most:
            break
        back = f"{word} {back}"
    return f"{front}…{back}"


def _shared(names: Sequence[str]) -> int:
    """The number of characters that names share at their beginning, up to the end of a word."""
    first, last = min(names), max(names)
    differ = next((place for place, pair in enumerate(zip(first, last, strict=False)) if pair[0] != pair[1]), None)
    if differ is None:  # nothing would be left of one of them
        return 0
    prefix = first[:differ]
    lengths = [len(end.sub("", prefix)) for end in _ENDS]
    return next((length for length in lengths if length >= _SHARED), 0)
