"""One page of a longer list."""

from collections.abc import Iterable
from typing import TypeVar

_T = TypeVar("_T")


class PagedList(list[_T]):
    """A list that knows how to ask for what follows it.

    Attributes
    ----------
    token: What to send for the next page; None on the last one.
    """

    def __init__(self, items: Iterable[_T], token: str | None) -> None:
        super().__init__(items)
        self.token = token

    def to_list(self) -> list[_T]:
        """The items as a plain list."""
        return list(self)
