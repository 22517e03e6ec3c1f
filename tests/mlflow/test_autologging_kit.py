"""What other packages build their own `autolog` of, such as that of darts."""

import inspect
from collections.abc import Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

import runyard
from runyard.autologging import reports
from runyard.autologging.integrations import AUTOLOGGING_INTEGRATIONS, get_autologging_config
from runyard.autologging.patches import revert
from runyard.exceptions import InvalidParameter, RunyardException
from runyard.mlflow.utils.autologging import MlflowAutologgingQueueingClient, autologging_integration, safe_patch


class Model:
    """A library's model."""

    def fit(self, steps: int) -> str:
        """Train."""
        if steps < 0:
            raise ValueError("steps are not negative")
        return f"{steps} steps"

    @staticmethod
    def kinds() -> int:
        """How many there are."""
        return 1

    @classmethod
    def named(cls) -> str:
        """Its name."""
        return cls.__name__


class Failing:
    """What a patch does to the call: it may fail itself, before and after."""

    when = ""


@pytest.fixture
def autolog() -> Iterator[Any]:
    """The function of a package that is built with the kit."""

    def log_fit(original: Any, self: Model, steps: int) -> Any:
        if Failing.when == "before":
            raise OSError("before")
        given = inspect.signature(original).bind(self, steps).arguments
        result = original(self, given["steps"])
        if Failing.when == "after":
            raise OSError("after")
        runyard.log_param("steps", steps)
        return result

    @autologging_integration("planes")
    def switch(log_models: bool = True, disable: bool = False, silent: bool = False) -> None:
        safe_patch("planes", Model, "fit", log_fit, manage_run=True, extra_tags={"kind": "test"})
        safe_patch("planes", Model, "kinds", lambda original: original() + 1)
        safe_patch("planes", Model, "named", lambda original, cls: original(cls) + "!")

    reports._told.clear()  # each failure is told once in a process
    yield switch
    revert("planes")
    AUTOLOGGING_INTEGRATIONS.pop("planes", None)
    Failing.when = ""


def test_a_patched_function_logs_until_it_is_switched_off(mlflow: ModuleType, autolog: Any) -> None:
    """The run is made for the call, and ends with it; options are kept."""
    autolog(log_models=False)
    autolog(log_models=False)

    assert ("3 steps", 2, "Model!") == (Model().fit(3), Model.kinds(), Model.named())

    run = mlflow.last_active_run()
    assert {"steps": "3"} == run.data.params
    assert ("FINISHED", "planes", "test") == (
        run.info.status,
        run.data.tags["mlflow.autologging"],
        run.data.tags["kind"],
    )
    assert get_autologging_config("planes", "log_models", default_value=True) is False
    with mlflow.utils.autologging_utils.disable_autologging():
        Model().fit(4)
    autolog(disable=True)
    assert ("5 steps", 1, "Model") == (Model().fit(5), Model.kinds(), Model.named())
    assert 1 == len(mlflow.search_runs(output_format="list"))


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_failing_patch_leaves_the_call_alone(
    mlflow: ModuleType, autolog: Any, when: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The library is called once, and what it gives is what the caller gets."""
    autolog()
    Failing.when = when

    assert "3 steps" == Model().fit(3)
    assert f"planes failed at the patch of fit: OSError: {when}" in caplog.text


def test_the_librarys_own_error_is_the_callers(mlflow: ModuleType, autolog: Any) -> None:
    """And the run has failed."""
    autolog()

    with pytest.raises(ValueError, match="not negative"):
        Model().fit(-1)
    assert "FAILED" == mlflow.last_active_run().info.status


def test_an_autolog_that_cannot_be_switched_off_is_refused() -> None:
    """`runyard.autolog(disable=True)` could not mean it."""
    with pytest.raises(InvalidParameter, match=r"'ships' needs the parameters \['disable', 'silent'\]"):
        autologging_integration("ships")(lambda log_models: None)


def test_what_is_gathered_is_sent_at_once(mlflow: ModuleType) -> None:
    """Params, metrics, tags and the end of a run, in any number."""
    with MlflowAutologgingQueueingClient() as client:
        run_id = client.create_run("0", run_name="gathered", tags={"a": 1})
        client.log_params(run_id, {f"p{number}": number for number in range(150)})
        client.log_metrics(run_id, {"loss": 0.5}, step=2, dataset=SimpleNamespace(name="train", digest="abc"))
        client.set_tags(run_id, {"b": 2})
        client.set_terminated(run_id)
        assert {} == mlflow.get_run(run_id).data.params

    run = mlflow.get_run(run_id)
    assert (150, "FINISHED", {"loss": 0.5}) == (len(run.data.params), run.info.status, run.data.metrics)
    assert {"a": "1", "b": "2"}.items() <= run.data.tags.items()
    assert 2 == mlflow.MlflowClient().get_metric_history(run_id, "loss")[0].step


def test_what_is_refused_is_told_when_it_is_waited_for(mlflow: ModuleType) -> None:
    """The rest is stored."""
    client = MlflowAutologgingQueueingClient()
    run_id = client.create_run("0")
    client.log_params(run_id, {"a": 1})
    client.log_params("0" * 32, {"a": 1})

    done = client.flush(synchronous=False)

    with pytest.raises(RunyardException, match="0000"):
        done.await_completion()
    assert {"a": "1"} == mlflow.get_run(run_id).data.params
    client.log_params("0" * 32, {"a": 1})
    with pytest.raises(RunyardException, match="0000"):
        client.flush()
    client.flush()
