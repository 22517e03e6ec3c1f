"""What may import what, and what `import runyard` costs."""

import json
import re
import subprocess
import sys
from itertools import takewhile
from pathlib import Path

from tests.architecture.limits import ROOT
from tests.architecture.statements import SOURCE, statements

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

_FLAVORS = ("catboost", "keras", "lightgbm", "pytorch", "sklearn", "spark", "statsmodels", "tensorflow", "xgboost")
_FOLDERS_WITH_IMPORTS_IN_FUNCTIONS = ("cli/", *(f"{flavor}/autologging/" for flavor in _FLAVORS))
"""Help must not wait for what the commands need, nor a program for a library that it trains with."""

_FILES_WITH_IMPORTS_IN_FUNCTIONS = {
    "__init__.py",  # loads the package for MLflow's names when a name is missing
    "_missing.py",  # has its work when something went wrong
    "client/local.py",  # loads SQLAlchemy when the tracking URI is a database
    "mlflow/alias/finder.py",  # loads importlib.metadata for those who ask for versions
    "mlflow/alias/programs/sitecustomize.py",  # runs in every program that a project starts
    "mlflow/alias/running.py",  # loads multiprocessing where the alias is not inherited
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


def test_libraries_of_models_load_on_first_use() -> None:
    """Who reads the description of a model, or scores plain lists, does not wait for pandas."""
    loaded = _modules_after(
        "import runyard.models.model, runyard.pyfunc.loading, runyard.types.infer, runyard.projects"
    )

    assert {"matplotlib", "numpy", "pandas", "sklearn"} & loaded == set()


def test_imports_stand_at_the_top_of_modules() -> None:
    """What a module needs is read there. A library that is slow to load, or optional, is in `core/libraries`."""
    elsewhere = [
        f"{one.path}:{one.line} imports {one.imported}"
        for one in statements()
        if one.in_function
        and not one.path.startswith(_FOLDERS_WITH_IMPORTS_IN_FUNCTIONS)
        and one.path not in _FILES_WITH_IMPORTS_IN_FUNCTIONS
        and not one.path.startswith("demo/project/")
    ]

    assert elsewhere == []


def test_an_import_in_a_function_says_why() -> None:
    """The reason stands in parentheses after the code of the rule; one is enough for lines that follow each other."""
    unexplained = []
    for one in filter(lambda one: one.in_function, statements()):
        lines = (SOURCE / "runyard" / one.path).read_text(encoding="utf-8").splitlines()[: one.line]
        together = list(takewhile(lambda line: "# noqa: PLC0415" in line, reversed(lines)))
        if together and not re.search(r"PLC0415  \(\w.*\)$", together[-1]):
            unexplained.append(f"{one.path}:{one.line} {lines[-1].strip()}")

    assert unexplained == []
