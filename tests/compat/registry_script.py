"""A script that uses the whole registry, run by real mlflow clients and by our SDK: python registry_script.py MODULE URI.

Prints what it saw as one JSON object: ids and times are left out, so that two runs of it compare.
"""

import importlib
import json
import sys
import tempfile
import warnings
from pathlib import Path

warnings.simplefilter("ignore")
mlflow = importlib.import_module(sys.argv[1])
mlflow.set_tracking_uri(sys.argv[2])
client = mlflow.MlflowClient()
exceptions = importlib.import_module(f"{sys.argv[1]}.exceptions")
model_registry = importlib.import_module(f"{sys.argv[1]}.entities").model_registry
seen = {}


def note(name, value):
    seen[name] = value


def refused(name, call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except exceptions.MlflowException as error:
        note(name, ["refused", error.error_code])
    else:
        note(name, "accepted")


def fails(name, call, *args):
    """Like `refused`, where MLflow's code is that of a failure of its own."""
    try:
        call(*args)
    except exceptions.MlflowException:
        note(name, "refused")


def version_facts(version):
    assert isinstance(version, model_registry.ModelVersion)
    assert version.last_updated_timestamp >= version.creation_timestamp > 0
    return {
        "name": version.name,
        "version": str(version.version),
        "stage": version.current_stage,
        "description": version.description or "",
        "source": version.source,
        "run": bool(version.run_id),
        "run_link": version.run_link or "",
        "status": version.status,
        "tags": version.tags,
        "aliases": sorted(version.aliases),
    }


def model_facts(model):
    assert isinstance(model, model_registry.RegisteredModel)
    return {
        "name": model.name,
        "description": model.description or "",
        "latest": [version_facts(version) for version in model.latest_versions],
        "tags": model.tags,
        "aliases": {alias: str(version) for alias, version in model.aliases.items()},
    }


def registered_models():
    made = client.create_registered_model("churn", tags={"team": "red", "n": 1}, description="who leaves")
    note("created", model_facts(made))
    refused("created twice", client.create_registered_model, "churn")
    for name in ("a/b", "a:b", "", " "):
        refused(f"name {name!r}", client.create_registered_model, name)
    note("updated", model_facts(client.update_registered_model("churn", "who may leave")))
    client.set_registered_model_tag("churn", "k", "v")
    client.set_registered_model_tag("churn", "k", "w")
    client.delete_registered_model_tag("churn", "team")
    client.delete_registered_model_tag("churn", "nobody")
    note("tagged", model_facts(client.get_registered_model("churn")))
    refused("unknown model", client.get_registered_model, "nobody")
    refused("tag of an unknown model", client.set_registered_model_tag, "nobody", "k", "v")
    for number in range(5):
        client.create_registered_model(f"search-{number}", tags={"odd": str(number % 2 == 1)})


def model_versions():
    for number in range(4):
        made = client.create_model_version(
            "churn", f"s3://bucket/{number}", tags={"t": str(number)}, description=f"v{number}", run_link="http://x/y"
        )
        note(f"version {number}", version_facts(made))
    refused("version of an unknown model", client.create_model_version, "nobody", "s3://bucket/0")
    note("got", version_facts(client.get_model_version("churn", "2")))
    note("got by integer text", version_facts(client.get_model_version("churn", "02")))
    refused("version that is not a number", client.get_model_version, "churn", "x")
    refused("unknown version", client.get_model_version, "churn", "77")
    note("described", version_facts(client.update_model_version("churn", "2", "better")))
    client.set_model_version_tag("churn", "2", "q", 1)
    client.set_model_version_tag("churn", "2", "t", "new")
    client.delete_model_version_tag("churn", "2", "q")
    client.delete_model_version_tag("churn", "2", "nobody")
    note("tagged version", version_facts(client.get_model_version("churn", "2")))
    note("download uri", client.get_model_version_download_uri("churn", "2"))
    client.delete_model_version("churn", "4")
    refused("deleted version", client.get_model_version, "churn", "4")
    refused("deleted twice", client.delete_model_version, "churn", "4")
    note("next number", client.create_model_version("churn", "s3://bucket/again").version)
    refused("source upwards", client.create_model_version, "churn", "mlflow-artifacts:/1/../../etc")
    refused("source of the proxy without a run", client.create_model_version, "churn", "mlflow-artifacts:/1/abc")
    refused("source that is an address", client.create_model_version, "churn", "http://example.org/model")
    refused("source that is not a version", client.create_model_version, "churn", "models:/nobody/1")


def stages():
    note("stages", client.get_model_version_stages("churn", "1"))
    note("staging", version_facts(client.transition_model_version_stage("churn", "1", "Staging")))
    note("production", version_facts(client.transition_model_version_stage("churn", "1", "production")))
    moved = client.transition_model_version_stage("churn", "2", "Production", archive_existing_versions=True)
    note("moved", version_facts(moved))
    note("archived", version_facts(client.get_model_version("churn", "1")))
    refused("unknown stage", client.transition_model_version_stage, "churn", "1", "Bogus")
    note("latest", [version_facts(version) for version in client.get_latest_versions("churn")])
    note("latest in production", [one.version for one in client.get_latest_versions("churn", ["Production"])])
    note("latest in staging", [one.version for one in client.get_latest_versions("churn", ["staging"])])
    refused("latest of an unknown stage", client.get_latest_versions, "churn", ["Bogus"])


def aliases():
    client.set_registered_model_alias("churn", "champion", "1")
    client.set_registered_model_alias("churn", "champion", "2")
    client.set_registered_model_alias("churn", "challenger", "3")
    note("aliases", model_facts(client.get_registered_model("churn"))["aliases"])
    note("by alias", version_facts(client.get_model_version_by_alias("churn", "champion")))
    note("by latest", client.get_model_version_by_alias("churn", "latest").version)
    for alias in ("v3", "V1", "latest", "Latest", "a b", "a/b", ""):
        refused(f"alias {alias!r}", client.set_registered_model_alias, "churn", alias, "1")
    refused("alias of an unknown version", client.set_registered_model_alias, "churn", "x", "77")
    refused("unknown alias", client.get_model_version_by_alias, "churn", "nobody")
    client.delete_registered_model_alias("churn", "challenger")
    client.delete_registered_model_alias("churn", "challenger")
    note("aliases left", model_facts(client.get_registered_model("churn"))["aliases"])


def searches():
    def names(filter_string=None, **more):
        return [model.name for model in client.search_registered_models(filter_string=filter_string, **more)]

    note("all", names())
    note("like", names("name LIKE 'search%'", order_by=["name DESC"]))
    note("ilike", names("name ILIKE 'SEARCH-1'"))
    note("by tag", names("tags.odd = 'True'"))
    note("in", names("name IN ('churn', 'search-3', 'nobody')"))
    first = client.search_registered_models("name LIKE 'search%'", max_results=2)
    rest = client.search_registered_models("name LIKE 'search%'", max_results=9, page_token=first.token)
    note("pages", [[model.name for model in first], [model.name for model in rest], bool(rest.token)])
    note("newest", names(order_by=["last_updated_timestamp DESC"], max_results=1))
    for bad in ("nope = 'x'", "name = churn", "name = 'a' OR name = 'b'", "name > 'a'"):
        refused(f"models: {bad}", client.search_registered_models, bad)
    refused("models: order", client.search_registered_models, order_by=["nope"])
    refused("models: too many", client.search_registered_models, max_results=1_001)

    def numbers(filter_string=None, **more):
        found = client.search_model_versions(filter_string or "", **more)
        return [f"{version.name}/{version.version}" for version in found]

    note("versions", numbers("name = 'churn'", order_by=["version_number ASC"]))
    note("versions by number", numbers("name = 'churn' AND version_number >= 2", order_by=["version_number DESC"]))
    note("versions by tag", numbers("tags.t = 'new'"))
    note("versions by source", numbers("source_path LIKE 's3://bucket/%'", order_by=["version_number ASC"]))
    refused("versions: filter", client.search_model_versions, "current_stage = 'x'")
    refused("versions: order", client.search_model_versions, "", order_by=["nope"])
    note("fluent models", [model.name for model in mlflow.search_registered_models(filter_string="name LIKE 's%'")])
    note("fluent versions", len(mlflow.search_model_versions(filter_string="name = 'churn'")))


def runs_and_copies(folder):
    mlflow.set_experiment("registry")
    with mlflow.start_run() as run:
        path = Path(folder) / "model.txt"
        path.write_text("a model")
        mlflow.log_artifact(str(path), "model")
    client.create_registered_model("from-run")
    source = f"{run.info.artifact_uri}/model"
    made = client.create_model_version("from-run", source, run.info.run_id, tags={"how": "by hand"})
    facts = version_facts(made)
    note("registered", {**facts, "source": facts["source"].rpartition("/")[2]})
    note("same run", made.run_id == run.info.run_id)
    note("registered again", client.create_model_version("from-run", source, run.info.run_id).version)
    refused("source of another run", client.create_model_version, "from-run", f"{source}/../../x", run.info.run_id)
    note("by run", len(client.search_model_versions(f"run_id = '{run.info.run_id}'")))
    client.set_registered_model_alias("from-run", "good", "1")
    client.transition_model_version_stage("from-run", "1", "Staging")
    for uri in ("models:/from-run/1", "models:/from-run@good", "models:/from-run/Staging", "models:/from-run/latest"):
        local = mlflow.artifacts.download_artifacts(uri, dst_path=tempfile.mkdtemp())
        note(f"files of {uri}", sorted(entry.name for entry in Path(local).iterdir() if entry.name == "model.txt"))
    text = mlflow.artifacts.load_text("models:/from-run/1/model.txt")
    note("one file", text)
    copied = client.copy_model_version("models:/from-run@good", "copied")
    note("copied", {**version_facts(copied), "run": copied.run_id == run.info.run_id})
    copied = client.copy_model_version("models:/from-run/2", "copied")
    note("copied again", [copied.version, copied.source])
    fails("copy of no version", client.copy_model_version, "runs:/x/model", "copied")
    for uri in ("models:/nobody/1", "models:/from-run/9", "models:/from-run@nobody"):
        refused(f"download {uri}", mlflow.artifacts.download_artifacts, uri)
    fails("download of an empty stage", mlflow.artifacts.download_artifacts, "models:/from-run/Production")


def endings():
    client.rename_registered_model("churn", "leavers")
    renamed = client.get_registered_model("leavers")
    note("renamed", [renamed.name, renamed.aliases != {}, len(renamed.latest_versions)])
    refused("old name", client.get_registered_model, "churn")
    refused("rename to a taken name", client.rename_registered_model, "search-0", "search-1")
    client.delete_model_version("leavers", "2")
    note("alias of a deleted version", client.get_registered_model("leavers").aliases)
    client.delete_registered_model("leavers")
    refused("deleted model", client.get_registered_model, "leavers")
    client.create_registered_model("leavers")
    note("numbers begin anew", str(client.create_model_version("leavers", "s3://bucket/x").version))


with tempfile.TemporaryDirectory() as scratch:
    registered_models()
    model_versions()
    stages()
    aliases()
    searches()
    runs_and_copies(scratch)
    endings()
print(json.dumps(seen))
