"""Programs that log to a database of the test's own, started and ended in real ways."""

import functools
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import textwrap
from contextlib import closing
from pathlib import Path

from runyard.client import RunyardClient
from runyard.gate.gate import Gate
from tests.support.programs import Program, start_program

READY = "ready"


def start(folder: Path, body: str) -> Program:
    """Start a program that logs to a database in the folder."""
    _make_database(folder)
    return start_program(program(body), folder=folder, environment=_environment(folder))


def program(body: str) -> str:
    """The text of a program, with what all of them import."""
    return f"import os, signal, sys, threading, time\nimport runyard as mlflow\n{textwrap.dedent(body)}"


def start_python(folder: Path, *options: str, stdin: int | None = None) -> "subprocess.Popen[str]":
    """Start a Python of its own with these options, for programs that log to a database in the folder."""
    _make_database(folder)
    return subprocess.Popen(
        [sys.executable, *options],
        cwd=folder,
        env=_environment(folder),
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(
    process: "Program | subprocess.Popen[str]", number: signal.Signals | None = None, typed: str | None = None
) -> tuple[int, str, str]:
    """Wait for the program, after sending it a signal when it is ready, or lines for its prompt."""
    if number is not None:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == READY
        process.send_signal(number)
    if isinstance(process, Program):
        return process.finish()
    out, err = process.communicate(typed, timeout=100)
    return process.returncode, out, err


def statuses(folder: Path) -> list[str]:
    """The runs' statuses, in the order of their start."""
    client = RunyardClient(f"sqlite:///{folder / 'runyard.db'}")
    return [run.info.status for run in client.search_runs(["0"], order_by=["start_time ASC"])]


def _environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "RUNYARD_TRACKING_URI": f"sqlite:///{folder / 'runyard.db'}"}


def _make_database(folder: Path) -> None:
    """Programs find it empty: to make its tables takes them longer than all the rest."""
    path = shutil.copyfile(_empty_database(), folder / "runyard.db")
    with closing(sqlite3.connect(path)) as database, database:
        place = str(folder / "runyard-artifacts" / "0")
        database.execute("UPDATE experiments SET artifact_location = ?", (place,))


@functools.cache
def _empty_database() -> Path:
    path = Path(tempfile.mkdtemp()) / "runyard.db"
    Gate.open(f"sqlite:///{path}").close()
    return path
