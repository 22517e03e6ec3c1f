"""The pipelines of web/docs/examples: their shell steps, run as GitHub and GitLab run them."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from runyard.client import RunyardClient
from tests.support.programs import forked_python
from tests.support.server import ROOT, RunningServer

EXAMPLES = ROOT / "web" / "docs" / "examples"
TRAIN = """#!/bin/bash
set -e
mkdir -p "$1"
echo "weights of $F1" > "$1/weights.txt"
echo "{\\"metrics\\": {\\"f1\\": $F1}, \\"params\\": {\\"depth\\": 3}}" > "$2"
"""

pytestmark = pytest.mark.slow


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    """The team's server."""
    (tmp_path / "server").mkdir()
    running = RunningServer(tmp_path / "server", f"sqlite:///{tmp_path / 'server' / 'runyard.db'}").start()
    yield running
    running.kill()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with a training script."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    (folder / "train.sh").write_text(TRAIN, encoding="utf-8")
    (folder / "train.sh").chmod(0o755)
    return folder


def github(checkout: Path, variables: dict[str, str]) -> int:
    """Run the steps of the workflow; returns the exit code of the one that failed."""
    job = yaml.safe_load((EXAMPLES / "github-actions.yml").read_text(encoding="utf-8"))["jobs"]["model"]
    exported = checkout / "github.env"
    exported.write_text("", encoding="utf-8")
    environment = {
        **variables,
        "MODEL": job["env"]["MODEL"],
        "RUNYARD_TRACKING_URI": variables["RUNYARD_URL"],
        "GITHUB_ENV": str(exported),
        "GITHUB_SHA": "0123abc",
        "GITHUB_WORKFLOW": "model",
    }
    failed = 0
    for step in job["steps"]:
        if "run" not in step or step["name"] == "Install" or bool(failed) != ("if" in step):
            continue
        environment |= dict(line.split("=", 1) for line in exported.read_text(encoding="utf-8").splitlines())
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
        code = subprocess.run(command, cwd=checkout, env=environment, timeout=120, check=False).returncode
        failed = failed or code
    return failed


def gitlab(checkout: Path, variables: dict[str, str]) -> int:
    """Run the script of the job; returns its exit code."""
    job = yaml.safe_load((EXAMPLES / "gitlab-ci.yml").read_text(encoding="utf-8"))["model"]
    script = "set -eo pipefail\n" + "\n".join(job["script"])
    environment = {**variables, **job["variables"], "CI_COMMIT_SHA": "0123abc"}
    return subprocess.run(["bash", "-c", script], cwd=checkout, env=environment, timeout=120, check=False).returncode


@pytest.mark.parametrize("pipeline", [github, gitlab])
def test_pipeline_gates_a_model(server: RunningServer, checkout: Path, pipeline: object) -> None:
    """A good model becomes the champion; one that is worse is registered, turns the job red, and changes nothing."""
    assert callable(pipeline)
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "RUNYARD_"))}
    path = os.pathsep.join([str(forked_python().parent), str(Path(sys.executable).parent), clean["PATH"]])
    client = RunyardClient(server.url)

    ended = [pipeline(checkout, {**clean, "PATH": path, "RUNYARD_URL": server.url, "F1": f1}) for f1 in ("0.9", "0.85")]

    assert [True, False] == [code == 0 for code in ended]
    assert ["1", "2"] == sorted(version.version for version in client.search_model_versions("name='spam-filter'"))
    champion = client.get_model_version_by_alias("spam-filter", "champion")
    run = client.get_run(champion.run_id or "")
    assert ("1", "0123abc", 0.9) == (champion.version, run.info.run_name, run.data.metrics["f1"])
    assert ["model/weights.txt"] == [file.path for file in client.list_artifacts(run.info.run_id, "model")]
    statuses = {one.info.status for one in client.search_runs([run.info.experiment_id])}
    assert statuses <= {"FINISHED", "FAILED"}
