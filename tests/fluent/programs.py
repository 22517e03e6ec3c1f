"""Programs that log to a database of the test's own, started and ended in real ways."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

from runyard.client import RunyardClient

READY = "ready"


def start(folder: Path, body: str, *options: str, stdin: int | None = None) -> "subprocess.Popen[str]":
    """Start a program that logs to a database in the folder."""
    program = f"import os, signal, sys, threading, time\nimport runyard as mlflow\n{textwrap.dedent(body)}"
    environment = {**os.environ, "RUNYARD_TRACKING_URI": f"sqlite:///{folder / 'runyard.db'}"}
    return subprocess.Popen(
        [sys.executable, *options, "-c", program] if body else [sys.executable, *options],
        cwd=folder,
        env=environment,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(
    process: "subprocess.Popen[str]", number: signal.Signals | None = None, typed: str | None = None
) -> tuple[int, str, str]:
    """Wait for the program, after sending it a signal when it is ready, or lines for its prompt."""
    if number is not None:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == READY
        process.send_signal(number)
    out, err = process.communicate(typed, timeout=100)
    return process.returncode, out, err


def statuses(folder: Path) -> list[str]:
    """The runs' statuses, in the order of their start."""
    client = RunyardClient(f"sqlite:///{folder / 'runyard.db'}")
    return [run.info.status for run in client.search_runs(["0"], order_by=["start_time ASC"])]
