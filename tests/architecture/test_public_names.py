"""Type checkers and editors see every public name: the stubs from which the names load are complete and true."""

import ast
import importlib
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from runyard import exceptions
from runyard._lazy import stubbed
from runyard.mlflow.names import home_of
from tests.architecture.limits import ROOT, tracked

STUBS = tracked("src/*.pyi")
ALONE = f"""
[mypy]
strict = true
mypy_path = {ROOT / "src"}
explicit_package_bases = true
follow_imports = skip
follow_imports_for_stubs = true
[mypy-runyard.*]
follow_imports = normal
[mypy-_typeshed.*,{",".join(f"{name}.*" for name in sorted(sys.stdlib_module_names))}]
follow_imports = normal
"""
"""To read other packages takes most of the time, and what is theirs may only be seen as less than it is."""
SEEN = re.compile(r'^(\w+)\.py:(\d+): note: Revealed type is "(.*)"$', re.MULTILINE)


def _name(stub: Path) -> str:
    parts = stub.relative_to(ROOT / "src").with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def _homes(stub: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Each name of a stub with its module; those below ``if TYPE_CHECKING`` apart."""
    body = ast.parse(stub.read_text(encoding="utf-8")).body
    below = [node for block in body if isinstance(block, ast.If) for node in block.body]
    return _imported(body), _imported(below)


def _imported(body: list[ast.stmt]) -> dict[str, str]:
    imports = [node for node in body if isinstance(node, ast.ImportFrom) and node.module and node.module != "typing"]
    assert all(alias.name == alias.asname for node in imports for alias in node.names)
    return {alias.name: str(node.module) for node in imports for alias in node.names}


MODULES = [_name(stub) for stub in STUBS]


def _public(module: ModuleType) -> list[str]:
    return [*vars(module)["__all__"], *(["__version__"] if module.__name__ == "runyard" else [])]


@pytest.mark.parametrize("stub", STUBS, ids=_name)
def test_stub_says_the_same_to_python_and_to_type_checkers(stub: Path) -> None:
    """We read the words only: a line of another form would be misread."""
    at_home, from_above = _homes(stub)
    importlib.import_module(_name(stub))

    assert at_home | dict.fromkeys(from_above, "") == stubbed(_name(stub))


@pytest.mark.parametrize("stub", STUBS, ids=_name)
def test_names_from_above_are_registered_there(stub: Path) -> None:
    """A stub has them for type checkers only: the package for MLflow's names says where they are."""
    names = {name: home_of(f"{_name(stub)}.{name}".removeprefix("runyard.")) for name in _homes(stub)[1]}

    assert names == {name: f"{module}:{name}" for name, module in _homes(stub)[1].items()}


@pytest.mark.parametrize("name", MODULES)
def test_every_name_of_a_stub_can_be_imported(name: str) -> None:
    """A table may promise what has moved."""
    module = importlib.import_module(name)
    taken: dict[str, object] = {}
    exec(f"from {name} import *", taken)

    assert set(_public(module)) <= set(dir(module))
    assert {each: getattr(module, each) for each in vars(module)["__all__"]} == {
        each: value for each, value in taken.items() if each != "__builtins__"
    }


@pytest.mark.slow
@pytest.mark.timeout(420)
def test_type_checkers_see_every_public_name_and_no_other(tmp_path: Path) -> None:
    """An editor completes and checks what the user types; a typing error is found before the training starts."""
    wanted = set()
    for name in MODULES:
        names = _public(importlib.import_module(name))
        program = tmp_path / f"of_{name.replace('.', '_')}.py"
        by_star = [each for each in names if not each.startswith("_")]
        lines = [f"import {name}", f"from {name} import *"]
        lines += [f"reveal_type({each})" for each in (*(f"{name}.{each}" for each in names), *by_star)]
        program.write_text("\n".join(lines), encoding="utf-8")
        wanted |= {(program.stem, str(line)) for line in range(3, len(lines) + 1)}
    (tmp_path / "mistyped.py").write_text("import runyard\nrunyard.log_metrik\n", encoding="utf-8")
    programs = [str(program) for program in sorted(tmp_path.glob("*.py"))]
    (tmp_path / "alone.ini").write_text(ALONE, encoding="utf-8")
    options = ["--config-file", "alone.ini", "--cache-dir", str(ROOT / ".mypy_cache" / "public_names")]
    command = [sys.executable, "-m", "mypy", *options, *programs]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    seen = {(program, line): kind for program, line, kind in SEEN.findall(done.stdout)}

    errors = [line for line in done.stdout.splitlines() if ": error: " in line]
    assert [line.partition(": error: ")[0] for line in errors] == ["mistyped.py:2"], done.stdout
    assert wanted == set(seen)
    assert [place for place, kind in seen.items() if kind == "Any"] == []


def test_exceptions_open_with_their_tree() -> None:
    """To write an `except`, one reads it there, with the status and code that callers over REST see."""
    classes = [kind for kind in vars(exceptions).values() if isinstance(kind, type) and kind.__name__[0] != "_"]
    lines = [line.split() for line in str(exceptions.__doc__).splitlines() if "── " in line]
    drawn = {line[line.index(mark) + 1]: line for line in lines for mark in ("├──", "└──") if mark in line}

    assert {kind.__name__ for kind in classes if issubclass(kind, exceptions.RunyardException)} == {
        *drawn,
        "RunyardException",
    }
    coded = [kind for kind in classes if issubclass(kind, exceptions._Coded) or kind is exceptions.InvalidProject]
    for kind in coded:
        error = kind("text")
        assert drawn[kind.__name__][-2:] == [str(error.http_status), error.error_code]
