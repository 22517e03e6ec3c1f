"""Calls of the git program in a folder, such that it asks nothing, changes nothing and runs nothing of its choice."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from runyard.exceptions import ExecutionException

SECONDS = 600.0
_SSH = "ssh -o BatchMode=yes"  # a question would wait for ever
_SAFE = (
    "--literal-pathspecs",
    "-c",
    "protocol.ext.allow=never",
    "-c",
    "protocol.fd.allow=never",
    "-c",
    "core.fsmonitor=",
)
_ELSEWHERE = (
    "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR", "GIT_PREFIX", "GIT_NAMESPACE",
)  # fmt: skip
"""Variables that lead git to another repository than the folder's: hooks have them."""


def run_git(
    arguments: list[str],
    folder: Path | None,
    more: Mapping[str, str] | None = None,
    stdin: str = "",
    seconds: float = SECONDS,
) -> subprocess.CompletedProcess[str]:
    """Call git and return what it said, whether it succeeded or not.

    Parameters
    ----------
    arguments: The command and its arguments.
    folder: Where it is called; the working directory when None.
    more: Variables to set for it.
    stdin: What it reads.
    seconds: How long it may take.

    Raises
    ------
    ExecutionException: It is not installed, or does not answer in time.
    """
    quiet = {"GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    quiet["GIT_SSH_COMMAND"] = os.environ.get("GIT_SSH_COMMAND", _SSH)
    where = [] if folder is None else ["-C", str(folder)]
    environment = {name: value for name, value in os.environ.items() if name not in _ELSEWHERE}
    try:
        done = subprocess.run(
            ["git", *_SAFE, *where, *arguments],
            input=os.fsencode(stdin),
            capture_output=True,
            timeout=seconds,
            check=False,
            env={**environment, **quiet, **(more or {})},
        )
    except (FileNotFoundError, PermissionError):
        raise ExecutionException("The program 'git' is not installed. Install it to run projects from git.") from None
    except subprocess.TimeoutExpired:
        raise ExecutionException(f"git did not answer within {seconds:g} seconds.") from None
    # as bytes until here: a patch keeps the line ends and the encodings of its files
    said = done.stderr.decode(errors="replace")
    return subprocess.CompletedProcess(done.args, done.returncode, os.fsdecode(done.stdout), said)


def ask_git(arguments: list[str], folder: Path, seconds: float = SECONDS) -> str | None:
    """Git's output; None, without a warning, when it fails, is not installed or takes too long."""
    try:
        done = run_git(arguments, folder, seconds=seconds)
    except ExecutionException:
        return None
    return done.stdout if done.returncode == 0 else None


def repository_of(folder: Path) -> Path | None:
    """The top folder of a folder's repository; None outside of one, or without a git program."""
    done = ask_git(["rev-parse", "--show-toplevel"], folder)
    return Path(done.strip()) if done else None
