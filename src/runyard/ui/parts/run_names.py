"""Names of runs as a table shows them: short, and such that they can be told apart."""

import re
from collections.abc import Mapping, Sequence

from runyard.tracking.runs.entities import Run
from runyard.ui.parts.format import shortened
from runyard.ui.parts.presentation import run_name

MAX_NAME = 34
_SHARED = 12
"""Characters of a beginning that all names of a page share, from which on it is left out of long ones."""
_ENDS = re.compile(r"[^\s,;|/]+$"), re.compile(r"[^\s,;|/_-]+$")
"""What is left of a word where a shared beginning ends within it."""


def short_names(runs: Sequence[Run]) -> dict[str, str]:
    """The names of the runs of a page by their ids, short as `cut_apart` makes them."""
    return cut_apart({run.info.run_id: shortened(run_name(run), 1000) for run in runs})


def cut_apart(names: Mapping[str, str]) -> dict[str, str]:
    """Names by their ids. Long ones are cut where they do not differ: first what all long ones begin with, then in
    the middle."""
    long = [name for name in names.values() if len(name) > MAX_NAME]
    shared = _shared(long) if len(long) > 1 else 0
    return {run_id: name if len(name) <= MAX_NAME else cut(name, shared) for run_id, name in names.items()}


def cut(name: str, shared: int = 0) -> str:
    """A name of at most 34 characters.

    Parameters
    ----------
    shared: Number of characters at its beginning that others have too.
    """
    rest = f"…{name[shared:]}" if shared else name
    if len(rest) <= MAX_NAME:
        return rest
    words = rest.split(" ")
    front, back = words[0], words[-1]
    if len(words) < 3 or len(front) + len(back) >= MAX_NAME:
        end = MAX_NAME // 2
        return f"{rest[: MAX_NAME - end - 1]}…{rest[-end:]}"
    for word in reversed(words[1:-1]):  # whole words, of the end first
        if len(front) + len(back) + len(word) + 2 > MAX_NAME:
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
