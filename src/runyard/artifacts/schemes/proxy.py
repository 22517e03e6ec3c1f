"""Artifacts kept by a server: transferred through it, by HTTP."""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import IO, BinaryIO
from urllib.parse import quote, unquote, urlencode, urlsplit

from runyard import settings
from runyard.artifacts.addresses import PROXY_ROOT, PROXY_SCHEME
from runyard.artifacts.entities import FileInfo
from runyard.artifacts.paths import joined, named, safe_path
from runyard.artifacts.repository import (
    PIECE,
    ArtifactRepository,
    Body,
    Location,
    Progress,
    ResumedFile,
    StoredFile,
    Upload,
)
from runyard.core.connections import (
    CONNECT_SECONDS,
    FIRST_CONTACT_SECONDS,
    advice_for,
    connection_pool,
    is_transient,
    reason_of,
)
from runyard.core.credentials import shown_address, without_credentials
from runyard.core.http import answered_error, body_of, request_headers
from runyard.core.libraries import urllib3
from runyard.core.retries import MAX_BACKOFF, backoff, retry_after
from runyard.core.wait_warning import WaitWarning
from runyard.exceptions import ChangedMeanwhile, InvalidParameter, RestException, RunyardException, Unavailable

_met: set[str] = set()
"""Servers that have answered this process."""

RETRIED = frozenset((408, 429, 500, 502, 503, 504))
IN_MEMORY = 8 * 2**20
"""Bytes of an upload that has no file on this machine; more are kept in a temporary one until it is sent."""


class ProxyRepository(ArtifactRepository, schemes=(PROXY_SCHEME, "http", "https")):
    """Artifacts below a path in a server's store.

    Parameters
    ----------
    server: The server's address.
    root: The path in its store.
    trusted: Whether the server may get our credentials.
    """

    def __init__(self, server: str, root: str, trusted: bool = True) -> None:
        self._server, self._root = without_credentials(server.rstrip("/")), safe_path(root)
        self._address, self._trusted = server.rstrip("/"), trusted
        self.uri = self._url("").rstrip("/")

    @classmethod
    def at(cls, location: Location) -> "ProxyRepository":
        """The repository of ``mlflow-artifacts:`` or of the address of a server's artifacts."""
        parts, tracking_uri = location.parts, location.tracking_uri
        if parts.scheme.lower() == PROXY_SCHEME:
            path = safe_path(unquote(parts.path).strip("/"))
            if parts.netloc:
                scheme = "https" if tracking_uri.startswith("https:") else "http"
                return cls._told(f"{scheme}://{parts.netloc}", path, tracking_uri)
            if tracking_uri.startswith(("http://", "https://")):
                return cls(tracking_uri, path)
            shown = shown_address(location.uri)
            raise InvalidParameter(f"{shown!r} is kept by a server: set the tracking URI to that server's address.")
        prefix, found, path = parts.path.partition(PROXY_ROOT)
        if not found:
            shown = shown_address(location.uri) if parts.netloc else f"{parts.scheme}:…"
            raise InvalidParameter(
                f"{shown!r} is not the address of a server's artifacts: those have {PROXY_ROOT} in their path."
            )
        server = f"{parts.scheme}://{parts.netloc}{prefix}"
        return cls._told(server, safe_path(unquote(path).strip("/")), tracking_uri)

    @classmethod
    def _told(cls, server: str, path: str, tracking_uri: str) -> "ProxyRepository":
        """Credentials go to the tracking server only: a location may come from another user."""
        here, there = urlsplit(tracking_uri), urlsplit(server)
        trusted = here.hostname == there.hostname and there.scheme in ("https", here.scheme)
        return cls(server, path, trusted)

    def below(self, path: str) -> "ProxyRepository":
        """A folder of this one."""
        return ProxyRepository(self._address, joined(self._root, safe_path(path)), self._trusted)

    def list(self, path: str = "") -> list[FileInfo]:
        """The direct contents of a folder; empty for a file or a missing folder."""
        checked = safe_path(path)
        url = f"{self._server}{PROXY_ROOT}?{urlencode({'path': joined(self._root, checked)})}"
        reply = self.tried(lambda: self.request("GET", url))
        answer = body_of(reply.data)
        if not isinstance(answer, dict):
            raise answered_error(answer, reply.status, self._server)
        found = [FileInfo.from_wire(fields) for fields in answer.get("files", ())]
        for info in found:  # the server names files relative to the folder it was asked for
            info.path = joined(checked, info.path)
        return found

    def open(self, path: str) -> StoredFile:
        """Open a file for reading. When the connection breaks it goes on where it was, if the server has tags."""
        url = self._url(safe_path(path))
        reply = self.tried(lambda: self.request("GET", url, preload_content=False))
        tag, length = reply.headers.get("ETag"), reply.headers.get("Content-Length")

        def resume(start: int) -> Body:
            if tag is None:
                raise self.failed("the connection was cut, and this server cannot go on with a file")
            rest = {"Range": f"bytes={start}-", "If-Range": tag}
            reply = self.tried(lambda: self.request("GET", url, rest, preload_content=False))
            if not reply.headers.get("Content-Range", "").startswith(f"bytes {start}-"):
                reply.close()
                raise self.failed("the file changed while it was read")
            return reply

        file = ResumedFile(reply, resume, self._explained)
        return StoredFile(file, None if length is None else int(length), tag)

    def put(self, path: str) -> Upload:
        """Begin to write a file, which is sent when it is finished."""
        return _ProxyUpload(self, named(path), self._url(named(path)))

    def delete(self, path: str = "") -> None:
        """Remove a file, or a folder with all it holds."""
        target = self._url(safe_path(path))
        self.tried(lambda: self.request("DELETE", target))

    def _url(self, path: str) -> str:
        return f"{self._server}{PROXY_ROOT}/{quote(joined(self._root, path))}"

    def request(
        self,
        method: str,
        url: str,
        headers: dict[str, str] | None = None,
        body: "_Body | None" = None,
        preload_content: bool = True,
    ) -> "urllib3.BaseHTTPResponse":
        """One attempt at a request."""
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
            # redirects are followed; all other retries are ours
            retries=urllib3.Retry(total=None, connect=0, read=0, status=0, other=0, redirect=5),
            preload_content=preload_content,
        )
        if _ends_in_its_headers(reply):
            reply.close()
            raise urllib3.exceptions.ProtocolError("the connection was cut")
        return reply

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except urllib3.exceptions.HTTPError as problem:
            raise self.failed(str(problem)) from None

    def tried(self, attempt: "Callable[[], urllib3.BaseHTTPResponse]") -> "urllib3.BaseHTTPResponse":
        """A successful answer, after up to the configured number of retries.

        Raises
        ------
        Unavailable: The server did not answer, or not now, each time.
        RunyardException: The server rejected the request.
        """
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
        raise self.failed(reason, advice)

    def _refused(self, reply: "urllib3.BaseHTTPResponse") -> RunyardException:
        return answered_error(
            body_of(reply.data), reply.status, self._server
        )  # reading it returns the connection to the pool

    def failed(self, reason: str, advice: str = "Check that the server runs.") -> Unavailable:
        """The error of a transfer that did not succeed."""
        return Unavailable(f"{self._server} could not transfer the artifact: {reason}. {advice}")


class _ProxyUpload(Upload):
    """A file to be sent. Sending is idempotent, so it is retried when the server cannot take it now."""

    def __init__(self, repository: ProxyRepository, path: str, url: str) -> None:
        self._repository, self._path, self._url = repository, path, url
        self._kept = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115  (closed by `abandon`)
        self._file: IO[bytes] = self._kept
        self._progress: Progress | None = None

    def write(self, piece: bytes) -> None:
        self._kept.write(piece)

    def write_file(self, file: BinaryIO, progress: Progress | None = None) -> None:
        """Send this file: it is all there is, and is read each time it is sent."""
        self._file, self._progress = file, progress

    def finish(self, expected: str | None = None) -> None:
        condition = {} if expected is None else {"If-Match": expected} if expected else {"If-None-Match": "*"}
        tries = 0

        def attempt() -> "urllib3.BaseHTTPResponse":
            nonlocal tries
            tries += 1
            body = _Body(self._file, self._progress)
            headers = {"Content-Length": str(body.size), **condition}
            try:
                reply = self._repository.request("PUT", self._url, headers, body=body)
            except BaseException:
                body.take_back()
                raise
            if reply.status >= 300:
                body.take_back()
            return reply

        try:
            self._repository.tried(attempt)
        except RestException as refusal:
            if refusal.http_status != ChangedMeanwhile.status:
                raise
            if tries == 1 or not self._is_there():
                raise ChangedMeanwhile(refusal.message) from None

    def abandon(self) -> None:
        self._kept.close()

    def _is_there(self) -> bool:
        """Whether an attempt without an answer stored the file."""
        self._file.seek(0)
        return self._repository.holds(self._path, self._file.read())


class _Body:
    """A file's bytes for one attempt to send it: as many as it has now, even if it is still being written."""

    def __init__(self, file: IO[bytes], progress: Progress | None) -> None:
        self._file, self._progress, self._sent = file, progress, 0
        self.size = file.seek(0, os.SEEK_END)

    def __iter__(self) -> Iterator[bytes]:
        self.take_back()  # a redirect: send all of it again
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
        """Report that nothing of it has arrived."""
        self._count(-self._sent)

    def _count(self, size: int) -> None:
        self._sent += size
        if self._progress and size:
            self._progress(size)


def _ends_in_its_headers(reply: "urllib3.BaseHTTPResponse") -> bool:
    """Whether the connection was cut in the middle of the answer, which http.client does not notice."""
    said = {"content-length", "transfer-encoding"} & {name.lower() for name in reply.headers}
    closes = reply.headers.get("Connection", "").lower() == "close"
    return reply.version == 11 and not said and not closes and reply.status not in (204, 304)


@lru_cache(maxsize=8)
def _pool(address: str, _process_id: int) -> "urllib3.PoolManager":
    """Connections that the transfers of a process to one server share."""
    return connection_pool(address)
