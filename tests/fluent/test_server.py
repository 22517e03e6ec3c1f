"""The module against a server: the same calls, and where to look at the run."""

from types import ModuleType

import pandas as pd
import pytest

from tests.support.server import RunningServer


@pytest.fixture
def remote(mlflow: ModuleType, server: RunningServer) -> ModuleType:
    """The module, logging to a server."""
    mlflow.set_tracking_uri(server.url)
    return mlflow


def test_a_run_logged_to_a_server_is_read_back(remote: ModuleType) -> None:
    """Values, artifacts, datasets and search."""
    experiment = remote.set_experiment("over http")
    table = remote.data.from_pandas(pd.DataFrame({"x": [1]}), source="x.csv", name="points")
    with remote.start_run(tags={"a": "b"}) as run:
        remote.log_params({"lr": 0.1})
        remote.log_metric("loss", 0.5, step=1)
        remote.log_text("hello", "notes/a.txt")
        remote.log_input(table, context="train")

    (stored,) = remote.search_runs(experiment_names=["over http"], output_format="list")
    assert (stored.info.run_id, stored.info.status) == (run.info.run_id, "FINISHED")
    assert stored.info.experiment_id == experiment.experiment_id
    assert (stored.data.params, stored.data.metrics) == ({"lr": "0.1"}, {"loss": 0.5})
    assert [used.dataset.name for used in stored.inputs.dataset_inputs] == ["points"]
    assert remote.artifacts.load_text(f"runs:/{run.info.run_id}/notes/a.txt") == "hello"


def test_the_end_of_a_run_says_where_to_look_at_it(
    remote: ModuleType, server: RunningServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line for the run, one for its experiment."""
    with remote.start_run(run_name="shown") as run:
        pass

    page = f"{server.url}/#/experiments/{run.info.experiment_id}"
    assert capsys.readouterr().out == f"Run shown: {page}/runs/{run.info.run_id}\nExperiment: {page}\n"


def test_the_lines_can_be_switched_off(
    remote: ModuleType, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By MLflow's variable."""
    monkeypatch.setenv("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    with remote.start_run():
        pass

    assert capsys.readouterr().out == ""
