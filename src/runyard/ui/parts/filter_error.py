"""The error of a filter, with a caret under the place where it begins."""

from dataclasses import dataclass


@dataclass(frozen=True)
class FilterError:
    """What is wrong with a filter, and its text with a caret under the error when the server knows where it is."""

    message: str
    marked: str | None


def filter_error(message: str) -> FilterError:
    """Split a message of the search language into the sentence and the lines with the caret."""
    sentence, _, lines = message.partition("\n")
    marked = "\n".join(line.removeprefix("  ") for line in lines.split("\n"))
    return FilterError(sentence, marked or None)
