"""A script that uses every part of logged models, run by real mlflow clients and by our SDK: logged_models_script.py MODULE URI.

Prints what it saw as one JSON object: ids, times and random names are replaced, so that two runs of it compare.
"""

import importlib
import json
import os
import sys
import tempfile
import threading
from pathlib import Path

mlflow = importlib.import_module(sys.argv[1])
mlflow.set_tracking_uri(sys.argv[2])
client = mlflow.MlflowClient()
entities = importlib.import_module(f"{sys.argv[1]}.entities")
exceptions = importlib.import_module(f"{sys.argv[1]}.exceptions")
seen = {}
names = {}
experiments = {}


def shown(value):
    if isinstance(value, dict):
        return {str(key): shown(inner) for key, inner in sorted(value.items())}
    if isinstance(value, (list, tuple)):
        return [shown(inner) for inner in value]
    return names.get(value, value) if isinstance(value, str) else value


def note(name, value):
    seen[name] = shown(value)


def named(name, thing_id):
    """From now on this id is shown as a name."""
    names[thing_id] = f"<{name}>"
    return thing_id


def attempted(name, call, /, *args, **kwargs):
    try:
        answer = call(*args, **kwargs)
        note(name, answer if type(answer) in (list, type(None)) else "accepted")
    except exceptions.MlflowException as error:
        note(name, ["refused", error.error_code])


def model_facts(model):
    tags = {key: value for key, value in model.tags.items() if not key.startswith(("mlflow.source", "mlflow.user"))}
    return {
        "name": model.name,
        "experiment": experiments[model.experiment_id],
        "id": model.model_id,
        "uri": model.model_uri.replace(model.model_id, ""),
        "location": model.artifact_location.partition("/models/")[2].replace(model.model_id, "<id>"),
        "type": model.model_type or None,
        "source": model.source_run_id or None,
        "status": [model.status.value, model.status.to_int(), str(model.status)],
        "message": model.status_message or None,
        "times": 0 < model.creation_timestamp <= model.last_updated_timestamp,
        "tags": tags,
        "params": model.params,
        "metrics": metric_facts(model),
        "dictionary": sorted(model.to_dictionary()),
        "fields": sorted(dict(model)),
    }


def metric_facts(model):
    return sorted(
        [m.key, m.value, m.step, m.model_id, m.dataset_name or "", m.dataset_digest or "", m.run_id]
        for m in model.metrics or []
    )


def run_facts(run_id):
    run = client.get_run(run_id)
    inputs = run.inputs.model_inputs if run.inputs else []
    outputs = run.outputs.model_outputs if run.outputs else []
    return {
        "inputs": sorted(shown(entry.model_id) for entry in inputs),
        "outputs": sorted([shown(entry.model_id), entry.step] for entry in outputs),
        "datasets": [[entry.dataset.name, entry.dataset.digest] for entry in run.inputs.dataset_inputs],
        "metrics": run.data.metrics,
    }


def making(experiment):
    plain = client.create_logged_model(experiment)
    note("plain", [bool(plain.name), plain.status.value, plain.params, plain.metrics or None])
    client.delete_logged_model(plain.model_id)
    made = client.create_logged_model(
        experiment, "tree", named("source", "a" * 32), {"team": 1, "none": None}, {"depth": 3, "x": 0.5}, "Classifier"
    )
    named("tree", made.model_id)
    note("made", model_facts(made))
    note("read", model_facts(client.get_logged_model(made.model_id)))
    note(
        "many params",
        len(client.create_logged_model(experiment, "many", params={f"p{n}": n for n in range(250)}).params),
    )
    for name in ("a/b", "a:b", "a.b", "50%", "it's"):
        attempted(f"name {name}", client.create_logged_model, experiment, name)
    attempted("no experiment", client.create_logged_model, "987654", "x")
    attempted("unknown", client.get_logged_model, "m-unknown")
    attempted("no id", client.get_logged_model, "")
    return made.model_id


def changing(model_id):
    client.set_logged_model_tags(model_id, {"a": 1, "b": None})
    client.set_logged_model_tags(model_id, {"a": "2"})
    client.delete_logged_model_tag(model_id, "b")
    attempted("no such tag", client.delete_logged_model_tag, model_id, "b")
    client.log_model_params(model_id, {"later": 1, "none": None})
    attempted("param again", client.log_model_params, model_id, {"later": 2})
    client.log_model_params(model_id, {f"q{n}": n for n in range(120)})
    model = client.get_logged_model(model_id)
    note("changed", [model.tags, len(model.params), model.params["later"], model.params["none"]])
    for status in ("READY", entities.LoggedModelStatus.FAILED, "PENDING", "READY"):
        note(f"finalized {status}", client.finalize_logged_model(model_id, status).status.value)
    attempted("finalize unknown", client.finalize_logged_model, "m-unknown", "READY")
    note("finalized for good", client.get_logged_model(model_id).status.value)


def measuring(experiment, model_id):
    run_id = named("run", client.create_run(experiment).info.run_id)
    other = named("other", client.create_logged_model(experiment, "other").model_id)
    client.log_metric(run_id, "score", 0.5, timestamp=1, step=1, model_id=model_id)
    client.log_metric(
        run_id, "score", 0.7, timestamp=2, step=2, model_id=model_id, dataset_name="test", dataset_digest="t1"
    )
    client.log_metric(run_id, "plain", 1.0, timestamp=2, step=2)
    client.log_metric(run_id, "score", 0.9, 3, 0, True, "test", "t1", other)
    client.log_batch(
        run_id,
        [
            entities.Metric("batch", 1.0, 5, 0, model_id, "train", "r1", run_id),
            entities.Metric("batch", 2.0, 6, 1),
        ],
    )
    attempted("half a dataset", client.log_metric, run_id, "score", 1.0, dataset_name="test")
    note("metrics", metric_facts(client.get_logged_model(model_id)))
    note("metrics of other", metric_facts(client.get_logged_model(other)))
    note("history", [[m.value, m.step] for m in client.get_metric_history(run_id, "batch")])
    client.log_inputs(run_id, models=[entities.LoggedModelInput(model_id)])
    client.log_outputs(run_id, [entities.LoggedModelOutput(other, 4)])
    note("run", run_facts(run_id))


def searching(experiment):
    for text in (
        None,
        "",
        "name = 'tree'",
        "name LIKE 't%'",
        "name IN ('tree', 'other')",
        "model_type = 'Classifier'",
        "params.depth = '5'",
        "tags.a = '2' AND name = 'tree'",
        "metrics.score > 0.6",
        "metrics.score > 0.8",
        "metrics.score < 0.6 AND params.depth = '3'",
        "creation_timestamp > 0",
        "nonsense",
        "name = tree OR name = other",
    ):
        attempted(
            f"search {text}", lambda text=text: sorted(m.name for m in client.search_logged_models([experiment], text))
        )
    datasets = [{"dataset_name": "test", "dataset_digest": "t1"}]
    for text, wanted in (
        ("metrics.score > 0.1", datasets),
        ("metrics.score < 0.6", datasets),
        ("metrics.batch > 0", datasets),
        ("metrics.score > 0.1", [{"dataset_name": "nothing", "dataset_digest": "x"}]),
    ):
        found = client.search_logged_models([experiment], text, datasets=wanted)
        note(f"search {text} on {wanted}", sorted(m.name for m in found))


def ordering(experiment):
    for order in (
        [{"field_name": "name", "ascending": True}],
        [{"field_name": "name", "ascending": False}],
        [{"field_name": "metrics.score", "ascending": False}],
        [{"field_name": "metrics.score", "dataset_name": "test", "dataset_digest": "t1"}],
        [{"field_name": "model_type"}, {"field_name": "name"}],
        None,
    ):
        found = client.search_logged_models([experiment], order_by=order)
        note(f"order {order}", [m.name for m in found])
    pages, token = [], None
    while not pages or token:
        page = client.search_logged_models(
            [experiment], max_results=2, order_by=[{"field_name": "name"}], page_token=token
        )
        pages.append([m.name for m in page])
        token = page.token
    note("pages", pages)


def deleting(experiment, third):
    attempted("one id", client.search_logged_models, experiment)
    client.delete_logged_model(third)
    client.delete_logged_model(third)
    attempted("deleted", client.get_logged_model, third)
    attempted("delete unknown", client.delete_logged_model, "m-unknown")
    note("after delete", sorted(m.name for m in client.search_logged_models([experiment])))


def files(model_id, folder):
    (folder / "weights" / "deep").mkdir(parents=True)
    (folder / "weights" / "a.txt").write_text("a")
    (folder / "weights" / "deep" / "b.txt").write_text("bb")
    client.log_model_artifact(model_id, str(folder / "weights" / "a.txt"))
    client.log_model_artifact(model_id, str(folder / "weights" / "a.txt"), "sub/folder")
    client.log_model_artifacts(model_id, str(folder / "weights"))
    client.log_model_artifacts(model_id, str(folder / "weights"), "all")
    for path in (None, "sub", "all", "all/deep", "nothing", "a.txt"):
        listed = client.list_logged_model_artifacts(model_id, path)
        note(f"files {path}", sorted([f.path, f.is_dir, f.file_size] for f in listed))
    location = client.get_logged_model(model_id).artifact_location
    note("text", mlflow.artifacts.load_text(f"{location}/all/deep/b.txt"))
    attempted("files of nothing", client.list_logged_model_artifacts, "m-unknown")


def fluent():
    experiments[mlflow.set_experiment("fluent").experiment_id] = "fluent"
    note("no last", mlflow.last_logged_model())
    with mlflow.start_run() as run:
        named("fluent run", run.info.run_id)
        begun = mlflow.initialize_logged_model("begun", tags={"a": 1}, params={"b": 2}, model_type="kind")
        named("begun", begun.model_id)
        note("begun", model_facts(begun))
        note("last", mlflow.last_logged_model().model_id)
        note("ready", mlflow.finalize_logged_model(begun.model_id, "READY").status.value)
        mlflow.set_logged_model_tags(begun.model_id, {"c": 3, "d": 4})
        mlflow.delete_logged_model_tag(begun.model_id, "c")
        mlflow.log_model_params({"e": 5}, begun.model_id)
        note("got", model_facts(mlflow.get_logged_model(begun.model_id)))
        external = mlflow.create_external_model("external", params={"p": 1})
        named("external", external.model_id)
        note("external", model_facts(external))
        note("external files", [f.path for f in client.list_logged_model_artifacts(external.model_id)])
        mlflow.log_outputs([entities.LoggedModelOutput(begun.model_id, 2)])
        mlflow.log_input(model=entities.LoggedModelInput(external.model_id))
        mlflow.log_metric("named", 1.0, step=1, model_id=begun.model_id)
        mlflow.log_metrics({"two": 2.0, "three": 3.0}, step=2, model_id=begun.model_id)
        mlflow.log_metric("alone", 1.0)
    note("fluent run", run_facts(run.info.run_id))
    note("metrics of begun", metric_facts(client.get_logged_model(begun.model_id)))
    outside = mlflow.initialize_logged_model("outside")
    note("outside", [outside.source_run_id or None, mlflow.active_run() is None])
    note("in a thread", in_a_thread(mlflow.last_logged_model))


def in_a_thread(call):
    found = []
    thread = threading.Thread(target=lambda: found.append(call()))
    thread.start()
    thread.join()
    return found[0]


def active():
    note("none active", mlflow.get_active_model_id())
    attempted("set nothing", mlflow.set_active_model)
    attempted("set unknown", mlflow.set_active_model, model_id="m-unknown")
    attempted("set bad name", mlflow.set_active_model, name="a/b")
    with mlflow.set_active_model(name="first") as first:
        named("first", first.model_id)
        note("active", mlflow.get_active_model_id())
        with mlflow.start_run() as run:
            named("active run", run.info.run_id)
            mlflow.log_metric("one", 1.0)
            mlflow.log_metrics({"two": 2.0})
            mlflow.log_param("param", 1)
            client.log_metric(run.info.run_id, "client", 3.0)
            client.log_batch(run.info.run_id, [entities.Metric("batch", 4.0, 1, 0)])
        with mlflow.set_active_model(name="second") as second:
            named("second", second.model_id)
            note("inner", mlflow.get_active_model_id())
        note("back", mlflow.get_active_model_id())
        mlflow.log_model_params({"p": 1})
        note("thread's", in_a_thread(mlflow.get_active_model_id))
    note("after", mlflow.get_active_model_id())
    note("first", model_facts(mlflow.get_logged_model(first.model_id)))
    note("active run", run_facts(run.info.run_id))
    note("found again", mlflow.set_active_model(name="first").model_id)
    note("by id", [mlflow.set_active_model(model_id=second.model_id).model_id, mlflow.get_active_model_id()])
    mlflow.clear_active_model()
    note("cleared", mlflow.get_active_model_id())
    attempted("params of none", mlflow.log_model_params, {"a": 1})
    os.environ["MLFLOW_ACTIVE_MODEL_ID"] = "m-given"
    note("of environment", in_a_thread(mlflow.get_active_model_id))
    mlflow.clear_active_model()
    note("environment cleared", in_a_thread(mlflow.get_active_model_id))


def tables():
    frame = mlflow.search_logged_models(order_by=[{"field_name": "name"}])
    note("columns", list(frame.columns))
    note("rows", [[row["name"], row["status"], row["params"]] for _, row in frame.iterrows()])
    note("filtered", list(mlflow.search_logged_models(filter_string="params.e = '5'")["name"]))
    as_list = mlflow.search_logged_models(max_results=2, order_by=[{"field_name": "name"}], output_format="list")
    note("list", [m.name for m in as_list])
    note("empty", len(mlflow.search_logged_models(filter_string="name = 'nobody'")))
    attempted("format", mlflow.search_logged_models, output_format="table")


with tempfile.TemporaryDirectory() as temporary:
    number = client.create_experiment("logged models")
    experiments[number] = "logged models"
    tree = making(number)
    changing(tree)
    measuring(number, tree)
    third_model = named("third", client.create_logged_model(number, "third", params={"depth": "5"}).model_id)
    searching(number)
    ordering(number)
    deleting(number, third_model)
    files(tree, Path(temporary))
    fluent()
    active()
    tables()
print("\n" + json.dumps(seen))
