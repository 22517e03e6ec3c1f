"""HTTP by hand: bytes as they are, for what no client library would send."""

import json
import socket
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Answer:
    """One answer as it came.

    Attributes
    ----------
    headers: By lower-case name.
    """

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class Connection:
    """One connection to a server."""

    def __init__(self, url: str, timeout: float = 20) -> None:
        parts = urlsplit(url)
        self.host = parts.netloc
        self.socket = socket.create_connection((parts.hostname, parts.port or 80), timeout)
        self._rest = b""

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        """Send bytes."""
        self.socket.sendall(data)

    def send_megabytes(self, most: int) -> int:
        """Send chunks of a megabyte until the server reads no more; returns how many it took."""
        chunk = b"100000\r\n" + b"a" * 2**20 + b"\r\n"
        for sent in range(most):
            try:
                self.send(chunk)
            except ConnectionError:
                return sent
        return most

    def answer(self) -> Answer:
        """The next answer."""
        while b"\r\n\r\n" not in self._rest:
            self._more()
        head, _, self._rest = self._rest.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(headers.get("content-length", "0"))
        while len(self._rest) < length:
            self._more()
        body, self._rest = self._rest[:length], self._rest[length:]
        return Answer(int(first.split()[1]), headers, body)

    def _more(self) -> None:
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionError(f"the server closed the connection after {self._rest!r}")
        self._rest += data

    def is_closed_within(self, seconds: float) -> bool:
        """Does the server close the connection in time, saying nothing more?"""
        self.socket.settimeout(seconds)
        try:
            return self._rest == b"" and self.socket.recv(1) == b""
        except ConnectionError:
            return True
        except TimeoutError:
            return False


def post_head(host: str, path: str, *headers: str) -> bytes:
    """The head of a JSON request."""
    lines = [f"POST {path} HTTP/1.1", f"Host: {host}", "Content-Type: application/json", *headers, "", ""]
    return "\r\n".join(lines).encode()


def seconds_since(start: float) -> float:
    """Seconds since a moment of the monotonic clock."""
    return time.monotonic() - start
