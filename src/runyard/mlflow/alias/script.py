"""Runs a script or a module as ``python`` would, with the alias on."""

import importlib.util
import io
import runpy
import sys
from collections.abc import Sequence
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

from runyard.mlflow.alias import install
from runyard.mlflow.alias.child_processes import cover

USAGE = """usage: python -m runyard.alias script.py [argument …]
       python -m runyard.alias -m package.module [argument …]

Runs a program so that its 'import mlflow', and that of every library it uses, gives Runyard.
"""


def main(arguments: Sequence[str]) -> int:
    """Run what the arguments name; the exit code. What the program raises passes through."""
    first, *rest = [*arguments, ""]
    if first in ("-h", "--help"):
        sys.stdout.write(USAGE)
        return 0
    given = rest[:-1]
    if first == "-m" and given:
        return _run_module(given[0], given[1:])
    if not first or first.startswith("-"):
        sys.stderr.write(USAGE)
        return 2
    return _run_script(first, given)


def _switch_on() -> None:
    install()
    cover()


def _run_module(name: str, arguments: Sequence[str]) -> int:
    _switch_on()
    if not _exists(name):
        sys.stderr.write(f"python -m runyard.alias: there is no module named {name!r}\n")
        return 1
    sys.argv = [name, *arguments]
    runpy.run_module(name, run_name="__main__", alter_sys=True)
    return 0


def _exists(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError as problem:
        if problem.name is None or not f"{name}.".startswith(f"{problem.name}."):
            raise
        return False


def _run_script(script: str, arguments: Sequence[str]) -> int:
    """Run a file as the program: it stays ``__main__`` to the end, when exit handlers and pickles still look there."""
    path = Path(script)
    if not path.exists():
        sys.stderr.write(f"python -m runyard.alias: there is no file {script!r}\n")
        return 2
    _switch_on()
    sys.argv = [script, *arguments]
    if path.is_dir() or path.suffix in (".zip", ".pyz"):
        runpy.run_path(script, run_name="__main__")
        return 0
    if not sys.flags.safe_path:
        sys.path[0] = str(path.resolve().parent)
    file = str(path.absolute())
    with io.open_code(file) as source:
        code = compile(source.read(), file, "exec")
    program = ModuleType("__main__")
    program.__file__ = file
    program.__loader__ = SourceFileLoader("__main__", file)
    sys.modules["__main__"] = program
    exec(code, program.__dict__)  # noqa: S102  (the program that the user named)
    return 0
