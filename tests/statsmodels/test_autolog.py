"""``runyard.statsmodels.autolog()``: what it logs of fits, beside what MLflow does."""

import json
import os
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import statsmodels.api as sm
from statsmodels.base.model import GenericLikelihoodModel, Model
from statsmodels.tsa.stattools import adfuller

import runyard
from tests.flavors.examples import paths
from tests.statsmodels.examples import CLASSES, ROWS, SERIES, TARGET

SCRIPT = Path(__file__).with_name("autolog_script.py")


@pytest.fixture(autouse=True)
def watched(store: Path) -> Iterator[None]:
    """Fits are logged, without models."""
    runyard.statsmodels.autolog(log_models=False)
    yield
    runyard.statsmodels.autolog(disable=True)


def _fit(**options: Any) -> Any:
    return sm.OLS(TARGET, ROWS).fit(**options)


def _runs() -> list[Any]:
    found = runyard.search_runs(output_format="list")
    assert isinstance(found, list)
    return found


def _logged_by(module: str, folder: Path) -> dict[str, Any]:
    folder.mkdir()
    done = subprocess.run(
        [sys.executable, str(SCRIPT), module],
        cwd=folder,
        env=os.environ | paths(),
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _finite(metrics: dict[str, float]) -> dict[str, float]:
    """As MLflow stores them: infinity is its largest number."""
    return {name: min(value, sys.float_info.max) for name, value in metrics.items()}


@pytest.mark.slow
@pytest.mark.compat
@pytest.mark.timeout(600)
def test_the_same_is_logged_as_by_mlflow(tmp_path: Path) -> None:
    """For linear models, generalized ones, time series; its placeholder for arguments that were not given is not."""
    theirs, ours = _logged_by("mlflow", tmp_path / "theirs"), _logged_by("runyard", tmp_path / "ours")

    for runs in theirs.values():
        for run in runs if isinstance(runs, list) else ():
            for described in (run, *run["models"]):
                if described["params"].get("kwargs") == "<class 'inspect._empty'>":
                    del described["params"]["kwargs"]
    for name, runs in theirs.items():
        if isinstance(runs, list):
            for one, other in zip(runs, ours[name], strict=True):
                assert one.pop("metrics") == pytest.approx(_finite(other.pop("metrics")), rel=1e-6), name
        assert runs == ours[name], name


def test_fits_log_to_the_active_run(store: Path) -> None:
    """The second fit's statistics stand beside the first's; params of the same value may be logged again."""
    with runyard.start_run() as run:
        _fit()
        first = runyard.get_run(run.info.run_id).data.metrics["aic"]
        _fit(method="qr")

    [logged] = _runs()
    assert "mlflow.autologging" not in logged.data.tags
    assert "pinv" == logged.data.params["method"]
    history = runyard.RunyardClient().get_metric_history(run.info.run_id, "aic")
    assert [first, first] == pytest.approx([point.value for point in history])


def test_arguments_of_the_optimizer_are_params(store: Path) -> None:
    """By their own names."""
    sm.Logit(CLASSES, ROWS).fit(disp=0, tol=1e-4)

    [run] = _runs()
    assert {"method": "newton", "tol": "0.0001"}.items() <= run.data.params.items()
    assert "kwargs" not in run.data.params


def test_a_failing_fit_fails_its_run(store: Path) -> None:
    """The library's exception is what the caller gets."""
    with pytest.raises(ValueError, match="pinv"):
        _fit(method="nonsense")

    [run] = _runs()
    assert "FAILED" == run.info.status
    assert "nonsense" == run.data.params["method"]


def test_fits_that_the_library_makes_inside_are_not_logged(store: Path) -> None:
    """A test of a series fits models by the dozen."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        adfuller(SERIES)

    assert [] == _runs()


def test_models_of_the_program_are_watched(store: Path) -> None:
    """Though their class is defined after the call of autolog."""

    class Own(GenericLikelihoodModel):  # type: ignore[misc]
        def nloglikeobs(self, params: Any) -> Any:
            return (self.endog - self.exog @ params) ** 2

        def fit(self, **options: Any) -> Any:
            return super().fit(disp=0, **options)

    Own(TARGET, ROWS).fit(start_params=[1.0, 1.0, -1.0])

    [run] = _runs()
    assert {"start_params": "[1.0, 1.0, -1.0]"} == run.data.params
    assert "llf" in run.data.metrics


def test_exclusive_leaves_the_programs_runs_alone(store: Path) -> None:
    """They get nothing."""
    runyard.statsmodels.autolog(log_models=False, exclusive=True)
    with runyard.start_run():
        _fit()

    [run] = _runs()
    assert {} == run.data.params


def test_disabling_puts_the_functions_back(store: Path) -> None:
    """Classes of models are as they were."""
    runyard.statsmodels.autolog(disable=True)
    _fit()

    assert [] == _runs()
    assert not hasattr(sm.OLS.fit, "__wrapped__")
    assert "__init_subclass__" not in vars(Model)


def test_versions_that_were_not_tested_can_be_left_alone(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The option says so; without it they are watched."""
    monkeypatch.setattr("statsmodels.__version__", "9.1.0")
    runyard.statsmodels.autolog(log_models=False, disable_for_unsupported_versions=True)
    _fit()
    assert [] == _runs()

    runyard.statsmodels.autolog(log_models=False)
    _fit()
    assert 1 == len(_runs())


LATER = """
import runyard
runyard.autolog(log_models=False)
import statsmodels.api as sm
from tests.statsmodels.examples import ROWS, TARGET
sm.OLS(TARGET, ROWS).fit()
[run] = runyard.search_runs(output_format="list")
print(run.data.tags["mlflow.autologging"], run.data.params["method"])
"""


def test_the_general_call_reaches_fits(tmp_path: Path) -> None:
    """When the library is imported after it."""
    done = subprocess.run(
        [sys.executable, "-c", LATER],
        cwd=tmp_path,
        env=os.environ | paths(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert ["statsmodels pinv"] == done.stdout.splitlines(), done.stderr
