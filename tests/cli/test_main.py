"""The command itself: help, version, errors and exit codes."""

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from runyard.cli.main import COMMANDS, cli
from runyard.version import __version__
from tests.cli.conftest import Runyard


def test_help_lists_every_command(runyard: Runyard) -> None:
    """Who is new starts here."""
    done = runyard("--help")

    assert done.code == 0
    assert [] == [name for name in COMMANDS if f"\n  {name} " not in done.out]


def test_groups_say_in_full_what_each_command_does() -> None:
    """Half a sentence does not tell `remove` from `delete`."""
    commands = [cli.get_command(click.Context(cli), name) for name in COMMANDS]
    groups = [command for command in commands if isinstance(command, click.Group)]
    assert {"artifacts", "db", "experiments", "models", "registry", "runs"} == {group.name for group in groups}
    for group in groups:
        shown = " ".join(group.get_help(click.Context(group)).split())
        assert [] == [each.name for each in group.commands.values() if each.get_short_help_str(1_000) not in shown]


def test_help_is_quick() -> None:
    """Help that takes a second is not asked for twice: nothing heavy is loaded to print it."""
    told = (
        "import sys; from runyard.cli.main import cli; cli.main(['--help'], standalone_mode=False); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", told], check=True, capture_output=True, text=True)
    loaded = {name.partition(".")[0] for name in done.stdout.splitlines()[-1].split()}

    assert "click" in loaded
    assert set() == loaded & {"sqlalchemy", "fastapi", "pydantic", "uvicorn", "urllib3", "numpy", "pandas", "alembic"}


@pytest.mark.parametrize("command", [["--help"], ["experiments", "csv", "-x", "0"]])
def test_a_reader_that_goes_is_fine(command: list[str], tmp_path: Path) -> None:
    """`runyard … | head -1` in a script with `set -o pipefail`."""
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "runyard", *command], stdout=writer, stderr=subprocess.PIPE, cwd=tmp_path, check=False
    )
    os.close(writer)

    assert (0, b"") == (done.returncode, done.stderr)


def test_ctrl_c_while_the_command_loads_is_one_line() -> None:
    """A traceback of imports says nothing to who pressed it."""
    pressed = """
import sys, runpy

class Pressed:
    def find_spec(self, name, path=None, target=None):
        if name == "runyard.cli.main":
            raise KeyboardInterrupt

sys.meta_path.insert(0, Pressed())
runpy.run_module("runyard", run_name="__main__")
"""
    done = subprocess.run([sys.executable, "-c", pressed], capture_output=True, check=False)

    assert (130, b"", b"Interrupted.\n") == (done.returncode, done.stdout, done.stderr)


def test_version_is_that_of_the_package(runyard: Runyard) -> None:
    """A bug report needs it."""
    done = runyard("--version")

    assert (0, f"runyard, version {__version__}\n") == (done.code, done.out)


THREAD_IN_RUST = """
import threading
from pydantic_core import SchemaValidator, core_schema
from runyard.cli.main import main

def work(value):
    begun.set()
    while True:
        sum(range(1000))

begun = threading.Event()
validator = SchemaValidator(core_schema.no_info_plain_validator_function(work))
threading.Thread(target=validator.validate_python, args=(1,), daemon=True).start()
begun.wait()
main(["experiments", "get", "-x", "77"])
"""


def test_threads_at_work_abort_nothing(tmp_path: Path) -> None:
    """A server that ends while its pages are built ends as it would a second later."""
    done = subprocess.run(
        [sys.executable, "-c", THREAD_IN_RUST], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )

    assert (1, "") == (done.returncode, done.stdout)
    assert "77" in done.stderr
    assert 1 == len(done.stderr.splitlines())


def test_unknown_command_is_wrong_usage(runyard: Runyard) -> None:
    """Scripts tell a typing mistake, 2, from a failure, 1."""
    done = runyard("serve")

    assert done.code == 2
    assert "No such command 'serve'" in done.err


def test_missing_option_is_wrong_usage(runyard: Runyard) -> None:
    """The message names the option."""
    done = runyard("experiments", "create")

    assert done.code == 2
    assert "--experiment-name" in done.err


def test_failure_is_one_line_on_stderr(runyard: Runyard) -> None:
    """A traceback helps nobody who typed a wrong id."""
    done = runyard("experiments", "get", "-x", "77")

    assert (1, "") == (done.code, done.out)
    assert done.err.startswith("Error: ")
    assert "77" in done.err
    assert 1 == len(done.err.splitlines())


def test_environment_file_names_the_store(runyard: Runyard, tmp_path: Path) -> None:
    """Settings kept in a file reach the command as if they were exported."""
    uri = f"sqlite:///{tmp_path / 'elsewhere.db'}"
    (tmp_path / "settings.env").write_text(f"RUNYARD_TRACKING_URI={uri}\n")
    try:
        done = runyard("--env-file", "settings.env", "experiments", "create", "-n", "named")
    finally:
        os.environ.pop("RUNYARD_TRACKING_URI", None)

    assert done.code == 0
    assert (tmp_path / "elsewhere.db").exists()
    assert not (tmp_path / "runyard.db").exists()


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_explains_itself(runyard: Runyard, name: str) -> None:
    """`--help` works everywhere, with no store touched."""
    done = runyard(name, "--help")

    assert done.code == 0
    assert done.out.startswith(f"Usage: runyard {name}")
    assert not Path("runyard.db").exists()


def test_ui_is_another_name_for_server() -> None:
    """People who come from MLflow type `ui`."""
    context = click.Context(cli)

    assert cli.get_command(context, "ui") is cli.get_command(context, "server")


def test_doctor_never_prints_secrets(runyard: Runyard, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its output is pasted into public reports."""
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "hunter2")
    monkeypatch.setenv("RUNYARD_BACKEND_STORE_URI", "postgresql://ann:hunter2@database/runs")

    done = runyard("doctor", "--output", "json")

    assert "hunter2" not in done.out
    assert "postgresql://***@database/runs" == done.json["RUNYARD_BACKEND_STORE_URI"]
    assert {"Runyard", "Python", "sqlalchemy"} <= set(done.json)


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [(["servr"], "server"), (["experiment"], "experiments"), (["runs", "lst"], "list"), (["db", "upgrde"], "upgrade")],
)
def test_misspelt_command_is_answered_with_the_right_one(runyard: Runyard, arguments: list[str], meant: str) -> None:
    """A typo costs seconds; the exit code says that it was wrong usage."""
    done = runyard(*arguments)

    assert 2 == done.code
    assert 1 == done.err.count(f"Did you mean '{meant}'?")
