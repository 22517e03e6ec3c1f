"""The page that looks for a text in everything; the box of every page shows its list."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from runyard.exceptions import InvalidParameter
from runyard.registry.global_search.messages import KINDS, MAX_FOUND, Match, SearchEverything
from runyard.ui.navigation import Shell
from runyard.ui.parts.docs_index import Heading, find_headings
from runyard.ui.parts.list_state import ListState
from runyard.ui.site import Site

SHOWN = 6
"""Matches of each kind; of one kind alone, all that the operation gives."""
_TITLES = {
    "experiment": "Experiments",
    "run": "Runs",
    "model": "Models",
    "version": "Model versions",
    "logged_model": "Logged models",
    "docs": "Documentation",
}


@dataclass(frozen=True)
class Hit:
    """Something that was found, with where it leads.

    Attributes
    ----------
    about: What tells it from others of its name.
    """

    match: Match
    href: str
    label: str
    about: str


@dataclass(frozen=True)
class HitGroup:
    """What was found of one kind.

    Attributes
    ----------
    more: The address with more of this kind; None when this is all.
    """

    title: str
    hits: tuple[Hit, ...]
    headings: tuple[tuple[Heading, str], ...]
    more: str | None


@dataclass(frozen=True)
class SearchPage:
    """All that search.html may use."""

    text: str
    kind: str
    groups: tuple[HitGroup, ...]
    error: str | None
    here: str
    everything: str


def show(site: Site, request: Request) -> Response:
    """What was found, in groups; without a text the newest of each kind."""
    state = ListState.of(request)
    text = state.text("q")
    kind = state.choice("kind", ("", *_TITLES))
    groups, error = list[HitGroup](), None
    try:
        groups = _groups(site, text, kind)
    except InvalidParameter as problem:
        error = problem.message
    page = SearchPage(text, kind, tuple(groups), error, site.urls("search"), site.urls("search", q=text))
    return site.page(request, "search", page, Shell("Search"), 400 if error else 200)


def _groups(site: Site, text: str, kind: str) -> list[HitGroup]:
    groups = list[HitGroup]()
    if kind != "docs":
        most = MAX_FOUND if kind else SHOWN
        found = site.ask(SearchEverything(text=text, kind=kind or None, max_results=most))
        for each in KINDS:
            hits = tuple(_hit(site, match) for match in found.matches if match.kind == each)
            more = site.urls("search", q=text, kind=each) if each in found.more and not kind else None
            if hits:
                groups.append(HitGroup(_TITLES[each], hits, (), more))
    if text and kind in ("", "docs"):
        most = MAX_FOUND if kind else SHOWN
        headings = find_headings(site.web / "docs", text, most + 1)
        more = site.urls("search", q=text, kind="docs") if len(headings) > most and not kind else None
        linked = tuple((heading, _docs_address(site, heading)) for heading in headings[:most])
        if linked:
            groups.append(HitGroup(_TITLES["docs"], (), linked, more))
    return groups


def _docs_address(site: Site, heading: Heading) -> str:
    path, _, end = heading.path.partition("#")
    return site.urls.to_path(f"/docs/{path}") + (f"#{end}" if end else "")


def _hit(site: Site, match: Match) -> Hit:
    urls, label, about = site.urls, match.name, match.experiment_name or ""
    if match.kind == "experiment":
        href, about = urls("experiments", match.id), f"id {match.id}"
    elif match.kind == "run":
        href = urls("runs", match.id)
    elif match.kind == "model":
        href = urls("models", match.name)
    elif match.kind == "version":
        href, label = urls("models", match.name, "versions", match.id), f"{match.name} version {match.id}"
    else:
        href = urls("experiments", match.experiment_id or "", "models", match.id)
    reason = match.matched if match.matched not in ("", "name", "id") else ""
    if match.matched == "id" and match.kind != "experiment":
        reason = f"id {match.id}"
    return Hit(match, href, label, ", ".join(filter(None, (reason, about))))
