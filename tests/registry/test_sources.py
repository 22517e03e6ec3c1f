"""Where a version may point: nothing that its maker could not read, in whatever spelling. Nothing is fetched."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runyard.core.entity import Tag
from runyard.gate.gate import Gate
from runyard.registry.model_versions.messages import (
    CreateModelVersion,
    DescribeModelVersion,
    GetModelVersionDownloadUri,
)
from runyard.tracking.logged_models.messages import CreateLoggedModel, DeleteLoggedModel, GetLoggedModel
from tests.factories import a_run, an_experiment, pairs, shown_run
from tests.registry.building import ABSENT, BAD, MODEL, a_model, a_version, move, point, refusal, shown_version
from tests.support.checked_gate import CheckedGate


@pytest.fixture
def gate(new_store: str, tmp_path: Path) -> Iterator[Gate]:
    """A gate with the model the tests add versions to."""
    opened = CheckedGate.open(new_store, artifact_root=str(tmp_path / "artifacts"))
    a_model(opened)
    yield opened
    opened.close()


def a_logged_model(gate: Gate, source_run_id: str = "", experiment_id: str = "0") -> dict[str, Any]:
    """A logged model's fields."""
    made = gate.perform(CreateLoggedModel(experiment_id=experiment_id, name="net", source_run_id=source_run_id))
    return made["model"]["info"]  # type: ignore[no-any-return]


def adding(source: str, **fields: Any) -> CreateModelVersion:
    """The message that adds a version."""
    return CreateModelVersion(name=MODEL, source=source, **fields)


def location(gate: Gate, version: str, name: str = MODEL) -> str:
    """Where the files of a version are."""
    return str(gate.perform(GetModelVersionDownloadUri(name=name, version=version))["artifact_uri"])


def origin(gate: Gate, version: str, name: str = MODEL) -> tuple[str, str]:
    """The run and the logged model of a version; MLflow's answers do not have the latter."""
    described = gate.perform(DescribeModelVersion(name=name, version=version))["model_version"]
    return described["run_id"], described["model_id"]


def artifacts_of(gate: Gate, run_id: str) -> str:
    """The folder of a run's artifacts."""
    return str(shown_run(gate, run_id)["info"]["artifact_uri"])


@pytest.mark.parametrize(
    "source", ["s3://bucket/m", "gs://b/m", "dbfs:/x", "dbfs:/Users/me@host.org/m", "wasbs://c@a/m", "S3://bucket/m v2"]
)
def test_stores_with_credentials_of_their_own_are_free(gate: Gate, source: str) -> None:
    """Also with a run that this server does not know."""
    a_version(gate, source=source, run_id="elsewhere")

    assert source == location(gate, "1")


@pytest.mark.parametrize(
    "source",
    [
        "/etc/passwd",
        "relative/folder",
        "file:///etc",
        "file:/etc",
        "FILE:///etc",
        "//host/share",
        "file://host/etc",
        "mlflow-artifacts:/0/x",
        "mlflow-artifacts://host/0/x",
        "http://host/x",
        "https://169.254.169.254/latest/meta-data",
        "ftp://host/x",
        "hdfs://host/x",
        "abfss://fs@evil.example/x",
        "C:/windows",
        "http://[",
    ],
)
def test_places_read_with_the_servers_rights_need_an_owner(gate: Gate, source: str) -> None:
    """Neither without a run, nor with one that has its artifacts elsewhere, nor with one that does not exist."""
    run_id = a_run(gate, "0")
    for owner in ("", run_id, "0" * 32):
        assert BAD == refusal(gate, adding(source, run_id=owner))
    assert BAD == refusal(gate, adding(source, model_id=a_logged_model(gate)["model_id"]))


def test_a_place_inside_of_the_runs_artifacts_is_taken(gate: Gate) -> None:
    """The folder itself, one in it, and other spellings of both."""
    run_id = a_run(gate, "0")
    root = artifacts_of(gate, run_id)
    for source in (root, f"{root}/", f"{root}/model", f"file://{root}/model", f"file://localhost{root}//model"):
        a_version(gate, source=source, run_id=run_id)
    own = a_logged_model(gate)
    a_version(gate, source=f"{own['artifact_uri']}/net", model_id=own["model_id"])

    assert f"{root}/model" == location(gate, "3")


def test_a_place_behind_the_proxy_belongs_to_its_run(gate: Gate) -> None:
    """Where the server hands out artifacts, too."""
    experiment_id = an_experiment(gate, artifact_location="mlflow-artifacts:/7")
    run_id, other = a_run(gate, experiment_id), a_run(gate, experiment_id)
    a_version(gate, source=f"mlflow-artifacts:/7/{run_id}/artifacts/model", run_id=run_id)

    for source in (
        f"mlflow-artifacts:/7/{run_id}/artifacts/model",
        f"mlflow-artifacts:/7/{other}/artifacts-of-mine",
        f"mlflow-artifacts://host/7/{other}/artifacts",
        "mlflow-artifacts:/7",
        "mlflow-artifacts:/",
    ):
        assert BAD == refusal(gate, adding(source, run_id=other))


@pytest.mark.parametrize(
    "step",
    [
        "/../x",
        "/..",
        "/%2e%2e/x",
        "/%2E./x",
        "/%252e%252e/x",
        "/%25252e%25252e/x",
        "/..%2fx",
        "/..%5cx",
        "\\..\\x",
        "/a?b=/../x",
        "/a#/../x",
        "/..;/x",
        "/a\nb",
        "/a%00b",
        "/a%0d%0ab",
    ],
)
def test_no_spelling_leads_out(gate: Gate, step: str) -> None:
    """Steps upwards, encoded however often, and what readers of URIs disagree about; in every scheme."""
    run_id = a_run(gate, "0")
    root = artifacts_of(gate, run_id)
    for source in (f"{root}{step}", f"file://{root}{step}", f"s3://bucket/m{step}", f"runs:/{run_id}{step}"):
        assert BAD == refusal(gate, adding(source, run_id=run_id))


def test_a_folder_beside_the_artifacts_is_outside(gate: Gate) -> None:
    """A name that only begins alike."""
    run_id = a_run(gate, "0")
    root = artifacts_of(gate, run_id)

    for source in (f"{root}-of-others/m", str(Path(root).parent), root.lstrip("/"), f"file:{root.lstrip('/')}"):
        assert BAD == refusal(gate, adding(source, run_id=run_id))


def test_a_run_is_named_with_its_own_address(gate: Gate) -> None:
    """``runs:/`` names the run, so it need not be said twice; another one, or a logged model, contradicts it."""
    run_id = a_run(gate, "0")
    source = f"runs:/{run_id}/model"
    made = [a_version(gate, source=source), a_version(gate, source=source, run_id=run_id)]

    assert [(source, run_id)] * 2 == [(version["source"], version["run_id"]) for version in made]
    assert f"{artifacts_of(gate, run_id)}/model" == location(gate, "1")
    assert BAD == refusal(gate, adding("runs:/"))
    assert BAD == refusal(gate, adding(f"runs:/{run_id}/model", run_id="0" * 32))
    assert BAD == refusal(gate, adding(f"runs://host/{run_id}/model", run_id=run_id))
    model_id = a_logged_model(gate)["model_id"]
    assert BAD == refusal(gate, adding(f"runs:/{run_id}/model", run_id=run_id, model_id=model_id))


def test_a_logged_model_is_where_its_files_are(gate: Gate) -> None:
    """It need not be named twice, gives its run, and has its versions in a tag."""
    run_id = a_run(gate, "0")
    logged = a_logged_model(gate, run_id)
    source = f"models:/{logged['model_id']}"
    made = [a_version(gate, source=source, model_id=named) for named in (logged["model_id"], None)]

    for version in made:
        assert (source, run_id) == (version["source"], version["run_id"])
        assert (run_id, logged["model_id"]) == origin(gate, version["version"])
    assert logged["artifact_uri"] == location(gate, "2")
    shown = gate.perform(GetLoggedModel(model_id=logged["model_id"]))["model"]["info"]
    assert [{"name": MODEL, "version": 1}, {"name": MODEL, "version": 2}] == json.loads(
        pairs(shown["tags"])["mlflow.modelVersions"]
    )


def test_a_logged_model_that_is_not_there_is_refused(gate: Gate) -> None:
    """Unknown, deleted, or another one than named."""
    logged, other = a_logged_model(gate)["model_id"], a_logged_model(gate)["model_id"]
    assert BAD == refusal(gate, adding(f"models:/{logged}", model_id=other))
    assert ABSENT == refusal(gate, adding("s3://b/m", model_id="m-none"))
    gate.perform(DeleteLoggedModel(model_id=logged))
    assert ABSENT == refusal(gate, adding(f"models:/{logged}", model_id=logged))
    assert ABSENT == refusal(gate, adding(f"models:/{logged}"))


def test_the_files_of_a_runs_model_are_where_the_model_keeps_them(gate: Gate) -> None:
    """Loaders ask where the files are, and MLflow 3 keeps a model's files outside of its run's folder."""
    run_id = a_run(gate, "0")
    logged = a_logged_model(gate, run_id)
    sources = (
        f"runs:/{run_id}/net",
        f"runs:/{run_id}/net/sub",
        f"runs:/{run_id}/other",
        f"runs:/{run_id}",
        "runs:/x/m",
    )
    for source in sources:
        a_version(gate, source=source)

    own, root = logged["artifact_uri"], artifacts_of(gate, run_id)
    expected = [own, f"{own}/sub", f"{root}/other", root, "runs:/x/m"]
    assert expected == [location(gate, str(number)) for number in range(1, 6)]


def test_a_copy_of_a_version_is_where_that_one_is(gate: Gate) -> None:
    """It has its run and logged model; a copy of a copy leads to the first."""
    logged = a_logged_model(gate, a_run(gate, "0"))
    a_version(gate, source=f"models:/{logged['model_id']}", model_id=logged["model_id"])
    a_model(gate, "copy 50%25 off")
    first = a_version(gate, "copy 50%25 off", source=f"models:/{MODEL}/1")
    second = a_version(gate, source="models:/copy 50%25 off/1")

    assert {(logged["source_run_id"], logged["model_id"])} == {
        origin(gate, version["version"], version["name"]) for version in (first, second)
    }
    assert {logged["source_run_id"]} == {version["run_id"] for version in (first, second)}
    assert logged["artifact_uri"] == location(gate, second["version"])


def test_a_version_may_be_named_by_alias_or_stage(gate: Gate) -> None:
    """What it meant is what is kept: the alias may move on."""
    for number in range(3):
        a_version(gate, source=f"s3://bucket/{number}")
    point(gate, "champion", "2")
    move(gate, "1", "Production")
    sources = [f"models:/{MODEL}@champion", f"models:/{MODEL}/production", f"models:/{MODEL}/latest"]
    a_model(gate, "copy")

    assert [f"models:/{MODEL}/{number}" for number in (2, 1, 3)] == [
        a_version(gate, "copy", source=source)["source"] for source in sources
    ]
    assert "s3://bucket/1" == location(gate, "1", "copy")
    assert ABSENT == refusal(gate, adding(f"models:/{MODEL}/Staging"))
    assert BAD == refusal(gate, adding(f"models:/{MODEL}@none"))


def test_a_copy_does_not_contradict_its_original(gate: Gate) -> None:
    """Another run or logged model than the version's is refused; so is a part of it, or what does not exist."""
    a_version(gate, run_id="r1")
    source = f"models:/{MODEL}/1"
    a_version(gate, source=source, run_id="r1")

    assert BAD == refusal(gate, adding(source, run_id="r2"))
    assert BAD == refusal(gate, adding(source, model_id=a_logged_model(gate)["model_id"]))
    assert BAD == refusal(gate, adding(f"{source}/sub/path"))
    assert BAD == refusal(gate, adding(f"models://host/{MODEL}/1"))
    assert BAD == refusal(gate, adding(f"models:/{MODEL}"))
    assert ABSENT == refusal(gate, adding(f"models:/{MODEL}/99"))
    assert ABSENT == refusal(gate, adding("models:/none/1"))


def test_prompts_have_no_files(gate: Gate) -> None:
    """Clients name a placeholder; nothing else is taken, and a prompt cannot be the source of a model."""
    prompt = [Tag(key="mlflow.prompt.is_prompt", value="true"), Tag(key="mlflow.prompt.text", value="Hi {{name}}")]
    for source in ("dummy-source", "prompt-template"):
        a_version(gate, source=source, tags=pairs([{"key": tag.key, "value": tag.value} for tag in prompt]))

    assert "prompt-template" == shown_version(gate, "2")["source"]
    for source in ("/etc/passwd", "s3://bucket/m", f"models:/{MODEL}/1"):
        assert BAD == refusal(gate, adding(source, tags=prompt))
    assert BAD == refusal(gate, adding("dummy-source"))
    assert BAD == refusal(gate, adding(f"models:/{MODEL}/1"))


def test_callers_on_this_machine_may_point_at_their_own_folders(database: str, tmp_path: Path) -> None:
    """Without a server in between there is nobody else whose files could be read."""
    opened = CheckedGate.open(database, artifact_root=str(tmp_path / "artifacts"), local_callers=True)
    try:
        a_model(opened)
        a_version(opened, source=str(tmp_path / "model"))

        assert str(tmp_path / "model") == location(opened, "1")
        assert BAD == refusal(opened, adding("mlflow-artifacts:/0/x"))
        assert BAD == refusal(opened, adding(f"{tmp_path}/../x"))
        a_version(opened, source="mlflow-artifacts:/0/x", run_id="a" * 32)
        assert BAD == refusal(opened, adding("mlflow-artifacts:/0/../x", run_id="a" * 32))
    finally:
        opened.close()
