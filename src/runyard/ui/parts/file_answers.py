"""Files as browsers get them from pages: a folder as a zip file, a document to be shown in a frame."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from runyard.artifacts.locations import open_location
from runyard.artifacts.paths import joined, named, safe_path
from runyard.artifacts.ranges import RangedFile, ranged
from runyard.artifacts.repository import PIECE
from runyard.artifacts.zipped import files_below, zip_pieces
from runyard.exceptions import InvalidParameter
from runyard.ui.parts.files import FileSource
from runyard.ui.parts.list_state import ListState
from runyard.ui.parts.previews.kinds import FRAMES
from runyard.ui.site import Site

_ODD = re.compile(r"[^A-Za-z0-9._-]+")
_PDF = "application/pdf"
_DATA = "img-src data:; font-src data:; media-src data:; style-src 'unsafe-inline'; frame-ancestors 'self'"
_POLICIES = {
    _PDF: "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'",
}
_SANDBOX = f"sandbox; default-src 'none'; base-uri 'none'; form-action 'none'; {_DATA}"
"""Of a page among artifacts: its looks, and what it holds itself. No script runs, and nothing is sent or loaded."""


def folder_as_zip(site: Site, source: FileSource, request: Request) -> Response:
    """A folder of the files, packed while it is sent.

    Raises
    ------
    DoesNotExist: It holds no file.
    InvalidParameter: It is a file, has too many files, or is kept elsewhere.
    """
    repository, root = open_location(source.location, site.gate.settings.artifact_places)
    path = safe_path(ListState.of(request).path())
    files = files_below(repository, joined(root, path))
    name = _ODD.sub("-", path.rpartition("/")[2] or source.name).strip("-.") or "files"
    headers = {"Content-Disposition": f'attachment; filename="{name}.zip"', "Cache-Control": "no-cache"}
    return StreamingResponse(zip_pieces(repository, files, name), media_type="application/zip", headers=headers)


def framed_document(site: Site, source: FileSource, request: Request) -> Response:
    """A page or a PDF document as it may be shown in a frame of ours: nothing in it acts.

    Raises
    ------
    InvalidParameter: It is of another kind.
    DoesNotExist: There is no such file.
    """
    path = named(ListState.of(request).path())
    media_type = FRAMES.get(PurePosixPath(path).suffix.lower())
    if media_type is None:
        raise InvalidParameter(f"{path!r} is not shown in a frame: that is for {', '.join(FRAMES)}.")
    repository, root = open_location(source.location, site.gate.settings.artifact_places)
    file = ranged(repository, joined(root, path))
    if media_type == _PDF:
        begins_so = file.read(5) == b"%PDF-"
        file.seek(0)
        if not begins_so:
            file.close()
            raise InvalidParameter(f"{path!r} is not a PDF document. Download it.")
    headers = {
        "Content-Security-Policy": _POLICIES.get(media_type, _SANDBOX),
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-cache",
        "Content-Disposition": f"inline; filename*=UTF-8''{quote(path.rpartition('/')[2], safe='')}",
    }
    return StreamingResponse(_pieces(file), media_type=media_type, headers=headers)


def _pieces(file: RangedFile) -> Iterator[bytes]:
    with file:
        while piece := file.read(PIECE):
            yield piece
