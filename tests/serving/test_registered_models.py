"""From a training to answers over HTTP: a registered model served by alias and stage, and the other commands."""

import json
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

import runyard
from tests.serving.conftest import LOADED, ModelServer
from tests.support.fluent import forget_everything
from tests.support.programs import start_command
from tests.support.server import RunningServer


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    """A few flowers of each kind."""
    features: pd.DataFrame = load_iris(as_frame=True, return_X_y=True)[0]
    return features.iloc[::30]


@pytest.fixture(scope="module")
def unicorn(server: RunningServer) -> Iterator[LogisticRegression]:
    """A model that is registered on a server as Unicorn, with the alias champion and in Production."""
    features, targets = load_iris(as_frame=True, return_X_y=True)
    model = LogisticRegression(max_iter=500).fit(features, targets)
    runyard.set_tracking_uri(server.url)
    with runyard.start_run():
        runyard.sklearn.log_model(
            model, name="m", input_example=features.head(2), registered_model_name="Unicorn", pip_requirements=["numpy"]
        )
    client = runyard.MlflowClient()
    with pytest.warns(FutureWarning, match="stages"):
        client.transition_model_version_stage("Unicorn", "1", "Production")
    client.set_registered_model_alias("Unicorn", "champion", "1")
    yield model
    forget_everything()


@pytest.mark.parametrize("uri", ["models:/Unicorn@champion", "models:/Unicorn/Production"])
def test_a_registered_model_is_served(
    uri: str, server: RunningServer, unicorn: LogisticRegression, rows: pd.DataFrame, tmp_path: Path
) -> None:
    """CSV and the JSON of a DataFrame get the answers that the model gives here."""
    arguments = ("-m", "runyard", "models", "serve", "-m", uri, "--port", "PORT", "--env-manager", "local")
    known = {"RUNYARD_TRACKING_URI": server.url}
    serving = ModelServer(tmp_path, "", environment=known, arguments=arguments, loaded=LOADED)
    serving.start()
    try:
        expected = {"predictions": unicorn.predict(rows).tolist()}
        assert serving.ask(rows.to_csv(index=False), kind="text/csv") == (200, expected)
        assert serving.ask({"dataframe_split": rows.to_dict(orient="split")}) == (200, expected)
        status, problem = serving.ask({"dataframe_split": {"columns": ["a"], "data": [[1]]}})
        assert (status, problem["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    finally:
        serving.kill()


def _models(server: RunningServer, *arguments: str) -> tuple[int, str]:
    """The exit code of a command and its errors."""
    environment = {**server.environment, "RUNYARD_TRACKING_URI": server.url, "PATH": "/usr/bin:/bin"}
    code, _, errors = start_command("models", *arguments, environment=environment, loaded=LOADED).finish()
    return code, errors


def test_predictions_of_a_file(
    server: RunningServer, unicorn: LogisticRegression, rows: pd.DataFrame, tmp_path: Path
) -> None:
    """The command reads CSV and JSON, and writes what the server would answer."""
    expected = {"predictions": unicorn.predict(rows).tolist()}
    table = rows.to_csv(index=False)
    files = (
        ("csv", table),
        ("Application/CSV; charset=utf-8", table),
        ("json", json.dumps({"inputs": rows.to_dict("list")})),
    )
    for kind, text in files:
        given, answer = tmp_path / "rows", tmp_path / "answer.json"
        given.write_text(text, encoding="utf-8")
        options = ["-i", str(given), "-o", str(answer), "-t", kind, "--env-manager", "local"]
        code, errors = _models(server, "predict", "-m", "models:/Unicorn/1", *options)
        assert code == 0, errors
        assert json.loads(answer.read_text(encoding="utf-8")) == expected
        answer.unlink()
    code, errors = _models(server, "predict", "-m", "models:/Unicorn/1", "-t", "text/xml")
    assert (2, True) == (code, "'text/xml' is not 'json', 'csv'" in errors)


def test_a_container_file_is_written(server: RunningServer, unicorn: LogisticRegression, tmp_path: Path) -> None:
    """It holds the model, installs what it needs, and does not run as root."""
    code, errors = _models(server, "generate-dockerfile", "-m", "models:/Unicorn/1", "-d", str(tmp_path / "image"))
    assert code == 0, errors
    text = (tmp_path / "image" / "Dockerfile").read_text(encoding="utf-8")
    assert "pip install -r requirements.txt" in text
    assert "\nUSER 10001\n" in text
    assert (tmp_path / "image" / "model_dir" / "MLmodel").exists()


@pytest.mark.parametrize("uri", ["nowhere", "models:/Nobody/1", "models:/Unicorn@nobody"])
def test_what_is_not_there_is_told_in_words(uri: str, server: RunningServer, unicorn: LogisticRegression) -> None:
    """One line says what is missing; there is no traceback."""
    code, errors = _models(server, "serve", "-m", uri, "--env-manager", "local")
    assert code == 1
    assert errors.startswith("Error: ")
    assert "Traceback" not in errors


def test_requirements_of_a_saved_model_are_changed(server: RunningServer, tmp_path: Path) -> None:
    """Added and removed in every file that lists them."""
    folder = tmp_path / "model"
    runyard.pyfunc.save_model(str(folder), python_model=lambda model_input: 1, pip_requirements=["numpy", "six"])
    for operation, named in (("add", "tabulate==0.9.0"), ("remove", "six")):
        code, errors = _models(server, "update-pip-requirements", "-m", str(folder), operation, named)
        assert code == 0, errors
    for file in ("requirements.txt", "conda.yaml"):
        text = (folder / file).read_text(encoding="utf-8")
        assert "tabulate==0.9.0" in text
        assert "six" not in text
