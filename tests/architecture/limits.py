"""The size limits of our files: 400 lines of Python, 150 of template, 40 a function (60 with a comment saying why).

`python tests/architecture/limits.py` lists what breaks them and fails; `make check` runs it.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FILE_LINES, TEMPLATE_LINES, FUNCTION_LINES, EXPLAINED_FUNCTION_LINES = 400, 150, 40, 60


def tracked(pattern: str) -> list[Path]:
    """Files of the project, ignored ones left out."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", pattern],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return [path for line in listing.stdout.splitlines() if (path := ROOT / line).is_file()]


def broken_limits() -> Iterator[str]:
    """What is too long, one line each."""
    for path in tracked("*.py"):
        lines = path.read_text(encoding="utf-8").splitlines()
        if len(lines) > FILE_LINES:
            yield f"{_shown(path)}: {len(lines)} lines, at most {FILE_LINES} are allowed. Split it by what it is about."
        if "migrations" not in path.relative_to(ROOT).parts:
            yield from long_functions(path, lines)
    for path in tracked("web/templates/*.html"):
        count = len(path.read_text(encoding="utf-8").splitlines())
        if count > TEMPLATE_LINES:
            yield f"{_shown(path)}: {count} lines, at most {TEMPLATE_LINES} are allowed in a template."


def long_functions(path: Path, lines: list[str]) -> Iterator[str]:
    """Functions of a file that are longer than their limit, one line each."""
    for node in ast.walk(ast.parse("\n".join(lines))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            size = _own_lines(node)
            limit = EXPLAINED_FUNCTION_LINES if _explained(node, lines) else FUNCTION_LINES
            if size > limit:
                yield f"{_shown(path)}:{node.lineno}: {node.name} has {size} lines, at most {limit} are allowed."


def _own_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from the first of the body to the last, without the docstring: signatures and prose are not logic."""
    body = node.body[1:] if ast.get_docstring(node) is not None else node.body
    return (node.end_lineno or node.lineno) - body[0].lineno + 1 if body else 0


def _explained(node: ast.FunctionDef | ast.AsyncFunctionDef, lines: list[str]) -> bool:
    """Is there a comment in the function, or right above it, that says why it is long?"""
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    around = lines[max(0, first - 2) : node.end_lineno]
    return any("# long:" in line for line in around)


def _shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


def main() -> int:
    """Print what breaks the limits; 1 if anything does."""
    found = sorted(broken_limits())
    for line in found:
        sys.stderr.write(line + "\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
