"""A look into a file: what a page shows of it. Nothing of a file ever runs."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from runyard.exceptions import MissingPackage, RunyardException
from runyard.ui.parts.format import size as size_of
from runyard.ui.parts.markdown import note_of_file
from runyard.ui.parts.previews.kinds import LABELS, UNREADABLE, View, views_of
from runyard.ui.parts.previews.look import UNASKED, WHOLE, Look
from runyard.ui.parts.previews.notebooks import notebook
from runyard.ui.parts.previews.tables import delimited_table, loaded_table
from runyard.ui.parts.previews.tables_parquet import parquet_table
from runyard.ui.parts.previews.texts import text_page
from runyard.ui.parts.previews.trees import json_tree

HASHED = 2 * 2**30
"""Bytes of the largest file that is read to tell its hash."""
_BY_BROWSER: tuple[View, ...] = ("image", "page")
_WHOLE: tuple[View, ...] = ("tree", "notebook", "markdown")
_DOCUMENTS = (".json", ".ipynb")


@dataclass(frozen=True)
class Preview:
    """A look into a file.

    Attributes
    ----------
    kind: What is shown; ``ask`` when it waits to be asked for, ``none`` when there is nothing to see.
    body: The page of a text, table, tree or notebook, or HTML.
    views: All looks into it: label, address, whether it is this one.
    ask: The address that shows it.
    note: What else is to be said.
    digest: The SHA-256 of the file where it is known; else `digest_link` may be the address that tells it.
    actual: Whether a picture is shown in its own size, and the address of the other way.
    """

    kind: str
    path: str
    name: str
    size: int
    source: str
    framed: str
    body: Any
    views: tuple[tuple[str, str, bool], ...]
    ask: str
    note: str
    digest: str
    digest_link: str
    actual: bool
    actual_link: str


def preview_of(look: Look) -> Preview:
    """Look into a file as its name says, or as the address asks."""
    readable = look.suffix not in UNREADABLE and look.encoding is not None
    document = _document(look) if readable and look.suffix in _DOCUMENTS else None
    views = list(views_of(look.suffix, is_text=readable))
    if is_table(document):
        views.insert(0, "table")
    kind: View = next((view for view in views if view == look.state.text("view")), views[0])
    ask, note, body = "", "", None
    if kind in (*_BY_BROWSER, *_WHOLE) and not look.is_asked_for and (kind in _BY_BROWSER or look.size <= WHOLE):
        ask = look.href(all=1)
    elif kind in _WHOLE and look.size > WHOLE:
        kind, note = "text", f"Files over {size_of(WHOLE)} are shown as text, not as a {LABELS[kind].lower()}."
    if not ask and kind in _BODIES:
        body, failed = _body(kind, look, document)
        note = failed or note
        if body is None:
            kind = "text" if readable else "none"
            body = text_page(look) if readable else None
    digest, digest_link = _digest(look)
    zoomed = look.state.text("zoom") == "1"
    return Preview(
        kind="ask" if ask else kind,
        path=look.path,
        name=look.name,
        size=look.size,
        source=look.address,
        framed=look.framed,
        body=body,
        views=tuple((LABELS[view], look.page(path=look.path, view=view), view == kind) for view in views),
        ask=ask,
        note=note,
        digest=digest,
        digest_link=digest_link,
        actual=zoomed,
        actual_link=look.href(zoom=None if zoomed else 1),
    )


def _body(kind: View, look: Look, document: Any) -> tuple[Any, str]:
    """What is shown, and what went wrong with it: a broken file, or a package that is missing."""
    try:
        body = _BODIES[kind](look, document)
    except MissingPackage as problem:
        return None, problem.message
    except RunyardException as problem:
        if kind == "table" and look.suffix == ".parquet":  # whatever is wrong with it
            return None, problem.message
        raise
    return body, "" if body is not None else f"It is not what its name says, so it is shown as text: {look.name}"


def is_table(document: Any) -> bool:
    """Whether this is what ``log_table`` stores: an object of columns and rows."""
    return (
        isinstance(document, dict)
        and document.keys() == {"columns", "data"}
        and isinstance(document["columns"], list)
        and isinstance(document["data"], list)
        and all(isinstance(row, list) for row in document["data"])
    )


def document_of(content: bytes) -> Any:
    """The document of a JSON text; None when it is none."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _document(look: Look) -> Any:
    if not look.is_asked_for or look.size > WHOLE or look.state.text("view") == "text":
        return None
    return document_of(look.whole())


def _table(look: Look, document: Any) -> Any:
    if look.suffix == ".parquet":
        return parquet_table(look)
    if document is not None:
        names = [name if isinstance(name, str) else json.dumps(name) for name in document["columns"]]
        return loaded_table(look, names, document["data"])
    return delimited_table(look)


def _markdown(look: Look, _document: Any) -> Markup:
    return note_of_file(look.decoded(look.whole()), look.path, lambda path: look.page(path=path), look.picture)


_BODIES: dict[View, Callable[[Look, Any], Any]] = {
    "text": lambda look, _: text_page(look),
    "table": _table,
    "tree": lambda look, document: None if document is None else json_tree(look, document),
    "notebook": notebook,
    "markdown": _markdown,
}


def _digest(look: Look) -> tuple[str, str]:
    """The SHA-256 of a file, or the address that tells it: a large one is not read before it is asked for."""
    if look.size > UNASKED and look.state.text("digest") != "1":
        return "", look.href(digest=1) if look.size <= HASHED else ""
    if look.size > HASHED:
        return "", ""
    digest = hashlib.sha256()
    for piece in look.pieces():
        digest.update(piece)
    return digest.hexdigest(), ""
