"""The saved views of an experiment's table: which there are, and how what is on screen differs from the one it was."""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request

from runyard.tracking.saved_views.messages import ListSavedViews, SavedView, SavedViewsFound
from runyard.ui.navigation import QueryValue, encode_query
from runyard.ui.parts.list_state import arrangement_of, begins_plain
from runyard.ui.site import Site

PLAIN = "none"
"""What the address says in place of a view: show the plain table, and not the experiment's first view."""


@dataclass(frozen=True)
class ViewLink:
    """A view that can be opened.

    Attributes
    ----------
    first: The experiment opens with it.
    """

    view: SavedView
    href: str
    first: bool
    current: bool


@dataclass(frozen=True)
class ViewsMenu:
    """The views of a table.

    Attributes
    ----------
    kept: What the address says of the view: its id, ``none`` for the plain table, empty for nothing.
    current: The view that the table was opened as; None when there is none, or it was deleted.
    changed: What is on screen is not what that view shows.
    first: The experiment opens with that view.
    plain: The address of the plain table.
    starred: That of the runs with a star, and `starred_first` that of all, with these above the others.
    """

    links: tuple[ViewLink, ...]
    kept: str
    current: SavedView | None
    changed: bool
    first: bool
    plain: str
    starred: str
    starred_first: str


def find_views(site: Site, experiment_id: str | None) -> SavedViewsFound:
    """The views of an experiment, and those of all experiments; without one, only these."""
    return site.ask(ListSavedViews(experiment_id=experiment_id))


def first_view(found: SavedViewsFound, request: Request, path: str) -> str | None:
    """The address of the view that an experiment opens with; None when the request's address chooses what to show."""
    if not found.default_view_id or not begins_plain(request.query_params.keys()):
        return None
    first = next(view for view in found.views if view.view_id == found.default_view_id)
    return f"{path}?{encode_query({**address_of(first), **request.query_params})}"


def views_menu(
    found: SavedViewsFound, request: Request, path: str, always: Mapping[str, QueryValue] | None = None
) -> ViewsMenu:
    """The views, and the one on screen.

    Parameters
    ----------
    always: What the address of every view says, such as the experiments.
    """
    kept = request.query_params.get("saved", "")
    current = next((view for view in found.views if view.view_id == kept), None)
    beside = {**(always or {}), "saved": PLAIN}
    links = (
        ViewLink(
            view,
            f"{path}?{encode_query({**(always or {}), **address_of(view)})}",
            view.view_id == found.default_view_id,
            view is current,
        )
        for view in found.views
    )
    return ViewsMenu(
        links=tuple(links),
        kept=kept,
        current=current,
        changed=current is not None and arrangement_of(current.query) != arrangement_of(request.url.query),
        first=current is not None and current.view_id == found.default_view_id,
        plain=f"{path}?{encode_query(beside)}" if found.default_view_id or always else path,
        starred=f"{path}?{encode_query({'filter': 'starred = true', **beside})}",
        starred_first=f"{path}?{encode_query({'order': 'starred DESC', **beside})}",
    )


def address_of(view: SavedView) -> dict[str, QueryValue]:
    """The parameters of a view's address: all that it shows, and its id, by which the page knows its name."""
    return {**arrangement_of(view.query), "saved": view.view_id}
