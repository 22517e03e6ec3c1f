"""Errors of the search language, with their position."""

from runyard.exceptions import InvalidParameter

WINDOW = 60


class InvalidSearch(InvalidParameter):
    """A filter or order_by that cannot be understood; the message shows it with a caret under the offending part.

    Attributes
    ----------
    position: Where the offending part begins, from 0.
    """

    def __init__(self, problem: str, text: str, position: int) -> None:
        first = max(0, position - WINDOW)
        shown = "".join(letter if letter.isprintable() else " " for letter in text[first : position + WINDOW])
        super().__init__(f"{problem} (character {position + 1})\n  {shown}\n  {' ' * (position - first)}^")
        self.position = position
