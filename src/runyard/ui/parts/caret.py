"""What was wrong with a filter, with the place in it marked."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Trouble:
    """An error in a question: what is wrong, and the text with a caret under the place when the server knows it."""

    message: str
    marked: str | None


def trouble_of(message: str) -> Trouble:
    """Cut a message of the search language into the sentence and the lines with the caret, which need a fixed pitch."""
    sentence, _, lines = message.partition("\n")
    marked = "\n".join(line.removeprefix("  ") for line in lines.split("\n"))
    return Trouble(sentence, marked or None)
