"""Artifacts kept by a server: transferred through it, by HTTP."""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import quote, urlencode

from runyard import settings
from runyard.artifacts.changing import ABSENT, Change, changed
from runyard.artifacts.entities import FileInfo
from runyard.artifacts.locations import PROXY_ROOT
from runyard.artifacts.paths import PathText, joined, named, safe_path
from runyard.artifacts.repository import PIECE, Progress
from runyard.core.connections import (
    CONNECT_SECONDS,
    FIRST_CONTACT_SECONDS,
    advice_for,
    connection_pool,
    is_transient,
    reason_of,
)
from runyard.core.credentials import without_credentials
from runyard.core.http import answered_error, body_of, request_headers
from runyard.core.retries import MAX_BACKOFF, backoff, retry_after
from runyard.core.wait_warning import WaitWarning
from runyard.exceptions import (
    ChangedMeanwhile,
    DoesNotExist,
    InvalidParameter,
    RestException,
    RunyardException,
    Unavailable,
)

if TYPE_CHECKING:
    import urllib3

_met: set[str] = set()
"""Servers that have answered this process."""

RETRIED = frozenset((408, 429, 500, 502, 503, 504))


class ProxyRepository:
    """Artifacts below a path in a server's store.

    Parameters
    ----------
    server: The server's address.
    root: The path in its store.
    trusted: May the server see our credentials?
    """

    def __init__(self, server: str, root: str, trusted: bool = True) -> None:
        self._server, self._root = without_credentials(server.rstrip("/")), safe_path(root)
        self._address, self._trusted = server.rstrip("/"), trusted

    def put(self, local_file: Path, path: str, progress: Progress | None = None) -> None:
        """Send a file. Sending it again is harmless, so it is tried again when the server cannot take it now."""
        self._put(local_file, path, progress)

    def _put(self, local_file: Path, path: str, progress: Progress | None = None, **headers: str) -> None:
        target, tries = self._url(named(path)), 0

        def attempt() -> "urllib3.BaseHTTPResponse":
            nonlocal tries
            tries += 1
            with local_file.open("rb") as file:
                body = _Body(file, progress)
                try:
                    reply = self._request("PUT", target, {"Content-Length": str(body.size), **headers}, body=body)
                except BaseException:
                    body.take_back()
                    raise
                if reply.status >= 300:
                    body.take_back()
                return reply

        try:
            self._tried(attempt)
        except RestException as refusal:
            if refusal.http_status != ChangedMeanwhile.status:
                raise
            changed = ChangedMeanwhile(refusal.message)
            changed.unsure = tries > 1
            raise changed from None

    def change(self, path: str, change: Change) -> None:
        """Replace a file by what is made of it. No change that others make of it at the same time is lost.

        MLflow's server knows no tags of files: there this holds for the threads of this process.
        """
        url = self._url(named(path))

        def read() -> tuple[bytes | None, str | None]:
            try:
                reply = self._tried(lambda: self._request("GET", url))
            except RestException as refusal:
                if refusal.error_code != DoesNotExist.code:
                    raise
                return None, ABSENT
            return reply.data, reply.headers.get("ETag")

        def write(content: bytes, tag: str | None) -> None:
            condition = {} if tag is None else {"If-Match": tag} if tag else {"If-None-Match": "*"}
            with tempfile.TemporaryDirectory(prefix="runyard-") as folder:
                local = Path(folder, "file")
                local.write_bytes(content)
                try:
                    self._put(local, path, None, **condition)
                except ChangedMeanwhile as problem:
                    if not problem.unsure or read()[0] != content:
                        raise

        changed(url, read, write, change)

    def below(self, path: str) -> "ProxyRepository":
        """A folder of this one."""
        return ProxyRepository(self._address, joined(self._root, safe_path(path)), self._trusted)

    def list_artifacts(self, path: PathText | None = None) -> list[FileInfo]:
        """What lies directly in a folder; nothing for a file or a missing folder."""
        checked = safe_path(path)
        url = f"{self._server}{PROXY_ROOT}?{urlencode({'path': joined(self._root, checked)})}"
        reply = self._tried(lambda: self._request("GET", url))
        answer = body_of(reply.data)
        if not isinstance(answer, dict):
            raise answered_error(answer, reply.status, self._server)
        found = [FileInfo.from_wire(fields) for fields in answer.get("files", ())]
        for info in found:  # the server names files relative to the folder it was asked for
            info.path = joined(checked, info.path)
        return found

    def read(self, path: str) -> Iterator[bytes]:
        """The content of a file, piece by piece. When the connection breaks it goes on where it was."""
        url = self._url(path)
        reply = self._tried(lambda: self._request("GET", url, preload_content=False))
        return self._pieces(url, reply)

    def delete_artifacts(self, path: PathText | None = None) -> None:
        """Remove a file, or a folder with all it holds. What is not there is removed already."""
        target = self._url(safe_path(path))
        self._tried(lambda: self._request("DELETE", target))

    def _url(self, path: str) -> str:
        return f"{self._server}{PROXY_ROOT}/{quote(joined(self._root, safe_path(path)))}"

    def _request(
        self,
        method: str,
        url: str,
        headers: dict[str, str] | None = None,
        body: "_Body | None" = None,
        preload_content: bool = True,
    ) -> "urllib3.BaseHTTPResponse":
        import urllib3  # noqa: PLC0415  (loaded by the first transfer)

        sent = request_headers(self._address)
        if not self._trusted:  # other libraries' headers may be credentials too
            sent = {"User-Agent": sent["User-Agent"]}
        seconds = settings.HTTP_REQUEST_TIMEOUT.get()
        connect = CONNECT_SECONDS if self._server in _met else FIRST_CONTACT_SECONDS
        reply = _pool(self._address, os.getpid()).request(
            method,
            url,
            body=body,
            headers={**sent, **(headers or {})},
            timeout=urllib3.Timeout(connect=min(connect, seconds), read=seconds),
            # redirects are followed; everything else is ours to repeat
            retries=urllib3.Retry(total=None, connect=0, read=0, status=0, other=0, redirect=5),
            preload_content=preload_content,
        )
        if _ends_in_its_headers(reply):
            reply.close()
            raise urllib3.exceptions.ProtocolError("the connection was cut")
        return reply

    def _pieces(self, url: str, reply: "urllib3.BaseHTTPResponse") -> Iterator[bytes]:
        import urllib3  # noqa: PLC0415

        received, resumed_at, tag = 0, -1, reply.headers.get("ETag")
        while True:
            try:
                for piece in reply.stream(PIECE):
                    received += len(piece)
                    yield piece
                return
            except urllib3.exceptions.HTTPError as problem:
                if tag is None or resumed_at == received:
                    raise self._failed(str(problem)) from None
            finally:
                reply.close()
            resumed_at = received
            rest = {"Range": f"bytes={received}-", "If-Range": tag}
            reply = self._tried(lambda rest=rest: self._request("GET", url, rest, preload_content=False))  # type: ignore[misc]
            if not reply.headers.get("Content-Range", "").startswith(f"bytes {received}-"):
                reply.close()
                raise self._failed("the file changed while it was read")

    def _tried(self, attempt: "Callable[[], urllib3.BaseHTTPResponse]") -> "urllib3.BaseHTTPResponse":
        """A successful answer, after as many tries as the settings allow.

        Raises
        ------
        Unavailable: The server did not answer, or not now, each time.
        RunyardException: The server refused.
        """
        import urllib3  # noqa: PLC0415

        most, began = settings.HTTP_REQUEST_MAX_RETRIES.get(), time.monotonic()
        waiting, advice = WaitWarning(self._server), "Check that the server runs."
        for tries in range(most + 1):
            pause = backoff(tries + 1)
            try:
                reply = attempt()
            except urllib3.exceptions.HTTPError as problem:
                reason, advice = reason_of(problem), advice_for(problem, self._address)
                may_be_wrong = self._server not in _met and not settings.HTTP_REQUEST_MAX_RETRIES.is_set()
                if not is_transient(problem) or (
                    may_be_wrong and time.monotonic() - began + pause > FIRST_CONTACT_SECONDS
                ):
                    break
            else:
                _met.add(self._server)
                if reply.status < 300:
                    return reply
                refusal = self._refused(reply)
                if reply.status not in RETRIED:
                    raise refusal
                reason = refusal.message
                pause = max(pause, retry_after(reply.headers.get("Retry-After", ""), MAX_BACKOFF))
            if tries < most:
                waiting.warn(reason)
                time.sleep(pause)
        raise self._failed(reason, advice)

    def _refused(self, reply: "urllib3.BaseHTTPResponse") -> RunyardException:
        return answered_error(body_of(reply.data), reply.status, self._server)  # reading it gives the connection back

    def _failed(self, reason: str, advice: str = "Check that the server runs.") -> Unavailable:
        return Unavailable(f"{self._server} could not transfer the artifact: {reason}. {advice}")


class _Body:
    """A file's bytes for one attempt to send it: as many as it has now, though somebody may go on writing to it."""

    def __init__(self, file: BinaryIO, progress: Progress | None) -> None:
        self._file, self._progress, self._sent = file, progress, 0
        self.size = os.fstat(file.fileno()).st_size

    def __iter__(self) -> Iterator[bytes]:
        self.take_back()  # the server sent us elsewhere: all of it again
        self._file.seek(0)
        left = self.size
        while left:
            piece = self._file.read(min(PIECE, left))
            if not piece:
                raise InvalidParameter(f"{self._file.name} became shorter while it was sent; nothing was stored.")
            yield piece
            left -= len(piece)
            self._count(len(piece))

    def take_back(self) -> None:
        """Say that nothing of it has arrived."""
        self._count(-self._sent)

    def _count(self, size: int) -> None:
        self._sent += size
        if self._progress and size:
            self._progress(size)


def _ends_in_its_headers(reply: "urllib3.BaseHTTPResponse") -> bool:
    """Was the connection cut before the length of the answer came? To http.client such an answer is a whole one."""
    said = {"content-length", "transfer-encoding"} & {name.lower() for name in reply.headers}
    closes = reply.headers.get("Connection", "").lower() == "close"
    return reply.version == 11 and not said and not closes and reply.status not in (204, 304)


@lru_cache(maxsize=8)
def _pool(address: str, _process_id: int) -> "urllib3.PoolManager":
    """Connections that the transfers of a process to one server share."""
    return connection_pool(address)
