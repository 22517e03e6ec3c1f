"""Where runs are logged, and what doctor says about it."""

import os
from pathlib import Path
from types import ModuleType

import pytest

import runyard
from runyard.exceptions import InvalidParameter
from runyard.fluent.doctor import diagnosis


def test_by_default_a_database_in_the_working_directory_is_used(mlflow: ModuleType, tmp_path: Path) -> None:
    """The server started there uses the same."""
    mlflow.set_tracking_uri(None)

    assert not mlflow.is_tracking_uri_set()
    assert mlflow.get_tracking_uri() == mlflow.get_registry_uri() == f"sqlite:///{tmp_path}/runyard.db"


def test_a_chosen_address_holds_for_children_too(mlflow: ModuleType) -> None:
    """It is written to the environment, and empty text undoes it."""
    mlflow.set_tracking_uri("http://localhost:1")

    assert mlflow.is_tracking_uri_set()
    assert os.environ["MLFLOW_TRACKING_URI"] == mlflow.get_tracking_uri() == "http://localhost:1"
    mlflow.set_tracking_uri("")
    assert "MLFLOW_TRACKING_URI" not in os.environ
    assert not mlflow.is_tracking_uri_set()


def test_the_environment_gives_the_address(mlflow: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Our name of the variable wins over MLflow's."""
    mlflow.set_tracking_uri(None)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://theirs")
    assert mlflow.get_tracking_uri() == "http://theirs"
    monkeypatch.setenv("RUNYARD_TRACKING_URI", "http://ours")
    assert mlflow.get_tracking_uri() == "http://ours"


def test_a_path_becomes_an_address(mlflow: ModuleType, tmp_path: Path) -> None:
    """As MLflow."""
    mlflow.set_tracking_uri(Path("store"))

    assert mlflow.get_tracking_uri() == (tmp_path / "store").as_uri()


def test_an_address_that_is_not_text_is_refused(mlflow: ModuleType) -> None:
    """With an example of one."""
    with pytest.raises(InvalidParameter, match="got 5"):
        mlflow.set_tracking_uri(5)


def test_the_registry_has_an_address_of_its_own_if_wanted(mlflow: ModuleType) -> None:
    """Otherwise it is where runs are logged."""
    mlflow.set_registry_uri("http://models")
    assert mlflow.get_registry_uri() == "http://models"
    mlflow.set_registry_uri("")
    assert mlflow.get_registry_uri() == mlflow.get_tracking_uri()


def test_doctor_says_what_a_bug_report_needs(
    mlflow: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Versions, address, whether it answers; asking makes no database."""
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path / 'missing.db'}")
    assert "not there yet" in diagnosis()["Store"]
    mlflow.set_experiment("made by the first use")
    mlflow.doctor()

    printed = capsys.readouterr().out
    assert f"Tracking URI: {mlflow.get_tracking_uri()}" in printed
    assert "Store: answers" in printed
    assert "Python: 3." in printed


def test_doctor_shows_no_secrets(mlflow: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither those in variables nor those inside of addresses."""
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "hunter2")
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "hunter2")
    monkeypatch.setenv("MLFLOW_REGISTRY_URI", "http://ada:hunter2@models")

    found = diagnosis()
    assert "hunter2" not in str(found)
    assert found["Registry URI"] == "http://***@models"
    assert diagnosis(mask_envs=True)["MLFLOW_REGISTRY_URI"] == "***"


def test_doctor_says_when_nothing_answers(mlflow: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Instead of failing."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    mlflow.set_tracking_uri("http://127.0.0.1:9")

    assert diagnosis()["Store"].startswith("does not answer")
    assert runyard.get_tracking_uri() == "http://127.0.0.1:9"
