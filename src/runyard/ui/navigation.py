"""Addresses of pages and the frame around them: every URL that a page names is built here."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

_PLAIN, _PLAIN_IN_QUERY = (re.compile(rf"[\w.~{more}-]*", re.ASCII) for more in ("", ",/:"))
"""Texts of which nothing is to be quoted: most are such, and a page has hundreds of them."""
QueryValue = str | int | Iterable[str] | None


class Urls:
    """Builds addresses under the static prefix.

    Parameters
    ----------
    prefix: Path under which everything is served, such as ``/tracking``; empty for none.
    """

    def __init__(self, prefix: str = "") -> None:
        stripped = prefix.strip("/")
        self.prefix = f"/{stripped}" if stripped else ""

    def __call__(self, *segments: str | int, **query: QueryValue) -> str:
        """The address of a page: path segments, quoted, and the query without empty values."""
        path = "/".join([_quoted(str(segment)) for segment in segments])
        text = encode_query(query) if query else ""
        return f"{self.prefix}/{path}?{text}" if text else f"{self.prefix}/{path}"

    def to_path(self, path: str, query: Mapping[str, QueryValue] | None = None) -> str:
        """The address of a path of this server."""
        text = encode_query(query or {})
        return f"{self.prefix}{quote(path, safe='/%@:,~')}{'?' + text if text else ''}"


def _quoted(segment: str) -> str:
    return segment if _PLAIN.fullmatch(segment) else quote(segment, safe="")


def _quoted_in_query(text: str) -> str:
    return text if _PLAIN_IN_QUERY.fullmatch(text) else quote(text, safe=",/:")


def encode_query(query: Mapping[str, QueryValue]) -> str:
    """A query string: nothing for None and empty text, one entry an element for lists."""
    parts: list[str] = []
    for name, value in query.items():
        if value is None or value == "":
            continue
        for item in (value,) if isinstance(value, str | int) else value:
            parts.append(f"{_quoted_in_query(name)}={_quoted_in_query(str(item))}")
    return "&".join(parts)


@dataclass(frozen=True)
class Crumb:
    """One step of the way to a page; the last one has no address."""

    label: str
    href: str | None = None


@dataclass(frozen=True)
class Shell:
    """What the frame around a page shows.

    Attributes
    ----------
    title: The page's name, for the window.
    section: Entry of the main navigation that is marked: ``experiments``, ``models`` or ``docs``.
    crumbs: The way to the page.
    notice: A line about what has just been done.
    home: True on the start page, where MLflow's hash routes arrive.
    """

    title: str
    section: str = ""
    crumbs: tuple[Crumb, ...] = ()
    notice: str | None = None
    home: bool = False


NOTICES = {
    "experiment-created": "The experiment was created.",
    "experiment-renamed": "The experiment was renamed.",
    "experiment-deleted": "The experiment was deleted. It can be restored.",
    "experiments-restored": "The experiments and the runs deleted with them are back.",
    "experiments-removed": "Deleted for good. What is large goes on being deleted in the background.",
    "experiment-restored": "The experiment and the runs deleted with it are back.",
    "run-renamed": "The run was renamed.",
    "run-deleted": "The run was deleted. It can be restored.",
    "run-restored": "The run is back.",
    "run-failed": "The run is marked as failed.",
    "run-goes-on": "The run was left as it is: its program has been heard of, or it has ended.",
    "model-created": "The model was registered. It has no versions yet.",
    "model-renamed": "The model was renamed.",
    "model-deleted": "The model and all its versions were deleted.",
    "version-deleted": "The version was deleted. Its number is not given again.",
    "stage-changed": "The stage was changed.",
    "alias-set": "The alias is at this version now.",
    "alias-deleted": "The alias was removed.",
    "tag-set": "The tag was saved.",
    "tag-deleted": "The tag was removed.",
    "description-saved": "The description was saved.",
    "runs-given-back": "The runs have what they had before.",
    "runs-unchanged": "All of the chosen runs were so already.",
    "view-saved": "The view was saved. Everybody finds it in Views.",
    "view-updated": "The view now shows what is on screen.",
    "view-renamed": "The view was renamed.",
    "view-first": "This is the default view now: the experiment opens with it.",
    "view-not-first": "The experiment opens with the plain table again.",
    "view-deleted": "The view was deleted. What it showed is still on screen: save it again if you miss it.",
}
"""What a page says after a form was sent, by the code in its address: free text there could be forged."""
