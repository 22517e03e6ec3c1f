"""A real nginx for the tests, with the configuration of the documentation."""

import re
import shutil
import signal
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.support.postgres import free_port
from tests.support.server import ROOT

CONFIGURATION = ROOT / "web" / "docs" / "examples" / "nginx.conf"
_MAIN = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxied;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/runyard.conf;
}}
"""
_PROXIED = "        proxy_pass http://runyard;\n"


@dataclass
class Proxy:
    """A running nginx in front of two servers.

    Attributes
    ----------
    store_port: Where the store of artifacts is found behind it.
    certificate: What clients must trust.
    """

    folder: Path
    port: int
    store_port: int
    certificate: Path
    text: str
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        """Where the servers are found behind it."""
        return f"https://localhost:{self.port}/tracking"

    @property
    def store_url(self) -> str:
        """Where the store of artifacts is found behind it."""
        return f"https://localhost:{self.store_port}"

    def answer_itself(self, status: int | None) -> None:
        """Answer every request with a status of its own, as a proxy does that is set up wrongly; None for no more."""
        own = f'        default_type text/html;\n        return {status} "<h1>{status}</h1>";\n'
        self._use(self.text if status is None else self.text.replace(_PROXIED, own), status)

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait(timeout=20)

    def status(self, path: str) -> int:
        """The status of an answer, on a connection of its own."""
        trusted = ssl.create_default_context(cafile=str(self.certificate))
        try:
            with urllib.request.urlopen(f"{self.url}{path}", context=trusted, timeout=20) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    def _use(self, text: str, status: int | None) -> None:
        (self.folder / "runyard.conf").write_text(text, encoding="utf-8")
        self.process.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + 20
        while (self.status("/health") == status) != (status is not None):
            assert time.monotonic() < deadline, f"nginx did not take its configuration: {self.errors()}"
            time.sleep(0.05)

    def errors(self) -> str:
        """What it logged."""
        return (self.folder / "error.log").read_text(encoding="utf-8")


def start_proxy(folder: Path, ports: tuple[int, int], store: int) -> Proxy:
    """Start nginx with a new certificate, in front of the servers at these ports.

    Parameters
    ----------
    ports: Those of the two servers.
    store: That of the store of artifacts.

    Raises
    ------
    FileNotFoundError: There is no nginx; `.ci/prepare` installs it.
    """
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/bin:/opt/homebrew/bin")
    port, store_port = free_port(), free_port()
    if program is None:
        raise FileNotFoundError("nginx is not installed; .ci/prepare does it")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost "
        f"-addext subjectAltName=DNS:localhost -keyout {key} -out {certificate}".split(),
        check=True,
        capture_output=True,
    )
    text, own_ports = CONFIGURATION.read_text(encoding="utf-8"), iter((port, store_port))
    replaced: tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...] = (
        (r"127\.0\.0\.1:5001", f"127.0.0.1:{ports[0]}"),
        (r"127\.0\.0\.1:5002", f"127.0.0.1:{ports[1]}"),
        (r"127\.0\.0\.1:8333", f"127.0.0.1:{store}"),
        (r"listen 443 ssl", lambda _: f"listen 127.0.0.1:{next(own_ports)} ssl"),
        (r"server_name [\w.]+", "server_name localhost"),
        (r"/etc/ssl/certs/[\w.]+", str(certificate)),
        (r"/etc/ssl/private/[\w.]+", str(key)),
    )
    for pattern, value in replaced:
        text, found = re.subn(pattern, value, text)
        assert found, pattern
    (folder / "runyard.conf").write_text(text, encoding="utf-8")
    (folder / "nginx.conf").write_text(_MAIN.format(folder=folder), encoding="utf-8")
    command = [program, "-c", str(folder / "nginx.conf"), "-p", str(folder), "-e", str(folder / "error.log")]
    proxy = Proxy(folder, port, store_port, certificate, text, subprocess.Popen(command, cwd=folder))
    deadline = time.monotonic() + 20
    while True:
        try:
            proxy.status("/health")
            return proxy
        except OSError:
            assert proxy.process.poll() is None, proxy.errors()
            assert time.monotonic() < deadline, proxy.errors()
            time.sleep(0.05)
