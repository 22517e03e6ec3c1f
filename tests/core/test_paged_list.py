"""Pages of results."""

from runyard.core.paged_list import PagedList


def test_a_page_is_a_list_with_a_token() -> None:
    """Loops over pages read .token and use the rest as a list."""
    page = PagedList([1, 2], "next")

    assert page == [1, 2]
    assert page.token == "next"
    assert type(page.to_list()) is list
