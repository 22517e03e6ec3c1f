"""A script that uses every part of tracking, run by real mlflow clients and by our SDK: python tracking_script.py MODULE URI.

Prints what it saw as one JSON object: ids, times and random names are replaced, so that two runs of it compare.
"""

import importlib
import json
import math
import os
import sys
import tempfile
from pathlib import Path

mlflow = importlib.import_module(sys.argv[1])
mlflow.set_tracking_uri(sys.argv[2])
client = mlflow.MlflowClient()
entities = importlib.import_module(f"{sys.argv[1]}.entities")
exceptions = importlib.import_module(f"{sys.argv[1]}.exceptions")
seen = {}


def shown(value):
    if isinstance(value, float) and not math.isfinite(value):
        return repr(value)
    if isinstance(value, dict):
        return {str(key): shown(inner) for key, inner in sorted(value.items())}
    if isinstance(value, (list, tuple)):
        return [shown(inner) for inner in value]
    return value


def note(name, value):
    seen[name] = shown(value)


def run_facts(run):
    tags = {
        key: value
        for key, value in run.data.tags.items()
        if not key.startswith(("mlflow.source", "mlflow.user", "mlflow.log-model"))
    }
    tags.pop("mlflow.parentRunId", None)
    return {
        "name": run.info.run_name,
        "status": run.info.status,
        "stage": run.info.lifecycle_stage,
        "ended": run.info.end_time is not None and run.info.end_time >= run.info.start_time,
        "params": run.data.params,
        "metrics": run.data.metrics,
        "tags": tags,
        "inputs": [
            (entry.dataset.name, entry.dataset.digest, {tag.key: tag.value for tag in entry.tags})
            for entry in (run.inputs.dataset_inputs if run.inputs else [])
        ],
    }


def refused(name, call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except exceptions.MlflowException as error:
        note(name, ["refused", error.error_code])
    else:
        note(name, "accepted")


def experiments():
    made = client.create_experiment("client experiment", tags={"team": "red"})
    experiment = client.get_experiment(made)
    note("experiment", [experiment.name, experiment.lifecycle_stage, experiment.tags])
    client.set_experiment_tag(made, "stage", "new")
    client.rename_experiment(made, "renamed")
    note("renamed", client.get_experiment_by_name("renamed").tags)
    note("no experiment", client.get_experiment_by_name("nobody"))
    client.delete_experiment(made)
    note("deleted", client.get_experiment(made).lifecycle_stage)
    refused("name of a deleted one", client.create_experiment, "renamed")
    client.restore_experiment(made)
    for number in range(5):
        mlflow.create_experiment(f"search {number}", tags={"number": str(number)})
    found = client.search_experiments(filter_string="name LIKE 'search%'", order_by=["name DESC"], max_results=2)
    note("found", [entry.name for entry in found])
    more = client.search_experiments(
        filter_string="name LIKE 'search%'", order_by=["name DESC"], max_results=2, page_token=found.token
    )
    note("found next", [entry.name for entry in more])
    note("by tag", [entry.name for entry in mlflow.search_experiments(filter_string="tags.number = '3'")])
    refused("unknown experiment", client.get_experiment, "987654")
    refused("odd filter", client.search_experiments, filter_string="nonsense = 1")
    return made


def fluent(folder):
    experiment = mlflow.set_experiment("fluent")
    note("set_experiment", experiment.name)
    with mlflow.start_run(run_name="parent", description="a note", tags={"k": "v"}) as run:
        mlflow.log_param("one", 1)
        mlflow.log_params({"two": 2.5, "three": None, "four": [1, 2]})
        mlflow.log_metric("loss", 1.0, step=0)
        mlflow.log_metric("loss", 0.5, step=1)
        mlflow.log_metrics({"acc": 0.9, "nan": float("nan")}, step=2)
        mlflow.set_tag("tag", 7)
        mlflow.set_tags({"a": "1", "b": True})
        mlflow.delete_tag("a")
        with mlflow.start_run(run_name="child", nested=True) as child:
            mlflow.log_metric("inner", 3)
            note("active", mlflow.active_run().info.run_name)
        note("parent of child", mlflow.get_parent_run(child.info.run_id).info.run_name)
        artifacts(folder)
        note("artifact uri ends", mlflow.get_artifact_uri("x").rsplit("/", 2)[1:])
    note("after with", mlflow.active_run())
    note("last", mlflow.last_active_run().info.run_name)
    note("parent", run_facts(mlflow.get_run(run.info.run_id)))
    note("child", run_facts(mlflow.get_run(child.info.run_id)))
    with mlflow.start_run(run_id=run.info.run_id):
        mlflow.log_metric("later", 1)
    note("resumed", run_facts(client.get_run(run.info.run_id)))
    try:
        with mlflow.start_run(run_name="fails") as failing:
            raise ValueError("on purpose")
    except ValueError:
        note("failed", client.get_run(failing.info.run_id).info.status)
    return experiment.experiment_id, run.info.run_id


def artifacts(folder):
    one = folder / "one.txt"
    one.write_text("hello")
    (folder / "many" / "deep").mkdir(parents=True)
    (folder / "many" / "a.txt").write_text("a")
    (folder / "many" / "deep" / "b c.txt").write_text("é")
    mlflow.log_artifact(str(one))
    mlflow.log_artifact(str(one), "sub/folder")
    mlflow.log_artifacts(str(folder / "many"), "many")
    mlflow.log_text("text", "notes/text.txt")
    mlflow.log_dict({"b": 1, "a": [1, 2]}, "dict.json")
    mlflow.log_dict({"b": 1, "a": [1, 2]}, "dict.yaml")


def read_artifacts(run_id, folder):
    listed = {
        path: [(f.path, f.is_dir, f.file_size) for f in client.list_artifacts(run_id, path)]
        for path in ("", "many", "nope")
    }
    note("artifacts", {path: sorted(files) for path, files in listed.items()})
    note("list of uri", sorted(f.path for f in mlflow.artifacts.list_artifacts(run_id=run_id)))
    target = Path(client.download_artifacts(run_id, "many", str(folder)))
    note("downloaded", sorted(str(p.relative_to(target)) for p in target.rglob("*")))
    note("text", mlflow.artifacts.load_text(f"runs:/{run_id}/notes/text.txt"))
    note("dict", mlflow.artifacts.load_dict(f"runs:/{run_id}/dict.json"))
    local = mlflow.artifacts.download_artifacts(artifact_uri=f"runs:/{run_id}/dict.yaml", dst_path=str(folder / "down"))
    note("yaml", Path(local).read_text())


def runs(experiment_id):
    made = client.create_run(experiment_id, start_time=1000, tags={"t": "1"}, run_name="by client")
    run_id = made.info.run_id
    note("created", [made.info.status, made.info.start_time, made.data.tags])
    client.log_param(run_id, "p", "x")
    client.log_param(run_id, "p", "x")
    refused("other value", client.log_param, run_id, "p", "y")
    client.log_metric(run_id, "m", 2.0, timestamp=10, step=1)
    client.log_metric(run_id, "m", 1.0, timestamp=11, step=1)
    client.log_metric(run_id, "m", 1.0, timestamp=11, step=1)
    client.log_batch(
        run_id,
        metrics=[entities.Metric("b", float(step), 5, step) for step in range(3)],
        params=[entities.Param("q", "1")],
        tags=[entities.RunTag("u", "2")],
    )
    client.set_tag(run_id, "t", "2")
    client.delete_tag(run_id, "u")
    refused("no such tag", client.delete_tag, run_id, "u")
    note("history", [(m.key, m.value, m.timestamp, m.step) for m in client.get_metric_history(run_id, "m")])
    note("no history", list(client.get_metric_history(run_id, "nothing")))
    client.update_run(run_id, status="FINISHED", name="renamed run")
    dataset = entities.Dataset("data", "digest", "local", '{"uri": "x"}', "{}", "{}")
    tags = [entities.InputTag("mlflow.data.context", "train")]
    client.log_inputs(run_id, [entities.DatasetInput(dataset, tags)])
    client.set_terminated(run_id, "KILLED", end_time=2000)
    note("run", run_facts(client.get_run(run_id)))
    client.delete_run(run_id)
    refused("deleted run", client.set_tag, run_id, "x", "y")
    client.restore_run(run_id)
    refused("no such run", client.get_run, "0" * 32)
    refused("bad key", client.log_metric, run_id, "../x", 1.0)
    refused("bad param key", client.log_param, run_id, "a?b", 1)


def search(experiment_id):
    for number in range(6):
        tags = {"parity": "odd" if number % 2 else "even", "only": "x"} if number != 5 else {"parity": "odd"}
        run = client.create_run(experiment_id, start_time=5000 + number, tags=tags, run_name=f"search-{number}")
        client.log_metric(run.info.run_id, "score", number / 10)
        client.log_param(run.info.run_id, "depth", number)
    for text in (
        "metrics.score > 0.25",
        "metrics.score >= 0.2 and params.depth != '3'",
        "tags.parity = 'odd' AND tags.only = 'x'",
        "tags.`only` LIKE 'x%'",
        "params.depth IN ('1','2')",
        "attributes.run_name ILIKE 'SEARCH-%'",
        "run_name = 'search-4'",
        "start_time > 5003",
        "status = 'RUNNING' and metrics.score < 0.1",
        "tags.only IS NULL",
        "",
    ):
        names = []
        try:
            names = sorted(run.info.run_name for run in client.search_runs([experiment_id], text))
        except exceptions.MlflowException as error:
            names = ["refused", error.error_code]
        note(f"search {text}", names)
    ordered = client.search_runs([experiment_id], "metrics.score >= 0", order_by=["metrics.score DESC"], max_results=4)
    note("ordered", [run.info.run_name for run in ordered])
    rest = client.search_runs(
        [experiment_id], "metrics.score >= 0", order_by=["metrics.score DESC"], max_results=4, page_token=ordered.token
    )
    note("ordered rest", [run.info.run_name for run in rest])
    frame = mlflow.search_runs([experiment_id], filter_string="metrics.score > 0.3", order_by=["metrics.score ASC"])
    note("columns", sorted(c for c in frame.columns if not c.startswith(("tags.mlflow.user", "tags.mlflow.source"))))
    note(
        "frame",
        [[row["tags.mlflow.runName"], row["metrics.score"], row["params.depth"]] for _, row in frame.iterrows()],
    )
    as_list = mlflow.search_runs(experiment_names=["fluent"], output_format="list", max_results=3)
    note("list", len(as_list))


with tempfile.TemporaryDirectory() as name:
    os.environ["MLFLOW_TRACKING_USERNAME"] = "tester"
    experiments()
    number, run = fluent(Path(name))
    read_artifacts(run, Path(tempfile.mkdtemp(dir=name)))
    runs(number)
    search(number)
print("\n" + json.dumps(seen))
