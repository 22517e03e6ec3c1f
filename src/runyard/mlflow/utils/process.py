"""``mlflow.utils.process``: running a command and reading its output."""

import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any, TypeVar

Result = TypeVar("Result")


class ShellCommandException(Exception):  # noqa: N818  (MLflow's name)
    """A command ended with an exit code other than 0; the message holds its output."""


def _exec_cmd(
    cmd: Sequence[str],
    *,
    throw_on_error: bool = True,
    extra_env: Mapping[str, str] | None = None,
    capture_output: bool = True,
    synchronous: bool = True,
    **kwargs: Any,
) -> "subprocess.CompletedProcess[str] | subprocess.Popen[str]":
    """Run a command, without a shell.

    Parameters
    ----------
    throw_on_error: Raise when it fails.
    extra_env: Variables besides those of this process.
    capture_output: Keep what it prints instead of showing it.
    synchronous: Wait for its end.
    kwargs: Further arguments of `subprocess.Popen`.

    Returns
    -------
    The finished process, or the running one when it is not waited for.

    Raises
    ------
    ShellCommandException: It failed.
    """
    environment = {**os.environ, **extra_env} if extra_env else kwargs.pop("env", None)
    pipe = subprocess.PIPE if capture_output else None
    process = subprocess.Popen(list(cmd), text=True, stdout=pipe, stderr=pipe, env=environment, **kwargs)
    if not synchronous:
        return process
    out, error = process.communicate()
    if throw_on_error and process.returncode:
        said = f"\nstdout: {out}\nstderr: {error}" if capture_output else ""
        raise ShellCommandException(f"{list(cmd)} ended with exit code {process.returncode}.{said}")
    return subprocess.CompletedProcess(list(cmd), process.returncode, out, error)


def _join_commands(*commands: str) -> list[str]:
    """Commands of a shell, each run if the one before succeeded, as the arguments that start it."""
    return ["bash", "-c", " && ".join(commands)]


def cache_return_value_per_process(fn: Callable[..., Result]) -> Callable[..., Result]:
    """Call a function once per process and arguments, also after a fork."""
    known: dict[tuple[Any, ...], Result] = {}

    @wraps(fn)
    def remembered(*args: Any, **kwargs: Any) -> Result:
        key = (os.getpid(), args, tuple(sorted(kwargs.items())))
        if key not in known:
            known[key] = fn(*args, **kwargs)
        return known[key]

    return remembered
