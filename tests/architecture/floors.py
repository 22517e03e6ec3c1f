"""The seven floors of `src/runyard`, and what reaches from one folder to another in any way.

pyproject.toml names the floors, from the top down, and the folders of each. Nothing reaches upwards; within a floor a
folder knows only those to its right there. A reach is an import, wherever it stands, or a text that names a module of
ours: an entry of a lazy table, an argument of `import_module`, a program. `python tests/architecture/floors.py`
lists what reaches upwards and fails; `make check` runs it.
"""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "runyard"
FACE = "runyard"
"""The public face, ``import runyard``: above all folders."""

_NAMES_A_MODULE = re.compile(r"(runyard(?:\.\w+)+)(?::\w*)?")
_IN_A_PROGRAM = re.compile(r"(?:^|[\n;])\s*(?:import|from) (runyard(?:\.\w+)*)")
_OTHER_NAMES = {"runyard.db"}
"""What is called as a module is: the database in the working directory."""
ALLOWED = {
    # other Pythons run it, whose Runyard may be of another version: it uses the name that all of them have
    ("mlflow/alias/programs/sitecustomize.py", "runyard.alias"),
}


@dataclass(frozen=True)
class Reach:
    """A place where a folder names something of another.

    Attributes
    ----------
    file: Where that is, below `runyard`.
    line: The line.
    module: The whole name of what it names.
    """

    file: str
    line: int
    module: str

    @property
    def folder(self) -> str:
        """The folder or module directly in `runyard` that reaches."""
        return self.file.partition("/")[0].partition(".")[0].replace("__init__", FACE)

    @property
    def known(self) -> str:
        """The folder or module directly in `runyard` that it reaches."""
        return self.module.split(".")[1] if "." in self.module else FACE


@cache
def floors() -> list[list[str]]:
    """The folders of each floor, from the top down, as pyproject.toml has them."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["name"].startswith("seven floors"))
    return [[folder for folder in layer.split(" : ") if not folder.startswith("(")] for layer in layers]


@cache
def reaches() -> list[Reach]:
    """All of them, in code and in the stubs from which public names load."""
    found = []
    for path in sorted([*SOURCE.rglob("*.py"), *SOURCE.rglob("*.pyi")]):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if path.suffix == ".pyi":  # what comes from above is for type checkers only: test_public_names.py holds it
            tree.body = [node for node in tree.body if not isinstance(node, ast.If)]
        for line, module in named(tree):
            reach = Reach(path.relative_to(SOURCE).as_posix(), line, module)
            if reach.known != reach.folder:
                found.append(reach)
    return found


def named(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """The modules of ours that a file names, with the line."""
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names if _is_ours(alias.name))
        elif isinstance(node, ast.ImportFrom) and node.module and _is_ours(node.module):
            names = [f"{node.module}.{alias.name}" for alias in node.names] if node.module == FACE else [node.module]
            yield from ((node.lineno, _module(name)) for name in names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            whole = _NAMES_A_MODULE.fullmatch(node.value)
            if whole and node.value not in _OTHER_NAMES and (module := _module(whole[1])) != FACE:
                yield node.lineno, module
            yield from ((node.lineno, _module(name)) for name in _IN_A_PROGRAM.findall(node.value))


def _is_ours(name: str) -> bool:
    return name.partition(".")[0] == FACE


def _module(name: str) -> str:
    """A name in `runyard`, or `FACE` when it is of no folder or module: a name that is public there."""
    first = SOURCE / name.split(".")[1] if "." in name else SOURCE
    return name if first != SOURCE and (first.is_dir() or first.with_suffix(".py").is_file()) else FACE


def is_upward(reach: Reach) -> bool:
    """Does it go to a higher floor, or to the left on its own? Only faces may use the public face, which is one too."""
    if FACE in (reach.folder, reach.known):
        return reach.folder != FACE and reach.folder not in floors()[0]
    return _place(reach.known) < _place(reach.folder)


def upward() -> list[Reach]:
    """What reaches upwards, allowed or not."""
    return [reach for reach in reaches() if is_upward(reach)]


@cache
def _place(folder: str) -> tuple[int, int]:
    return next((number, floor.index(folder)) for number, floor in enumerate(floors()) if folder in floor)


def main() -> int:
    """Print what reaches upwards; 1 if anything does."""
    found = [reach for reach in upward() if (reach.file, reach.module) not in ALLOWED]
    for reach in found:
        sys.stderr.write(f"{reach.file}:{reach.line} names {reach.module}, which is above it.\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
