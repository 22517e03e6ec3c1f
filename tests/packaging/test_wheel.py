"""The wheel, installed in an empty environment, is a working server."""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from runyard.demo.local_server import free_port
from tests.architecture.limits import ROOT
from tests.support.environments import BASE, REQUIREMENTS, environment
from tests.support.uv import uv

pytestmark = [pytest.mark.packaging, pytest.mark.slow, pytest.mark.timeout(420)]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def test_wheel_carries_pages_migrations_and_stubs(wheel: Path) -> None:
    """What is installed has no checkout to read them from."""
    names = zipfile.ZipFile(wheel).namelist()

    for wanted in (
        "runyard/_web/templates/",
        "runyard/_web/static/",
        "runyard/_web/docs/",
        "runyard/_migrations/versions/",
        "runyard/py.typed",
        "runyard/__init__.pyi",
        "runyard/entities.pyi",
    ):
        assert any(name.startswith(wanted) for name in names), wanted
    assert not [name for name in names if name.startswith(("tests/", "web/")) or "__pycache__" in name]


def test_wheel_asks_for_what_is_declared(wheel: Path) -> None:
    """Its installation brings these packages; the environment below has no others."""
    files = zipfile.ZipFile(wheel)
    (metadata,) = [name for name in files.namelist() if name.endswith(".dist-info/METADATA")]
    asked = map(Requirement, Parser().parsestr(files.read(metadata).decode()).get_all("Requires-Dist", []))

    assert {*map(Requirement, REQUIREMENTS[BASE])} == {one for one in asked if "extra" not in str(one.marker)}


@pytest.fixture(scope="module")
def binaries(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment with the wheel and no extras.

    The packages that it asks for are in an environment that is kept: to compile them takes as long as all the tests.
    """
    folder = tmp_path_factory.mktemp("env")
    uv("venv", "--python", sys.executable, folder)
    uv("pip", "install", "--no-deps", "--python", folder / "bin" / "python", wheel)
    (own,) = folder.glob("lib/python*/site-packages")
    (needed,) = environment(BASE).parents[1].glob("lib/python*/site-packages")
    (own / "needed.pth").write_text(f"{needed}\n")
    return folder / "bin"


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("RUNYARD_", "MLFLOW_"))}


def test_installed_wheel_serves_pages_and_logs_a_run(binaries: Path, tmp_path: Path) -> None:
    """Nothing may be missing that a developer happens to have."""
    port = free_port(0, "127.0.0.1")
    environment = _environment()
    command = [str(binaries / "runyard"), "server", "--port", str(port)]
    with subprocess.Popen(command, cwd=tmp_path, env=environment) as server:
        try:
            _wait_for(f"http://127.0.0.1:{port}/health", server)
            script = (
                "import runyard\n"
                f"runyard.set_tracking_uri('http://127.0.0.1:{port}')\n"
                "with runyard.start_run():\n    runyard.log_metric('loss', 0.5)\n"
            )
            subprocess.run([binaries / "python", "-c", script], cwd=tmp_path, env=environment, check=True, timeout=60)
            for path in ("/", "/experiments/0", "/docs", "/api/docs"):
                with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as page:
                    assert page.status == 200, path
        finally:
            server.terminate()
            assert server.wait(timeout=15) == 0


def test_calls_that_need_an_extra_name_it(binaries: Path, tmp_path: Path) -> None:
    """Every public name and many calls, without extras: a result, or the line that installs what is missing."""
    script = Path(__file__).parent / "base_install_script.py"
    command = [str(binaries / "python"), "-W", "error", str(script)]
    done = subprocess.run(command, cwd=tmp_path, env=_environment(), capture_output=True, text=True, timeout=120)

    assert 0 == done.returncode, done.stderr
    assert [] == json.loads(done.stdout)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["models", "serve", "-m", "model", "--env-manager", "local"], "pip install 'runyard[ml]'"),
        (
            ["models", "predict", "-m", "model", "--env-manager", "local", "-i", "rows.json"],
            "pip install 'runyard[ml]'",
        ),
        (["artifacts", "download", "-u", "s3://bucket/key"], "pip install 'runyard[s3]'"),
        (["server", "--artifacts-destination", "s3://bucket/key", "--port", "0"], "pip install 'runyard[s3]'"),
        (["server", "--backend-store-uri", "postgresql://u@h/d", "--port", "0"], "pip install 'runyard[postgres]'"),
        (["demo", "--exit"], "pip install 'runyard[ml]'"),
    ],
)
def test_commands_that_need_an_extra_name_it(binaries: Path, tmp_path: Path, arguments: list[str], said: str) -> None:
    """One line on stderr, and the exit code of a failure."""
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "MLmodel").write_text("flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n")
    (tmp_path / "rows.json").write_text('{"instances": [[1]]}')
    command = [str(binaries / "runyard"), *arguments]
    done = subprocess.run(command, cwd=tmp_path, env=_environment(), capture_output=True, text=True, timeout=120)

    assert (1, True) == (done.returncode, said in done.stderr), done.stderr
    assert "Traceback" not in done.stderr


def _wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and server.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=2).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    pytest.fail(f"no answer from {address}")
