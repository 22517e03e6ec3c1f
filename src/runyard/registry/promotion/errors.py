"""How a condition says what is wrong with it, and where."""

from runyard.search.errors import InvalidSearch


class InvalidCondition(InvalidSearch):
    """A condition that cannot be understood; the message shows it with a caret under the offending part."""
