"""A project becomes a Job: as a document, and in a cluster that kubectl reaches."""

import time
from pathlib import Path
from typing import Any

import pytest
import yaml

import runyard
from runyard.client import RunyardClient
from runyard.exceptions import ExecutionException, InvalidProject
from runyard.projects.backend.kubernetes_job import Job, job_document, valid_name
from runyard.projects.submitted_run import SubmittedRun
from runyard.tracking.runs.entities import Run
from tests.projects.backend.conftest import Stage

TEMPLATE: dict[str, Any] = {
    "apiVersion": "batch/v1",
    "kind": "Job",
    "metadata": {"name": "training", "namespace": "own", "labels": {"team": "a"}},
    "spec": {
        "backoffLimit": 2,
        "template": {
            "spec": {
                "serviceAccountName": "trainer",
                "containers": [
                    {
                        "name": "main",
                        "image": "{replaced}",
                        "resources": {"limits": {"cpu": 2}},
                        "env": [{"name": "COLOUR", "value": "red"}, {"name": "SHAPE", "value": "round"}],
                    }
                ],
                "restartPolicy": "OnFailure",
            }
        },
    },
}

QUICK = {"kube-context": "lab", "namespace": "team", "poll-seconds": 0.05}


def run(project: Path, config: dict[str, Any], **more: Any) -> SubmittedRun:
    """Run the project's main entry point on Kubernetes, in an experiment of the test's own."""
    name = f"kubernetes-{time.time_ns()}"
    given: dict[str, Any] = {"parameters": {"lr": 0.1}, "experiment_name": name, **more}
    return runyard.projects.run(str(project), backend="kubernetes", backend_config=config, **given)


def runs_of(client: RunyardClient, **where: Any) -> list[Run]:
    """The runs of the experiment that a test named."""
    experiment = client.get_experiment_by_name(where["experiment_name"])
    return [] if experiment is None else list(client.search_runs([experiment.experiment_id]))


def test_without_a_cluster_the_job_is_written(
    client: RunyardClient, project: Path, stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Users who may submit it find it with the run, which waits; secrets of this machine are in the local file only."""
    monkeypatch.setenv("FLAG", "secret")

    done = run(project, {"job-path": str(tmp_path / "job.yaml")})

    assert "SCHEDULED" == done.get_status()
    kept = Path(client.download_artifacts(done.run_id, "kubernetes/job.yaml", str(tmp_path))).read_text()
    written = yaml.safe_load((tmp_path / "job.yaml").read_text())
    assert "secret" not in kept
    assert {"name": "FLAG", "value": "secret"} in _container(written)["env"]
    assert _container(written)["command"] == _container(yaml.safe_load(kept))["command"]
    assert [] == stage.calls("kubectl")


def test_the_document_says_all_that_the_run_needs(client: RunyardClient, project: Path, stage: Stage) -> None:
    """Image, command, where to log; tried once, since a second try would log to the same run."""
    done = run(project, QUICK)

    job = stage.job()
    container = _container(job)
    own = {one["name"]: one["value"] for one in container["env"]}
    assert ("batch/v1", "Job", "team") == (job["apiVersion"], job["kind"], job["metadata"]["namespace"])
    assert job["metadata"]["name"] == f"contained-main-{done.run_id[:12]}"
    assert ("trainer:1", ["bash", "-c", "echo lr=0.1 data=s3://bucket/data run=$MLFLOW_RUN_ID"]) == (
        container["image"],
        container["command"],
    )
    assert own == {
        "MLFLOW_RUN_ID": done.run_id,
        "RUNYARD_PROJECT_RUN_ID": done.run_id,
        "MLFLOW_TRACKING_URI": client.tracking_uri,
        "MLFLOW_EXPERIMENT_ID": client.get_run(done.run_id).info.experiment_id,
        "COLOUR": "blue",
    }
    assert 0 == job["spec"]["backoffLimit"]
    assert "Never" == job["spec"]["template"]["spec"]["restartPolicy"]


def test_a_job_that_completes_finishes_the_run(
    client: RunyardClient, project: Path, stage: Stage, tmp_path: Path
) -> None:
    """Its output is kept, and its tags say where it ran."""
    done = run(project, QUICK)

    kept = client.get_run(done.run_id)
    assert ("FINISHED", True, "FINISHED") == (done.get_status(), done.wait(), kept.info.status)
    assert {"lr": "0.1", "data": "s3://bucket/data"} == kept.data.params
    assert ("kubernetes", "docker", "trainer:1") == tuple(
        kept.data.tags[name] for name in ("mlflow.project.backend", "mlflow.project.env", "mlflow.docker.image.uri")
    )
    output = Path(client.download_artifacts(done.run_id, "logs/output.log", str(tmp_path))).read_text()
    assert f"lr=0.1 data=s3://bucket/data run={done.run_id}\n" == output
    assert all(call[:4] == ["--context", "lab", "--namespace", "team"] for call in stage.calls("kubectl"))


def test_a_job_that_fails_fails_the_run(client: RunyardClient, project: Path, stage: Stage) -> None:
    """The caller hears of it."""
    (project / "MLproject").write_text(
        "docker_env: {image: trainer}\nentry_points: {main: {parameters: {lr: float}, command: 'exit 3 #{lr}'}}\n"
    )

    with pytest.raises(ExecutionException, match="failed"):
        run(project, QUICK, experiment_name="failing")

    assert ["FAILED"] == [one.info.status for one in runs_of(client, experiment_name="failing")]


def test_cancelling_removes_the_job(client: RunyardClient, project: Path, stage: Stage) -> None:
    """With its pods, and the run is marked."""
    (stage.home / "goes-on").touch()
    going = run(project, QUICK, synchronous=False)

    going.cancel()

    assert ("KILLED", False) == (going.get_status(), going.wait())
    assert "KILLED" == client.get_run(going.run_id).info.status
    assert (stage.home / "deleted").exists()


def test_a_template_is_filled(client: RunyardClient, project: Path, stage: Stage, tmp_path: Path) -> None:
    """What a cluster's operators ask of every Job, such as limits and accounts, stays in."""
    path = tmp_path / "template.yaml"
    path.write_text(yaml.safe_dump(TEMPLATE))

    done = run(project, {"kube-context": "lab", "poll-seconds": 0.05, "kube-job-template-path": str(path)})

    job = stage.job()
    container = _container(job)
    assert (f"training-{done.run_id[:12]}", "own") == (job["metadata"]["name"], job["metadata"]["namespace"])
    assert ("a", "runyard") == (
        job["metadata"]["labels"]["team"],
        job["metadata"]["labels"]["app.kubernetes.io/managed-by"],
    )
    assert ({"limits": {"cpu": 2}}, "main", "trainer:1") == (
        container["resources"],
        container["name"],
        container["image"],
    )
    own = {one["name"]: one["value"] for one in container["env"]}
    assert ("blue", "round") == (own["COLOUR"], own["SHAPE"])
    assert ("trainer", "OnFailure", 2) == (
        job["spec"]["template"]["spec"]["serviceAccountName"],
        job["spec"]["template"]["spec"]["restartPolicy"],
        job["spec"]["backoffLimit"],
    )


def test_an_image_is_built_and_pushed_when_a_repository_is_named(
    client: RunyardClient, project: Path, stage: Stage
) -> None:
    """The project itself travels in it."""
    run(project, {**QUICK, "repository-uri": "registry.example/team/contained"})

    image = "registry.example/team/contained:latest"
    assert image == _container(stage.job())["image"]
    build, push = stage.calls("docker")
    assert (["build", "--tag", image, "--file", "-"], ["push", "--", image]) == (build[:5], push)


@pytest.mark.parametrize(
    ("entry_point", "parameters", "config", "said"),
    [
        ("main", {}, {}, "needs values for: 'lr'"),
        ("main", {"lr": "x"}, {}, "takes a number"),
        ("file", {"path": "/etc/hostname"}, {}, "which a cluster does not have"),
        ("main", {"lr": 1}, {"kube-job-template-path": "/nowhere.yaml"}, "cannot be read"),
    ],
)
def test_bad_input_leaves_no_run(
    client: RunyardClient,
    project: Path,
    stage: Stage,
    entry_point: str,
    parameters: dict[str, object],
    config: dict[str, object],
    said: str,
) -> None:
    """It is refused before anything is made."""
    with pytest.raises(InvalidProject, match=said):
        run(project, {**QUICK, **config}, entry_point=entry_point, parameters=parameters, experiment_name="bad input")

    assert [] == runs_of(client, experiment_name="bad input")
    assert [] == stage.calls("kubectl")


def test_a_refused_job_fails_the_run(client: RunyardClient, project: Path, stage: Stage) -> None:
    """What the cluster says is in the message."""
    (stage.home / "kubectl-refuses").touch()

    with pytest.raises(ExecutionException, match="kubectl create failed: kubectl refuses: forbidden"):
        run(project, QUICK, experiment_name="refused")

    assert ["FAILED"] == [one.info.status for one in runs_of(client, experiment_name="refused")]


def test_a_project_without_a_container_is_refused(client: RunyardClient, project: Path, stage: Stage) -> None:
    """There would be nothing to run on the cluster."""
    (project / "MLproject").write_text("entry_points: {main: {command: 'true'}}\n")

    with pytest.raises(InvalidProject, match="must name a docker_env"):
        run(project, QUICK, parameters={})


def test_a_store_on_this_machine_is_refused(project: Path, stage: Stage, tmp_path: Path, client: RunyardClient) -> None:
    """Pods cannot open a file of the submitter's."""
    runyard.set_tracking_uri(f"sqlite:///{tmp_path / 'own.db'}")

    with pytest.raises(InvalidProject, match="A cluster cannot log to"):
        run(project, QUICK)


def test_without_kubectl_that_is_said(
    client: RunyardClient, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before a run is made."""
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(ExecutionException, match="kubectl is not installed"):
        run(project, QUICK)


@pytest.mark.parametrize(
    ("text", "name"),
    [("My Project_main", "my-project-main"), ("--é--", ""), ("a" * 70 + "-1234", "a" * 58 + "-1234")],
)
def test_names_are_made_valid(text: str, name: str) -> None:
    """Kubernetes takes small letters, digits and dashes, 63 of them."""
    assert name == valid_name(text)


def test_a_template_without_containers_is_refused() -> None:
    """It could not be filled."""
    job = Job("n", "image", "true", "r" * 32, None, {})

    with pytest.raises(InvalidProject, match="no container"):
        job_document(job, {"kind": "Job", "spec": {"template": {"spec": {"containers": []}}}})


def _container(document: dict[str, Any]) -> dict[str, Any]:
    container: dict[str, Any] = document["spec"]["template"]["spec"]["containers"][0]
    return container
