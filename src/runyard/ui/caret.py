"""What was wrong with a filter, with the place in it marked."""

import re
from dataclasses import dataclass

_POSITION = re.compile(r"\b(?:at )?(?:position|character|column) (\d{1,6})\b", re.IGNORECASE)


@dataclass(frozen=True)
class Trouble:
    """An error in a question: the server's message, and the filter with a caret under the place when it is known."""

    message: str
    marked: str | None


def trouble_of(message: str, filter_text: str) -> Trouble:
    """Read the place out of the server's message."""
    found = _POSITION.search(message)
    if not found or not filter_text or int(found[1]) > len(filter_text) + 1:
        return Trouble(message, None)
    before = filter_text[: max(0, int(found[1]) - 1)]
    line_start = before.rfind("\n") + 1
    return Trouble(message, f"{filter_text}\n{' ' * (len(before) - line_start)}^")
