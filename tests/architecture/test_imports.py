"""What may import what, and what `import runyard` costs."""

import json
import subprocess
import sys
from pathlib import Path

from tests.architecture.limits import ROOT

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


def _modules_after(statement: str) -> set[str]:
    lines = ["import json, sys", "before = set(sys.modules)", statement]
    lines.append("print(json.dumps(sorted(set(sys.modules) - before)))")
    done = subprocess.run([sys.executable, "-c", "\n".join(lines)], check=True, capture_output=True, text=True)
    return set(json.loads(done.stdout))


def test_importing_runyard_loads_nothing_heavy() -> None:
    """Every training script and notebook pays for what is imported here."""
    assert set() == _modules_after("import runyard") & _HEAVY


def test_a_client_of_a_server_loads_no_database() -> None:
    """Training images need not carry one, and messages are quick to load."""
    loaded = _modules_after(
        "import runyard.client.transports\nfrom runyard.gate.slices import load_messages\nload_messages()"
    )

    assert set() == loaded & {"alembic", "fastapi", "pydantic", "sqlalchemy", "starlette"}


def test_help_of_the_command_line_loads_only_click() -> None:
    """`runyard --help` must answer at once."""
    loaded = _modules_after("import runyard.cli.main")

    assert {"click"} == loaded & _HEAVY - {"asyncio", "ssl"}


def test_import_contracts_hold() -> None:
    """Layers point downwards; pyproject.toml says which."""
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True)

    assert done.returncode == 0, done.stdout + done.stderr
