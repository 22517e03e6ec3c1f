"""mlflow-export-import, unmodified: how people back up a server, and how they leave it or come to it."""

import json
import math
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runyard import MlflowClient
from tests.support.environments import ROOT, environment
from tests.support.server import RunningServer

pytestmark = [
    pytest.mark.compat,
    pytest.mark.timeout(600),
    pytest.mark.filterwarnings("ignore:.*stages:FutureWarning"),
]

EXPERIMENT = "Prices, größer"
MODEL = "price of a house"


def command(alias: bool, tool: str, url: str, *options: str) -> None:
    """Run one of the tool's commands: with the real client, or with Runyard under its name."""
    python = environment("exporting")
    program = [*(["-m", "runyard.alias"] if alias else []), str(python.with_name(tool)), *options]
    given = {"MLFLOW_TRACKING_URI": url, **({"PYTHONPATH": str(ROOT / "src")} if alias else {})}
    done = subprocess.run(
        [python, *program], env={**os.environ, **given}, capture_output=True, text=True, timeout=110, check=False
    )
    assert 0 == done.returncode, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def fill(client: MlflowClient, folder: Path) -> None:
    """Log an experiment with a nested run, and register two versions with aliases, tags and stages."""
    (folder / "MLmodel").write_text("flavors: {python_function: {loader_module: nowhere}}\n")
    experiment_id = client.create_experiment(EXPERIMENT, tags={"team": "a b"})
    parent = client.create_run(experiment_id, run_name="parent", tags={"mlflow.note.content": "# Note", "empty": ""})
    child = client.create_run(experiment_id, tags={"mlflow.parentRunId": parent.info.run_id}, run_name="child")
    for step in range(3):
        client.log_metric(child.info.run_id, "loss", 1 / (step + 1), step=step)
    client.log_metric(child.info.run_id, "unknown", math.nan)
    client.log_param(child.info.run_id, "layers", "[1, 2]")
    client.log_text(child.info.run_id, "größer\n", "notes/a text.txt")
    client.log_artifacts(child.info.run_id, str(folder), "model")
    for run in (child, parent):
        client.set_terminated(run.info.run_id)
    client.create_registered_model(MODEL, {"team": "a b"}, "what it is for")
    source = f"{child.info.artifact_uri}/model"
    client.create_model_version(MODEL, source, child.info.run_id, {"quality": "good"}, description="the first")
    client.create_model_version(MODEL, f"runs:/{child.info.run_id}/model")
    client.transition_model_version_stage(MODEL, "1", "Production")
    for alias in ("champion", "live"):
        client.set_registered_model_alias(MODEL, alias, "1")


def seen(client: MlflowClient) -> dict[str, Any]:
    """What the tool brings along of all that: everything but ids, times and aliases."""
    experiment = client.get_experiment_by_name(EXPERIMENT)
    assert experiment is not None
    runs = {run.info.run_name: run for run in client.search_runs([experiment.experiment_id])}
    child, parent = runs["child"], runs["parent"]
    names = {run.info.run_id: name for name, run in runs.items()}
    losses = client.get_metric_history(child.info.run_id, "loss")
    text = Path(client.download_artifacts(child.info.run_id, "notes/a text.txt")).read_text(encoding="utf-8")
    versions = client.search_model_versions(f"name = '{MODEL}'", order_by=["version_number ASC"])
    model = client.get_registered_model(MODEL)
    return {
        "parent": names[child.data.tags["mlflow.parentRunId"]],
        "tags": {name: parent.data.tags[name] for name in ("mlflow.note.content", "empty")},
        "losses": [(point.step, point.value, point.timestamp) for point in losses],
        "unknown is NaN": math.isnan(child.data.metrics["unknown"]),
        "params": child.data.params,
        "text": text,
        "model": (model.description, model.tags),
        "versions": [(str(each.version), each.current_stage, each.description, each.tags) for each in versions],
        "runs of versions": [names[each.run_id or ""] for each in versions],
    }


@pytest.mark.parametrize("alias", [False, True], ids=["real client", "alias"])
def test_everything_is_exported_and_imported(
    alias: bool, start_server: Callable[..., RunningServer], tmp_path: Path
) -> None:
    """The tool ends well even where it wrote an empty file, so the files are read and the copy is compared."""
    exported, model = tmp_path / "exported", tmp_path / "model"
    model.mkdir()
    first, second = (
        start_server("--default-artifact-root", str(tmp_path / f"files-{name}")) for name in ("first", "second")
    )
    fill(MlflowClient(first.url), model)

    command(alias, "export-all", first.url, "--output-dir", str(exported))
    command(alias, "import-models", second.url, "--input-dir", str(exported), "--delete-model", "False")

    files = [json.loads(file.read_text(encoding="utf-8")) for file in exported.rglob("*.json")]
    manifest = json.loads((exported / "models" / MODEL / "model.json").read_text(encoding="utf-8"))
    registered = manifest["mlflow"]["registered_model"]
    assert (True, 2) == (len(files) >= 7, len(registered["versions"]))
    assert ["champion", "live"] == sorted(given["alias"] for given in registered["aliases"])
    assert seen(MlflowClient(first.url)) == seen(MlflowClient(second.url))
