"""A project in a container, a store that a cluster could reach, and programs that stand for kubectl and docker."""

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

import runyard
from runyard.client import RunyardClient
from tests.support.fluent import forget_everything
from tests.support.server import RunningServer

MLPROJECT = """
name: Contained
docker_env:
  image: trainer:1
  environment: ["FLAG", ["COLOUR", "blue"], "NOT_SET_HERE"]
entry_points:
  main:
    parameters:
      lr: float
      data: {type: uri, default: "s3://bucket/data"}
    command: "echo lr={lr} data={data} run=$MLFLOW_RUN_ID"
  file:
    parameters: {path: path}
    command: "cat {path}"
"""

PROGRAM = """#!{python}
import json, os, pathlib, subprocess, sys, time
home = pathlib.Path({home!r})
name, arguments = pathlib.Path(sys.argv[0]).name, sys.argv[1:]
told = sys.stdin.read() if "-" in arguments else ""
with (home / "calls.jsonl").open("a") as file:
    file.write(json.dumps([name, arguments, told]) + "\\n")
if (home / f"{{name}}-refuses").exists():
    sys.exit(f"{{name}} refuses: forbidden")
if name == "docker":
    sys.exit()
job = home / "job.yaml"
verb = next(one for one in arguments if one in ("create", "get", "delete", "logs"))
if verb == "create":
    job.write_text(told)
elif verb == "delete":
    job.unlink(missing_ok=True)
    (home / "deleted").touch()
elif verb == "logs":
    import yaml
    container = yaml.safe_load(job.read_text())["spec"]["template"]["spec"]["containers"][0]
    own = {{one["name"]: one["value"] for one in container["env"]}}
    done = subprocess.run(container["command"], env={{**os.environ, **own}}).returncode
    while (home / "goes-on").exists() and job.exists():
        time.sleep(0.05)
    (home / "state").write_text("Complete" if done == 0 else "Failed")
elif job.exists():
    state = home / "state"
    conditions = [{{"type": state.read_text(), "status": "True"}}] if state.exists() else []
    print(json.dumps({{"status": {{"conditions": conditions}}}}))
"""


@dataclass(frozen=True)
class Stage:
    """What the programs were told, and how they behave.

    Attributes
    ----------
    home: A file ``<program>-refuses`` there makes that program fail, a file ``goes-on`` keeps a Job running.
    """

    home: Path

    def calls(self, program: str) -> list[list[str]]:
        """The arguments of each call of a program."""
        path = self.home / "calls.jsonl"
        lines = path.read_text().splitlines() if path.exists() else []
        return [arguments for name, arguments, _ in map(json.loads, lines) if name == program]

    def job(self) -> dict[str, Any]:
        """The Job that was submitted."""
        document: dict[str, Any] = yaml.safe_load((self.home / "job.yaml").read_text())
        return document


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """``kubectl`` and ``docker`` on the path: the Job's command runs on this machine."""
    home = tmp_path / "stage"
    home.mkdir()
    for name in ("kubectl", "docker"):
        program = home / name
        program.write_text(PROGRAM.format(python=sys.executable, home=str(home)))
        program.chmod(0o755)
    monkeypatch.setenv("PATH", os.pathsep.join([str(home), os.environ["PATH"]]))
    return Stage(home)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project that names a container."""
    folder = tmp_path / "contained"
    folder.mkdir()
    (folder / "MLproject").write_text(MLPROJECT)
    return folder


@pytest.fixture
def client(server: RunningServer, clean_environment: None) -> Iterator[RunyardClient]:
    """This process logs to a server."""
    runyard.set_tracking_uri(server.url)
    yield RunyardClient()
    forget_everything()
