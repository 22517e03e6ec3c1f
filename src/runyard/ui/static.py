"""Static files under addresses that change with their content, so that browsers may keep them for good."""

import gzip
import hashlib
import mimetypes
import posixpath
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from runyard.exceptions import DoesNotExist
from runyard.http.compression import takes_gzip
from runyard.ui.navigation import Urls

_FOREVER = "public, max-age=31536000, immutable"
_TEXTS = {".js", ".css", ".svg", ".txt", ".json"}
_IMPORTS = re.compile(rb'^import\s(?:[^"]*\sfrom\s)?"(\./[^"]+)"', re.MULTILINE)
_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}


@dataclass(frozen=True)
class _File:
    content: bytes
    packs: bool
    media_type: str


class StaticFiles:
    """The files of ``web/static``, read once.

    One hash over all of them stands in every address: ES modules import each other by relative path, so a module's
    address must change when one it imports does.

    Parameters
    ----------
    folder: The folder with the files.
    urls: Builds addresses.
    """

    def __init__(self, folder: Path, urls: Urls) -> None:
        self._files = {
            path.relative_to(folder).as_posix(): _read(path) for path in sorted(folder.rglob("*")) if path.is_file()
        }
        digest = hashlib.sha256()
        for name, file in self._files.items():
            digest.update(f"{name}\0{len(file.content)}\0".encode())
            digest.update(file.content)
        self.version = digest.hexdigest()[:12]
        self._addresses = {name: urls.to_path(f"/static/{self.version}/{name}") for name in self._files}

    def url(self, name: str) -> str:
        """The address of a file.

        Raises
        ------
        KeyError: There is no such file: a template names one that was not added.
        """
        try:
            return self._addresses[name]
        except KeyError:
            raise KeyError(f"web/static/{name} does not exist.") from None

    def with_imports(self, *names: str) -> tuple[str, ...]:
        """Modules, and all that they import in turn: a page that names them has a browser load all of them at once."""
        found = dict.fromkeys(names)
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            for imported in _imported(name, self._files[name].content):
                if imported not in found:
                    found[imported] = None
                    waiting.append(imported)
        return tuple(found)

    def answer(self, request: Request) -> Response:
        """Serve one file, packed for clients that can unpack."""
        name = request.path_params["name"]
        file = self._files.get(name)
        if file is None:
            raise DoesNotExist(f"There is no file {name!r} among the static files.")
        current = request.path_params["version"] == self.version
        headers = {"Cache-Control": _FOREVER if current else "no-cache", "X-Content-Type-Options": "nosniff"}
        body = file.content
        if file.packs:
            headers["Vary"] = "Accept-Encoding"
            if takes_gzip(request.headers.get("accept-encoding", "").encode("latin-1")):
                headers["Content-Encoding"] = "gzip"
                body = _packed(file.content)
        return Response(body, headers=headers, media_type=file.media_type)


def _read(path: Path) -> _File:
    content = path.read_bytes()
    guessed = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return _File(content, path.suffix in _TEXTS, guessed)


@cache
def _imported(name: str, content: bytes) -> tuple[str, ...]:
    """What a module imports, found once in a process: pages with charts ask for it each time."""
    folder = posixpath.dirname(name)
    return tuple(posixpath.normpath(posixpath.join(folder, path.decode())) for path in _IMPORTS.findall(content))


@cache
def _packed(content: bytes) -> bytes:
    """Packed as well as it goes, once in a process and when it is first asked for: a server would start late for it."""
    return gzip.compress(content, 9, mtime=0)
