"""A tracking server in a process of its own, on the embedded default store, for as long as a `with` block lasts."""

import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from runyard.exceptions import RunyardException

_START_SECONDS = 60.0


def free_port(wanted: int, host: str) -> int:
    """The wanted port if it is free, else another free one."""
    for port in (wanted, 0):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise RunyardException(f"No free port was found on {host}. Check the address, or free a port.")


@contextmanager
def local_server(host: str, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Start the server, wait until it answers, and stop it when the block ends.

    It gets a session of its own, so that Ctrl-C reaches only the caller, which stops it in order.
    """
    command = [sys.executable, "-m", "runyard", "server", "--host", host, "--port", str(port)]
    command += ["--backend-store-uri", "sqlite:///runyard.db", "--artifacts-destination", "runyard-artifacts"]
    process = subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL)
    try:
        _wait_until_ready(process, f"http://{host}:{port}/health")
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_ready(process: subprocess.Popen[bytes], address: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RunyardException(f"The server ended while starting, with exit code {process.returncode}; see above.")
        try:
            with direct.open(address, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise RunyardException(f"The server did not answer at {address} within {_START_SECONDS:.0f} seconds.")
