"""Small real jobs of tools that log with MLflow, to a real server: through the alias, and with the real client."""

from collections.abc import Callable
from pathlib import Path

import pytest

from runyard import MlflowClient
from tests.support.jobs import ALIAS, CLIENTS, REAL, logged_values, run_job, runs_of
from tests.support.server import RunningServer

PROGRAMS = Path(__file__).parent / "programs"

pytestmark = [pytest.mark.compat, pytest.mark.slow, pytest.mark.timeout(900)]

Job = Callable[..., tuple[MlflowClient, str]]


@pytest.fixture
def job(start_server: Callable[..., RunningServer], tmp_path: Path) -> Job:
    """Runs one of the programs; gives a client of the server it logged to, and what the program printed."""
    server = start_server()

    def run(way: str, program: str, *arguments: str, **variables: str) -> tuple[MlflowClient, str]:
        said = run_job(way, server.url, tmp_path / "job", PROGRAMS / program, *arguments, **variables)
        return MlflowClient(server.url), said

    return run


@pytest.mark.parametrize(("first", "second"), [(ALIAS, REAL), (REAL, ALIAS)], ids=["alias first", "real client first"])
def test_sktimes_own_flavor_saves_and_loads(job: Job, first: str, second: str) -> None:
    """What one of both clients has saved, logged and registered the other loads, with equal predictions."""
    client, _ = job(first, "sktime_models.py", "log")

    job(second, "sktime_models.py", "load")

    version = client.get_model_version("airline", "1")
    folder = Path(client.download_artifacts(version.run_id or "", "model"))
    requirements = (folder / "requirements.txt").read_text().splitlines()
    assert ["mlflow==3.17.2", "sktime==1.2.0"] == requirements[:2]
    assert requirements[2].startswith("pandas")


@pytest.mark.parametrize("way", CLIENTS)
def test_darts_logs_by_itself(job: Job, way: str) -> None:
    """It patches its own classes with what MLflow gives to libraries for that."""
    client, _ = job(way, "darts_models.py")

    (run,) = runs_of(client, "darts")
    assert ("4", "None") == (run.data.params["lags"], run.data.params["quantiles"])
    assert run.data.tags["model_class"].endswith("LinearRegressionModel")
    assert 0.0 == pytest.approx(run.data.metrics["mae"], abs=1e-6)


@pytest.mark.parametrize("way", CLIENTS)
def test_trials_of_ray_log(job: Job, way: str) -> None:
    """Ray's callback logs from the program, and `setup_mlflow` from the workers that Ray starts."""
    client, said = job(way, "ray_trials.py", RAY_TRAIN_V2_ENABLED="0")

    name = "runyard" if way == ALIAS else "mlflow"
    assert f"{name} {name}\n" in said
    workers = runs_of(client, "workers")
    assert [1.0, 4.0] == sorted(run.data.metrics["square"] for run in workers)
    assert {name} == {run.data.tags["client"] for run in workers}
    assert {"FINISHED"} == {run.info.status for run in [*workers, *runs_of(client, "callback")]}
    assert ["1", "2"] == sorted(run.data.params["x"] for run in runs_of(client, "callback"))


@pytest.mark.parametrize("way", CLIENTS)
def test_a_sweep_of_hydra_logs_from_its_workers(job: Job, way: str) -> None:
    """joblib starts a Python for each of them."""
    client, _ = job(way, "hydra_sweep.py", "-m", "+x=1,2,3", "hydra/launcher=joblib", "hydra.launcher.n_jobs=2")

    runs = runs_of(client, "hydra")
    assert {("1", 1.0), ("2", 4.0), ("3", 9.0)} == {(run.data.params["x"], run.data.metrics["square"]) for run in runs}


def test_flaml_logs_its_trials(job: Job) -> None:
    """It looks up what `mlflow.autolog` was told, and logs nothing, silently, where it cannot find that.

    There is nothing to compare with: MLflow itself cannot save the models of this version of FLAML.
    """
    client, _ = job(ALIAS, "flaml_search.py")

    (search,) = [run for run in runs_of(client, "flaml") if "mlflow.parentRunId" not in run.data.tags]
    trials = [run for run in runs_of(client, "flaml") if "mlflow.parentRunId" in run.data.tags]
    assert len(trials) >= 2
    assert {search.info.run_id} == {run.data.tags["mlflow.parentRunId"] for run in trials}
    losses = [run.data.metrics["log_loss"] for run in trials]
    assert min(losses) == search.data.metrics["best_validation_loss"]
    assert {"rf"} == {run.data.tags["flaml.learner"] for run in trials}


@pytest.mark.parametrize("way", CLIENTS)
def test_a_job_of_dagster_logs(job: Job, way: str) -> None:
    """Its resource starts the run, and its hook ends it."""
    client, _ = job(way, "dagster_job.py")

    (run,) = runs_of(client, "dagster")
    assert ("FINISHED", {"depth": "3"}) == (run.info.status, run.data.params)
    assert [(1, 0.25)] == logged_values(client, run, "loss")


@pytest.mark.parametrize("way", CLIENTS)
def test_a_project_of_kedro_logs(job: Job, way: str) -> None:
    """kedro-mlflow's datasets write metrics, a history, a file and a model, which a later node reads."""
    client, _ = job(way, "kedro_project.py", KEDRO_DISABLE_TELEMETRY="1")

    (run,) = runs_of(client, "kedro")
    assert ("FINISHED", "2.0") == (run.info.status, run.data.params["slope"])
    assert [run.data.metrics[key] for key in ("slope", "predicted")] == pytest.approx([2.0, 20.0])
    assert [0, 1, 2] == [step for step, _ in logged_values(client, run, "losses")]
    assert ["frame.csv"] == [file.path for file in client.list_artifacts(run.info.run_id)]
    (logged,) = client.search_logged_models([run.info.experiment_id])
    assert (run.info.run_id, "READY") == (logged.source_run_id, str(logged.status))


def test_a_notebook_switches_the_alias_on(job: Job) -> None:
    """Its cells use Runyard then, and so do the programs that they start."""
    client, _ = job(REAL, "notebook.py")

    assert ["cell", "program"] == [run.info.run_name for run in runs_of(client, "notebook")]
