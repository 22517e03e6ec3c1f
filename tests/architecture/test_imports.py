"""What may import what, and what `import runyard` costs."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

from tests.architecture.limits import ROOT, tracked

_HEAVY = {
    "alembic",
    "asyncio",
    "boto3",
    "click",
    "fastapi",
    "importlib.metadata",
    "matplotlib",
    "msgspec",
    "numpy",
    "orjson",
    "pandas",
    "psutil",
    "pydantic",
    "rich",
    "sklearn",
    "sqlalchemy",
    "ssl",
    "starlette",
    "urllib3",
    "uvicorn",
    "yaml",
}
_BROAD_EXCEPT = re.compile(r"except( (Exception|BaseException)( as \w+)?)?:")


def _modules_after(statement: str) -> set[str]:
    lines = ["import json, sys", "before = set(sys.modules)", statement]
    lines.append("print(json.dumps(sorted(set(sys.modules) - before)))")
    done = subprocess.run([sys.executable, "-c", "\n".join(lines)], check=True, capture_output=True, text=True)
    return set(json.loads(done.stdout))


def test_importing_runyard_loads_nothing_heavy() -> None:
    """Every training script and notebook pays for what is imported here."""
    assert set() == _modules_after("import runyard") & _HEAVY


def test_help_of_the_command_line_loads_only_click() -> None:
    """`runyard --help` must answer at once."""
    loaded = _modules_after("import runyard.cli.main")

    assert {"click"} == loaded & _HEAVY - {"asyncio", "ssl"}


def test_import_contracts_hold() -> None:
    """Layers point downwards; pyproject.toml says which."""
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True)

    assert done.returncode == 0, done.stdout + done.stderr


def test_broad_excepts_say_that_they_are_an_edge() -> None:
    """An error that is swallowed somewhere in the middle is never found."""
    silent = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in tracked("src/*.py")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if _BROAD_EXCEPT.search(line) and not _reraises(path, number) and "noqa: BLE001  (" not in line
    ]

    assert silent == []


def _reraises(path: Path, line: int) -> bool:
    """Does the handler on this line always end by raising?"""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ExceptHandler) and node.lineno == line:
            return any(isinstance(inner, ast.Raise) for inner in ast.walk(node))
    return False
