"""Markdown to safe HTML: notes written by anyone, and our own documentation."""

import posixpath
from collections.abc import Callable
from functools import cache
from urllib.parse import unquote, urlsplit

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

_TAGS = {
    *("p", "br", "hr", "em", "strong", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"),
}
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
_UNTRUSTED = "noopener noreferrer nofollow"
_SCHEMES = {"http", "https", "mailto"}


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False, "linkify": False}).enable(["table", "strikethrough"])


def note(text: str) -> Markup:
    """HTML of a note: its headings start below the page's, and links go to web addresses only."""
    tokens = _parser().parse(text)
    _lower_headings(tokens, 2)
    html = _parser().renderer.render(tokens, _parser().options, {})
    return Markup(  # noqa: S704  (sanitised right here)
        nh3.clean(html, tags=_TAGS, attributes=_ATTRIBUTES, url_schemes=_SCHEMES, link_rel=_UNTRUSTED)
    )


def note_of_file(text: str, path: str, page: Callable[[str], str], picture: Callable[[str], str]) -> Markup:
    """HTML of a Markdown file among artifacts: as `note`, with links to other files and pictures beside it.

    Parameters
    ----------
    path: Where the file is.
    page: The address of the page of a file.
    picture: The address of a picture, empty for none: its words then stand in its place.
    """
    tokens = _parser().parse(text)
    _lower_headings(tokens, 2)
    for token in tokens:
        for child in token.children or ():
            if child.type == "link_open" and (target := _beside(path, str(child.attrGet("href") or ""))):
                child.attrSet("href", page(target))
            elif child.type == "image":  # those elsewhere on the web are not loaded
                target = _beside(path, str(child.attrGet("src") or ""))
                if target and (address := picture(target)):
                    child.attrSet("src", address)
                else:
                    child.type, child.tag, child.children = "text", "", None
    html = _parser().renderer.render(tokens, _parser().options, {})
    attributes = _ATTRIBUTES | {"img": {"src", "alt"}}
    return Markup(  # noqa: S704  (sanitised right here)
        nh3.clean(html, tags=_TAGS | {"img"}, attributes=attributes, url_schemes=_SCHEMES, link_rel=_UNTRUSTED)
    )


def passive(html: str) -> Markup:
    """HTML that a library wrote, such as a table of pandas: words and tables, nothing that acts or is loaded."""
    tags = _TAGS - {"h1", "h2", "h3", "h4", "h5", "h6"}
    clean = nh3.clean(html, tags=tags, attributes=_ATTRIBUTES, url_schemes=_SCHEMES, link_rel=_UNTRUSTED)
    # a head without words, as above the index of a frame, is none
    return Markup(clean.replace("<th></th>", "<td></td>"))  # noqa: S704  (sanitised right here)


def _beside(path: str, link: str) -> str:
    """The path of the file that a link of a file leads to; empty for one to elsewhere."""
    text = unquote(link.partition("#")[0].partition("?")[0])
    if not text or text.startswith("/") or ":" in text.partition("/")[0]:
        return ""
    found = posixpath.normpath(posixpath.join(posixpath.dirname(path), text))
    return "" if found.startswith("..") or found == "." else found


def document(text: str) -> Markup:
    """HTML of a page of our documentation: also images, and headings that can be linked to."""
    tokens = _parser().parse(text)
    for index, token in enumerate(tokens):
        if token.type == "heading_open":
            token.attrSet("id", anchor(tokens[index + 1].content))
    html = _parser().renderer.render(tokens, _parser().options, {})
    attributes = (
        {tag: {"id"} for tag in ("h1", "h2", "h3", "h4")} | _ATTRIBUTES | {"img": {"src", "alt"}, "code": {"class"}}
    )
    return Markup(  # noqa: S704  (sanitised right here)
        nh3.clean(html, tags=_TAGS | {"img"}, attributes=attributes, url_schemes=_SCHEMES, link_rel="noopener")
    )


def anchor(heading: str) -> str:
    """The id of a heading: ``Where runs go`` → ``where-runs-go``."""
    kept = "".join(letter if letter.isalnum() else " " for letter in heading.lower())
    return "-".join(kept.split())


def _lower_headings(tokens: list[Token], levels: int) -> None:
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1:]) + levels)}"


def web_link(text: str) -> str | None:
    """The text when it is an address that a browser may open from a page, without credentials in it; else None."""
    try:
        parts = urlsplit(text.strip())
        if parts.scheme.lower() not in ("http", "https") or not parts.hostname:
            return None
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return None
    return parts._replace(netloc=host).geturl()
