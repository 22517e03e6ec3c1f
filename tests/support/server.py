"""A real Runyard server in a process of its own."""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.postgres import free_port
from tests.support.programs import Process, start_python

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 120
MB = 2**20


@dataclass
class RunningServer:
    """A server process.

    Attributes
    ----------
    folder: Its working directory: database, artifacts and the log of its output.
    database_uri: Its backend store.
    loaded: Modules that are imported before it begins, when it is a fork.
    """

    folder: Path
    database_uri: str
    port: int = field(default_factory=free_port)
    options: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | Process | None = None
    loaded: tuple[str, ...] = ("a_server",)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> "RunningServer":
        """Start it and wait until it answers.

        Raises
        ------
        RuntimeError: It ended, or did not answer in time; holds its output.
        """
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "RUNYARD_"))}
        command, environment = self.command(), {**clean, **self.environment}
        with (self.folder / "server.log").open("ab") as output:
            if command[0] == sys.executable:
                paths = [str(ROOT), *filter(None, [environment.get("PYTHONPATH")])]  # for launchers among the tests
                environment["PYTHONPATH"] = os.pathsep.join(paths)
                streams = (output.fileno(), output.fileno())
                self.process = start_python(command[1:], streams, self.folder, environment, self.loaded)
            else:
                self.process = subprocess.Popen(command, cwd=self.folder, stdout=output, stderr=output, env=environment)
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            if self.answers():
                return self
            time.sleep(0.03)
        self.kill()
        raise RuntimeError(f"the server did not start:\n{self.output()}")

    def command(self) -> list[str]:
        """The command line that starts it."""
        command = [sys.executable, "-m", "runyard", "server", "--port", str(self.port)]
        return [*command, "--backend-store-uri", self.database_uri, *self.options]

    def answers(self) -> bool:
        """Does /health answer?"""
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=2) as reply:
                return bool(reply.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def output(self) -> str:
        """What it printed."""
        return (self.folder / "server.log").read_text(errors="replace")

    def peak_memory(self) -> int:
        """The most memory its process ever had, in MB."""
        assert self.process is not None
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM"))

    def stop(self) -> int:
        """Ask it to end, as an operator would; returns its exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=20)

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def pieces(size: int) -> Iterator[bytes]:
    """This number of bytes, a megabyte at a time, no two megabytes alike."""
    for number in range(size // MB):
        yield number.to_bytes(4, "big") * (MB // 4)
