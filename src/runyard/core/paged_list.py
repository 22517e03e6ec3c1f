"""One page of a longer list, and all pages of it."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

_T = TypeVar("_T")


class PagedList(list[_T]):
    """A page of a list, with the token of the next page.

    Attributes
    ----------
    token: The token of the next page; None on the last page.
    """

    def __init__(self, items: Iterable[_T], token: str | None) -> None:
        super().__init__(items)
        self.token = token

    def to_list(self) -> list[_T]:
        """The items as a plain list."""
        return list(self)


def all_pages(page: Callable[[int, str | None], PagedList[_T]], size: int, limit: int | None = None) -> Iterator[_T]:
    """The items of every page.

    Parameters
    ----------
    page: Gets one page; takes the maximum number of its items, and the token of the page before.
    size: Maximum number of items on a page.
    limit: Maximum number of items in all; no limit when None.
    """
    left, token = limit, None
    while left is None or left > 0:
        found = page(size if left is None else min(size, left), token)
        yield from found
        token = found.token
        if not token:
            return
        left = None if left is None else left - len(found)
