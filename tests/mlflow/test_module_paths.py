"""What the modules at MLflow's paths do."""

import importlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import runyard
from runyard.core.http import request_headers
from runyard.fluent import experiments
from runyard.mlflow import environment_variables
from runyard.mlflow.tracking import artifact_utils, fluent
from runyard.mlflow.tracking.request_headers import (
    RequestHeaderProvider,
    _request_header_provider_registry,
    resolve_request_headers,
)
from runyard.mlflow.utils import mlflow_tags, validation


class Gateway(RequestHeaderProvider):
    """Adds what a gateway in front of the server asks for."""

    applies = True

    def in_context(self) -> bool:
        """Applies while a test says so."""
        return self.applies

    def request_headers(self) -> dict[str, str]:
        """Two headers of its own, and two that are ours."""
        return {"X-Gateway": "a", "X-Team": "b", "User-Agent": "gateway/1", "Authorization": "Basic stolen"}


class Second(Gateway):
    """Another provider with a header of the same name."""

    def request_headers(self) -> dict[str, str]:
        """One header."""
        return {"X-Team": "c"}


@pytest.fixture
def gateways() -> Iterator[None]:
    """Two providers that apply during the test."""
    Gateway.applies = True
    _request_header_provider_registry.register(Gateway)
    _request_header_provider_registry.register(Second)
    yield
    Gateway.applies = False


@pytest.mark.usefixtures("gateways")
def test_registered_providers_add_headers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Libraries for gateways and clouds sign in so; our credentials win over theirs."""
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "ours")
    sent = request_headers()

    assert (sent["X-Gateway"], sent["X-Team"], sent["Authorization"]) == ("a", "b c", "Bearer ours")
    assert re.fullmatch(r"runyard-python-client/\S+ gateway/1", sent["User-Agent"])
    assert resolve_request_headers({"X-Gateway": "given"})["X-Gateway"] == "given"
    Gateway.applies = False
    assert "X-Gateway" not in request_headers()


def test_limits_are_mlflows() -> None:
    """Libraries cut their values at these, so that they look the same on either."""
    assert validation.MAX_PARAM_VAL_LENGTH == 6000
    assert validation.MAX_TAG_VAL_LENGTH == 8000
    assert validation.MAX_PARAMS_TAGS_PER_BATCH == 100
    assert validation.MAX_METRICS_PER_BATCH == 1000
    assert validation.MAX_ENTITY_KEY_LENGTH == 250


@pytest.mark.parametrize(
    ("name", "allowed"), [("val/loss-1.0: x_y", True), ("", True), ("loss!", False), ("a\n", False)]
)
def test_names_are_checked_by_their_characters(name: str, allowed: bool) -> None:
    """Ignite leaves out what would be refused."""
    assert bool(validation.validate_param_and_metric_name(name)) is allowed


def test_names_that_are_paths_to_elsewhere_are_found() -> None:
    """A key may become a file name."""
    found = [name for name in ("a", "a/b", "a//b", "..", "/a", ".") if validation.path_not_unique(name)]

    assert found == ["a//b", "..", "/a", "."]
    assert "'a/b'" in validation.bad_path_message("a//b")


def test_a_variable_is_read_set_and_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    """composer takes the names and sets the values of these objects."""
    variable = environment_variables.MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE
    monkeypatch.delenv(variable.name, raising=False)

    assert (variable.get(), variable.is_set(), variable.defined, variable.get_raw()) == (10485760, False, False, None)
    variable.set(5)
    assert (variable.get(), variable.get_raw(), os.environ["MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE"]) == (5, "5", "5")
    monkeypatch.setenv(variable.name, "many")
    with pytest.raises(ValueError, match="MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE is 'many'"):
        variable.get()
    variable.unset()
    variable.unset()
    assert not variable.defined
    assert f"{variable} {variable!s}" == f"{variable.name} {variable.name} (default: 10485760)"


def test_a_variable_we_share_is_known_by_both_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Setting it under MLflow's name must not be hidden by ours."""
    monkeypatch.setenv("RUNYARD_TRACKING_URI", "http://ours")
    variable = environment_variables.MLFLOW_TRACKING_URI
    assert variable.get() == runyard.get_tracking_uri() == "http://ours"

    variable.set("http://new")

    assert variable.get() == runyard.get_tracking_uri() == "http://new"
    variable.unset()
    assert not runyard.is_tracking_uri_set()


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("MLFLOW_ENABLE_ASYNC_LOGGING", "True", True),
        ("MLFLOW_ENABLE_ASYNC_LOGGING", "0", False),
        ("MLFLOW_ICON_URL_ALLOWED_SCHEMES", "https, data", ["https", "data"]),
        ("MLFLOW_TRACE_SAMPLING_RATIO", "0.5", 0.5),
        ("MLFLOW_RUN_ID", "abc", "abc"),
    ],
)
def test_a_variable_has_its_type(name: str, text: str, value: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Flags, lists and numbers come as such."""
    monkeypatch.setenv(name, text)

    assert getattr(environment_variables, name).get() == value


def test_tags_of_a_new_run_can_be_asked_for() -> None:
    """Lightning sends them with the runs it makes."""
    context = importlib.import_module("runyard.tracking.context")
    tags = context.registry.resolve_tags({"kind": "test", "mlflow.source.type": "JOB"})

    assert tags[mlflow_tags.MLFLOW_USER] == context.default_context._get_user()
    assert (tags["kind"], tags[mlflow_tags.MLFLOW_SOURCE_TYPE]) == ("test", "JOB")
    assert mlflow_tags.MLFLOW_SOURCE_NAME in tags


def test_the_module_of_the_functions_shows_their_state(tmp_path: Path) -> None:
    """Some libraries read which experiment and runs are active from there."""
    runyard.set_tracking_uri(f"sqlite:///{tmp_path / 'state.db'}")
    try:
        experiment = runyard.set_experiment("state").experiment_id
        with runyard.start_run() as run:
            assert list(fluent._active_run_stack) == [run]
            assert fluent.active_run() is run
        assert fluent._active_experiment_id == fluent._get_experiment_id() == experiment
        assert fluent._last_active_run_id == run.info.run_id
        where = artifact_utils.get_artifact_uri(run.info.run_id, "model")
        assert where.endswith(f"{run.info.run_id}/artifacts/model")
    finally:
        experiments.activate(None)
        runyard.set_tracking_uri(None)
