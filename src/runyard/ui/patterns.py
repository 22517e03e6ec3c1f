"""Every component in every state, to look at."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from runyard.ui.listing import Pages
from runyard.ui.navigation import Crumb, Shell
from runyard.ui.site import Site
from runyard.ui.sorting import Column

_STATUSES = ("RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED")
_ICONS = ("search", "plus", "pencil", "trash-2", "undo-2", "download", "folder", "file", "git-compare", "columns-3")


@dataclass(frozen=True)
class PatternsPage:
    """All that patterns.html may use."""

    statuses: tuple[str, ...]
    icons: tuple[str, ...]
    pages: tuple[Pages, ...]
    columns: tuple[Column, ...]
    tags: dict[str, str]
    times: tuple[int, ...]
    numbers: tuple[float, ...]
    address: str


def show(site: Site, request: Request) -> Response:
    """The page of patterns."""
    here = site.urls("patterns")
    page = PatternsPage(
        statuses=_STATUSES,
        icons=_ICONS,
        pages=(
            Pages(0, 0, 0, here, None, None),
            Pages(1, 3, 3, here, None, None),
            Pages(101, 200, 1234, here, here, here),
            Pages(1, 100, None, here, None, here),
        ),
        columns=(
            Column("a", "Plain", here, "Sort by Plain"),
            Column("b", "Ascending", here, "Sort by Ascending", "ascending"),
            Column("c", "Descending", here, "Sort by Descending", "descending", numeric=True),
        ),
        tags={"team": "vision", "a tag with a very long name": "and a very long value " * 4},
        times=(0, 1_000, 1_700_000_000_000),
        numbers=(0.0, 1.0, 0.1234567, 12345.678, 1e-7, 1e12, 123456.0, float("nan"), float("inf")),
        address=site.address(request),
    )
    return site.page(request, "patterns", page, Shell("Patterns", crumbs=(Crumb("Patterns"),)))
