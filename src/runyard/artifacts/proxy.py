"""Artifacts kept by a server: transferred through it, by HTTP."""

import json
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from runyard import settings
from runyard.artifacts.entities import FileInfo
from runyard.artifacts.paths import joined, safe_path
from runyard.artifacts.repository import PIECE
from runyard.core.http import answered_error, connection_pool, request_headers
from runyard.exceptions import RunyardException, Unavailable

if TYPE_CHECKING:
    import urllib3

API = "/api/2.0/mlflow-artifacts/artifacts"
RETRIED = frozenset((408, 429, 500, 502, 503, 504))


class ProxyRepository:
    """Artifacts below a path in a server's store.

    Parameters
    ----------
    server: The server's address.
    root: The path in its store.
    """

    def __init__(self, server: str, root: str) -> None:
        self._server, self._root = server.rstrip("/"), safe_path(root)
        self._pool = connection_pool()

    def put(self, local_file: Path, path: str) -> None:
        """Send a file. Sending it again is harmless, so it is tried again when the server cannot take it now."""
        target = self._url(path)

        def attempt() -> "urllib3.BaseHTTPResponse":
            with local_file.open("rb") as file:
                size = {"Content-Length": str(local_file.stat().st_size)}
                return self._pool.request(
                    "PUT", target, body=file, headers={**request_headers(), **size}, timeout=_timeout(), retries=False
                )

        self._tried(attempt)

    def list_artifacts(self, path: str | None = None) -> list[FileInfo]:
        """What lies directly in a folder; nothing for a file or a missing folder."""
        checked = safe_path(path)
        query = urlencode({"path": joined(self._root, checked)})
        answer = json.loads(self._tried(lambda: self._get(f"{self._server}{API}?{query}")).data)
        found = [FileInfo.from_wire(fields) for fields in answer.get("files", ())]
        for info in found:  # the server names files relative to the folder it was asked for
            info.path = joined(checked, info.path)
        return found

    def read(self, path: str) -> Iterator[bytes]:
        """The content of a file, piece by piece."""
        reply = self._tried(lambda: self._get(self._url(path), preload=False))
        return self._pieces(reply)

    def delete_artifacts(self, path: str | None = None) -> None:
        """Remove a file, or a folder with all it holds."""
        target = self._url(safe_path(path))
        self._tried(
            lambda: self._pool.request("DELETE", target, headers=request_headers(), timeout=_timeout(), retries=False)
        )

    def _url(self, path: str) -> str:
        return f"{self._server}{API}/{quote(joined(self._root, safe_path(path)))}"

    def _get(self, url: str, preload: bool = True) -> "urllib3.BaseHTTPResponse":
        return self._pool.request(
            "GET", url, headers=request_headers(), timeout=_timeout(), retries=False, preload_content=preload
        )

    def _pieces(self, reply: "urllib3.BaseHTTPResponse") -> Iterator[bytes]:
        try:
            yield from reply.stream(PIECE)
        finally:
            reply.release_conn()

    def _tried(self, attempt: Any) -> "urllib3.BaseHTTPResponse":
        """A successful answer, after as many tries as the settings allow.

        Raises
        ------
        Unavailable: The server did not answer, or not now, each time.
        RunyardException: The server refused.
        """
        import urllib3  # noqa: PLC0415  (loaded by the first transfer)

        most = settings.HTTP_REQUEST_MAX_RETRIES.get()
        for tries in range(most + 1):
            try:
                reply: urllib3.BaseHTTPResponse = attempt()
            except urllib3.exceptions.HTTPError as error:
                problem = str(error)
            else:
                if reply.status < 300:
                    return reply
                if reply.status not in RETRIED:
                    raise self._refused(reply)
                problem = f"it answered {reply.status}"
            if tries < most:
                time.sleep(min(30.0, settings.HTTP_REQUEST_BACKOFF_FACTOR.get() * 2 ** (tries - 1)) * random.random())
        raise Unavailable(f"{self._server} could not transfer the artifact: {problem}. Check that the server runs.")

    def _refused(self, reply: "urllib3.BaseHTTPResponse") -> RunyardException:
        text = reply.data
        try:
            return answered_error(json.loads(text), reply.status, self._server)
        except ValueError:
            return answered_error(text.decode("utf-8", "replace"), reply.status, self._server)


def _timeout() -> float:
    seconds: float = settings.HTTP_REQUEST_TIMEOUT.get()
    return seconds
