"""The state of a list page, kept in its address: filter, order, page token; and the links to other pages."""

import base64
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.requests import Request

from runyard.ui.navigation import QueryValue, encode_query
from runyard.ui.parts.chart_runs import SETTINGS

CHOSEN = ("selection", "chosen", "dropped")
"""Parameters of what is chosen in a table, on any page of it."""
_PASSING = ("page", "from", "notice", "done", "undo", "left", *CHOSEN)
"""Parameters that links to other views leave out: of this page, of what was just done, and what is chosen, which the
script of the table carries along."""
GROUPING = ("group", "stat", "group_order", "of")
"""Parameters of a view whose runs are in groups: by what, what is shown of metrics, the order, how many runs count."""
CHARTS = (
    *("charts", "charts_find", "charts_pattern", "charts_from", "charts_pin", "charts_fold"),
    *SETTINGS,
    *("plots", "plots_brush", "plots_base"),
)
"""Parameters of what stands beside the table: scripts change them, and carry them along where forms lead."""
# `nest` is `flat` where nested runs have rows as others do; `open` names what is open: groups, or runs.
_VIEW = (
    "filter",
    "order",
    "view",
    "col",
    "equal",
    "pin",
    "width",
    "label",
    "best",
    *GROUPING,
    *CHARTS,
    "nest",
    "open",
    "page",
    "from",
    "saved",
)
_NOT_SAVED = ("open", "page", "from", "charts_from", "saved")
"""Parameters of a view that none is saved with: where in a list one is, and the saved view that it began as."""
_MAX_DIGITS, _MAX_FIELDS = 12, 1000


def view_type(view: str) -> str:
    """The protocol's view type for a list's ``view``."""
    return {"deleted": "DELETED_ONLY", "all": "ALL"}.get(view, "ACTIVE_ONLY")


def view_of(query: str, names: Collection[str] = _VIEW) -> dict[str, list[str]]:
    """The parameters of a query that make up a view of the table of runs: which runs, their order and the columns.

    Parameters
    ----------
    query: As a form sends it to be led back; what does not belong to a view is left out.
    names: Those that make up a view, where it is one of another list.
    """
    view: dict[str, list[str]] = {}
    for name, value in parse_qsl(query.removeprefix("?"), max_num_fields=_MAX_FIELDS):
        if name in names:
            view.setdefault(name, []).append(value)
    return view


def screen_of(query: str) -> dict[str, list[str]]:
    """The parameters of a query that make up what is on screen: the view, and what is chosen in it."""
    return view_of(query, (*_VIEW, *CHOSEN))


def arrangement_of(query: str) -> dict[str, list[str]]:
    """What a saved view keeps of a query: the view without the place in the list."""
    return {name: values for name, values in view_of(query).items() if name not in _NOT_SAVED}


def begins_plain(names: Collection[str]) -> bool:
    """Whether the parameters of an address choose no view of the table, nor say that it is the plain one."""
    return not any(name in _VIEW for name in names)


@dataclass(frozen=True)
class Pages:
    """The part of a list that is shown, counted from 1, and the addresses around it.

    Attributes
    ----------
    total: Number of entries; None when only this page was counted.
    more: There are more than the total, which was counted up to a bound.
    """

    first: int
    last: int
    total: int | None
    start: str
    previous: str | None
    next: str | None
    more: bool = False


@dataclass(frozen=True)
class ListState:
    """The state of a list page: the parameters of its address."""

    query: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, request: Request) -> "ListState":
        """Read it from a request."""
        return cls(tuple((name, value) for name, value in request.query_params.multi_items() if value))

    def text(self, name: str) -> str:
        """The text under a name; empty when there is none."""
        return next((value.strip() for key, value in self.query if key == name), "")

    def path(self) -> str:
        """The path of an artifact under ``path``, with the blanks that are part of its name; empty for the root."""
        return next((value.strip("/") for key, value in self.query if key == "path"), "")

    def all(self, name: str) -> tuple[str, ...]:
        """Every text under a name."""
        return tuple(value for key, value in self.query if key == name)

    def choice(self, name: str, allowed: Sequence[str]) -> str:
        """The text under a name when it is allowed, else the first of the allowed ones."""
        text = self.text(name)
        return text if text in allowed else allowed[0]

    def kept(self, *without: str) -> tuple[tuple[str, str], ...]:
        """What a form that changes the view must carry along: all of it but what the form changes."""
        left_out = (*_PASSING, *CHARTS, *without)
        return tuple((name, value) for name, value in self.query if name in _VIEW and name not in left_out)

    @property
    def token(self) -> str | None:
        """The page token, when this is not the first page."""
        return self.text("page") or None

    @property
    def offset(self) -> int:
        """Number of entries before this page."""
        text = self.text("from")
        known = self.token is not None and text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS
        return max(0, int(text) - 1) if known else 0

    def href(self, path: str, /, **changes: QueryValue) -> str:
        """The address of `path` with this state and some changes, at the first page."""
        changed: dict[str, QueryValue] = {}
        for name, value in self.query:
            if name not in _PASSING and name not in changes:
                earlier = changed.setdefault(name, [])
                if isinstance(earlier, list):
                    earlier.append(value)
        query = encode_query(changed | changes)
        return f"{path}?{query}" if query else path

    def here(self, path: str, **changes: QueryValue) -> str:
        """The same with the page that is shown: `href` leads to the first one."""
        place = {name: self.text(name) for name in ("page", "from")} if self.token else {}
        return self.href(path, **place, **changes)

    def pages(
        self, path: str, shown: int, total: int | None, token: str | None, size: int, *, more: bool = False
    ) -> Pages:
        """The addresses of the pages around this one. Later pages go by token, earlier ones by offset."""
        offset = self.offset
        earlier = max(0, offset - size)
        back: dict[str, QueryValue] = {"page": offset_token(earlier), "from": earlier + 1} if earlier else {}
        onwards: dict[str, QueryValue] = {"page": token, "from": offset + shown + 1}
        return Pages(
            first=offset + 1 if shown else 0,
            last=offset + shown,
            total=_total(total, offset + shown, more=bool(token and shown)),
            start=self.href(path),
            previous=self.href(path, **back) if offset else None,
            next=self.href(path, **onwards) if token and shown else None,
            more=more and bool(token),
        )


def _total(counted: int | None, reached: int, *, more: bool) -> int | None:
    """Number of entries; known without counting on the last page."""
    if counted is None:
        return None if more else reached
    return max(counted, reached)


def offset_token(offset: int) -> str:
    """A page token by number of entries, in the form MLflow's clients know."""
    return base64.b64encode(json.dumps({"offset": offset}).encode()).decode()
