"""The documentation: Markdown files of web/docs, rendered with the way around them."""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from runyard.exceptions import DoesNotExist
from runyard.ui.navigation import Crumb, Shell, Urls
from runyard.ui.parts.markdown import document
from runyard.ui.site import Site

_TITLE = re.compile(r"^# +(.+?) *$", re.MULTILINE)
_LINK = re.compile(r'(<(?:a href|img src)=")([^"]+)(")')
_FIRST_FOLDERS = ("", "guides", "flavors", "concepts", "reference", "decisions")
_FIRST_PAGES = ("index", "quickstart")
_NAME = re.compile(r"[\w./-]*")
_FILES = {".png", ".jpg", ".svg", ".webp", ".json", ".service", ".socket", ".conf", ".yml"}


@dataclass(frozen=True)
class DocLink:
    """An entry of the navigation."""

    title: str
    href: str
    current: bool


@dataclass(frozen=True)
class DocSection:
    """A folder of the documentation."""

    title: str
    links: tuple[DocLink, ...]


@dataclass(frozen=True)
class DocsPage:
    """All that docs.html may use. Without a body, the page lists what there is."""

    title: str
    body: Markup | None
    sections: tuple[DocSection, ...]


def show(site: Site, request: Request) -> Response:
    """A page of the documentation, or a file that one shows."""
    folder = site.web / "docs"
    name = request.path_params.get("name", "").strip("/")
    if Path(name).suffix in _FILES:
        return FileResponse(_inside(folder, name))
    path = _page_file(folder, name)
    if path is None and name:
        raise DoesNotExist(
            f"There is no documentation page {name[:80]!r}. See the list of pages at {site.urls('docs')}."
        )
    text = path.read_text("utf-8") if path else ""
    title = _title_of(text, path.stem) if path else "Documentation"
    here = path.relative_to(folder).parent.as_posix() if path else "."
    page = DocsPage(
        title=title,
        body=_with_our_links(document(text), here, site.urls) if path else None,
        sections=_sections(site, folder, path),
    )
    crumbs = (Crumb("Docs", site.urls("docs")), Crumb(title)) if name else ()
    return site.page(request, "docs", page, Shell(title, "docs", crumbs))


def _inside(folder: Path, name: str) -> Path:
    """The file of that name below the folder.

    Raises
    ------
    DoesNotExist: There is none, or the name leads elsewhere.
    """
    path = (folder / name).resolve() if _NAME.fullmatch(name) and ".." not in name else None
    if path is None or not path.is_relative_to(folder.resolve()) or not path.is_file():
        raise DoesNotExist(f"There is no documentation file {name[:80]!r}.")
    return path


def _page_file(folder: Path, name: str) -> Path | None:
    stem = name.removesuffix(".md")
    for candidate in (f"{stem}.md", f"{stem}/index.md") if stem else ("index.md",):
        try:
            return _inside(folder, candidate)
        except DoesNotExist:
            continue
    return None


def _title_of(text: str, fallback: str) -> str:
    found = _TITLE.search(text)
    return found[1].replace("`", "") if found else fallback.replace("-", " ").capitalize()


def _sections(site: Site, folder: Path, current: Path | None) -> tuple[DocSection, ...]:
    pages: dict[str, list[DocLink]] = {}
    for path in sorted(folder.rglob("*.md"), key=lambda path: (path.stem not in _FIRST_PAGES, path)):
        name = path.relative_to(folder).with_suffix("").as_posix()
        href = site.urls("docs") if name == "index" else site.urls.to_path(f"/docs/{name}")
        link = DocLink(
            _title_of(path.read_text("utf-8"), path.stem), href, current is not None and path.samefile(current)
        )
        section = name.rpartition("/")[0]
        pages.setdefault(section, []).append(link)
    pages.setdefault("reference", []).append(DocLink("REST API", site.urls.to_path("/api/docs"), False))
    order = sorted(pages, key=lambda name: (_FIRST_FOLDERS.index(name) if name in _FIRST_FOLDERS else 99, name))
    return tuple(DocSection(name.replace("/", " · ").capitalize() or "Start", tuple(pages[name])) for name in order)


def _with_our_links(html: Markup, here: str, urls: Urls) -> Markup:
    """The page with its links between files turned into links between pages."""

    def rewritten(match: re.Match[str]) -> str:
        start, target, end = match.groups()
        parts = urlsplit(target)
        if parts.scheme or parts.netloc or not parts.path or parts.path.startswith("/"):
            absolute = parts.path.startswith("/") and not parts.scheme and not parts.netloc
            return f"{start}{urls.prefix if absolute else ''}{target}{end}"
        steps: list[str] = [] if here == "." else here.split("/")
        for step in parts.path.removesuffix(".md").split("/"):
            if step == "..":
                steps = steps[:-1]
            elif step not in ("", "."):
                steps.append(step)
        anchor = f"#{parts.fragment}" if parts.fragment else ""
        return f"{start}{urls.to_path('/docs/' + '/'.join(steps))}{anchor}{end}"

    return Markup(_LINK.sub(rewritten, str(html)))  # noqa: S704  (clean HTML with other addresses in it)
