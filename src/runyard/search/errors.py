"""How the search language says what is wrong, and where."""

from runyard.exceptions import InvalidParameter

WINDOW = 60


class InvalidSearch(InvalidParameter):
    """A filter or order_by that cannot be understood, with a caret under the offending part."""

    def __init__(self, problem: str, text: str, position: int) -> None:
        first = max(0, position - WINDOW)
        shown = text[first : position + WINDOW].replace("\n", " ").replace("\t", " ")
        super().__init__(f"{problem}\n  {shown}\n  {' ' * (position - first)}^")
        self.position = position
