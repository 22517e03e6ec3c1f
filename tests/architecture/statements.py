"""The import statements of `src/runyard`: which module has each, what it imports, and where it stands."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.architecture.limits import ROOT

SOURCE = ROOT / "src"


@dataclass(frozen=True)
class Statement:
    """One module that an import statement names.

    Attributes
    ----------
    module, path, line: Where the statement is.
    imported: What it names: a module of ours where it is one, else the words after ``import`` or ``from``.
    in_function: Is it carried out only when a function is called?
    for_checkers: Is it seen by type checkers only?
    """

    module: str
    path: str
    line: int
    imported: str
    in_function: bool
    for_checkers: bool


@cache
def modules() -> dict[str, Path]:
    """Every module by its name."""
    found = {}
    for path in SOURCE.rglob("*.py"):
        parts = path.relative_to(SOURCE).with_suffix("").parts
        found[".".join(part for part in parts if part != "__init__")] = path
    return found


@cache
def statements() -> list[Statement]:
    """All of them."""
    return [
        Statement(module, path.relative_to(SOURCE / "runyard").as_posix(), line, imported, in_function, for_checkers)
        for module, path in modules().items()
        for line, imported, in_function, for_checkers in _below(ast.parse(path.read_text(encoding="utf-8")))
    ]


def _below(
    node: ast.AST, in_function: bool = False, for_checkers: bool = False
) -> Iterator[tuple[int, str, bool, bool]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield from ((child.lineno, name, in_function, for_checkers) for name in _imported(child))
        elif isinstance(child, ast.If) and isinstance(child.test, ast.Name) and child.test.id == "TYPE_CHECKING":
            yield from _below(ast.Module(child.body, []), in_function, True)
            yield from _below(ast.Module(child.orelse, []), in_function, for_checkers)
        else:
            yield from _below(child, in_function or isinstance(child, ast.FunctionDef), for_checkers)


def _imported(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    else:
        for alias in node.names:
            below = f"{node.module}.{alias.name}"
            yield below if below in modules() else str(node.module)
