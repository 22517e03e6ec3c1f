"""A run's own commands to start it again, run as they stand on its page."""

import html
import re
import subprocess
from pathlib import Path
from types import ModuleType
from urllib.request import urlopen

import pytest

from runyard.fluent import recording
from tests.fluent.test_origin import git
from tests.support.server import RunningServer

FIRST, SECOND = "print('committed')\n", "print('uncommitted', *__import__('sys').argv[1:])\n"


def get(address: str) -> str:
    """What the server answers."""
    with urlopen(address) as answer:
        return str(answer.read(), "utf-8")


def test_the_commands_of_the_page_start_the_run_again(
    mlflow: ModuleType, server: RunningServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clone at the commit, with the changes, in the folder; packages are left to pip."""
    code = tmp_path / "code"
    (code / "src").mkdir(parents=True)
    (code / "src" / "train.py").write_text(FIRST)
    git(code, "init", "--quiet", ".")
    git(code, "add", ".")
    git(code, "commit", "--quiet", "-m", "one")
    (code / "src" / "train.py").write_text(SECOND)
    monkeypatch.delenv("RUNYARD_LOG_ORIGIN")
    monkeypatch.setattr(recording, "_recorder", recording._Recorder())
    words = [str(code / "src" / "train.py"), "--name", "a b", "--token", "hunter2"]
    monkeypatch.setattr("sys.argv", words)
    monkeypatch.setattr("sys.orig_argv", ["python3", *words])
    monkeypatch.chdir(code / "src")
    mlflow.set_tracking_uri(server.url)
    with mlflow.start_run() as run:
        pass
    recording._wait_at_exit()
    mlflow.flush_async_logging()

    page = get(f"{server.url}/runs/{run.info.run_id}")
    assert "uncommitted changes" in page
    found = re.search(r'id="reproduce".*?<code>(.*?)</code>', page, re.DOTALL)
    assert found is not None
    lines = html.unescape(found[1]).splitlines()
    assert lines[-1] == "python train.py --name 'a b' --token '***'"
    assert "pip install -r .venv/requirements.txt" in lines
    assert "\npytest==" in get(f"{server.url}/runs/{run.info.run_id}/requirements.txt")
    run_here = [line for line in lines if ".venv" not in line]
    (tmp_path / "again").mkdir()
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(run_here)],
        cwd=tmp_path / "again",
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "uncommitted --name a b --token ***\n"
