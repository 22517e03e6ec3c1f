"""Servers for tests of transfers: one that cuts connections of a real one, one that answers as it is told."""

import socket
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


class CuttingRelay:
    """Passes bytes between clients and a server, and cuts connections.

    Attributes
    ----------
    cuts: For each new connection in turn, after how many bytes of the answer it is cut; later ones are left alone.
    connections: How many there were.
    """

    def __init__(self, url: str, cuts: list[int]) -> None:
        self._target = (urlsplit(url).hostname, urlsplit(url).port)
        self.cuts, self.connections = cuts, 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            limit = self.cuts.pop(0) if self.cuts else 2**60
            server = socket.create_connection(self._target)
            threading.Thread(target=self._pass, args=(client, server, 2**60), daemon=True).start()
            threading.Thread(target=self._pass, args=(server, client, limit), daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket, limit: int) -> None:
        try:
            while limit and (data := source.recv(min(65536, limit))):
                sink.sendall(data)
                limit -= len(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
            finally:
                end.close()


@dataclass
class Request:
    """A request that came in."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Told:
    """An answer to give."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)


class ToldServer:
    """Gives the answers it was told, in turn; then empty objects.

    Attributes
    ----------
    asked: The requests that came in.
    """

    def __init__(self, *answers: Told) -> None:
        self._answers, self.asked = list(answers), list[Request]()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                outer.asked.append(Request(self.command, self.path, dict(self.headers), body))
                answer = outer._answers.pop(0) if outer._answers else Told()
                self.send_response(answer.status)
                for name, value in {**answer.headers, "Content-Length": str(len(answer.body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer.body)

            do_GET = do_PUT = do_DELETE = _answer  # noqa: N815  (the names http.server looks for)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._server.server_close()
