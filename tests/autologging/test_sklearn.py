"""What automatic logging must never do to a training, and what it keeps to itself."""

import inspect
import logging
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
import sklearn.metrics
from sklearn.base import clone
from sklearn.ensemble import BaggingClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import make_scorer
from sklearn.model_selection import GridSearchCV
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from runyard.autologging.watchers import is_watched
from runyard.exceptions import InvalidParameter
from tests.support.server import RunningServer

pytestmark = pytest.mark.slow

random = np.random.RandomState(0)
FEATURES = pd.DataFrame(random.rand(40, 2), columns=["a", "b"])
LABELS = (FEATURES.a > 0.5).astype(int)
NUMBERS = FEATURES.a * 2 + FEATURES.b


def runs(mlflow: ModuleType) -> list[Any]:
    """Every run of the experiment that is used when none is chosen."""
    found: list[Any] = mlflow.search_runs(["0"], output_format="list")
    return found


class Moody(LinearRegression):  # type: ignore[misc]  # sklearn has no types
    """An estimator that trains, and then refuses everything."""

    def predict(self, X: Any) -> Any:  # noqa: N803  (sklearn's name)
        """Refuse."""
        raise RuntimeError(f"No predictions for {len(X)} rows today")


def test_a_training_is_logged_though_its_parts_fail(mlflow: ModuleType, caplog: pytest.LogCaptureFixture) -> None:
    """What can be logged is; what fails is told once; the training gives its estimator."""
    mlflow.sklearn.autolog(log_models=False)
    with caplog.at_level(logging.WARNING, logger="runyard.autologging"):
        model = Moody().fit(FEATURES, NUMBERS)
        Moody().fit(FEATURES, NUMBERS)

    assert model.coef_ == pytest.approx([2, 1])
    first, second = runs(mlflow)
    assert first.data.params == second.data.params == {key: str(value) for key, value in Moody().get_params().items()}
    assert first.data.metrics == {}
    assert first.info.status == "FINISHED"
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == len(set(told)) == 5  # four metrics and the score
    assert all("No predictions for 40 rows today" in text and "was not affected" in text for text in told)


def test_a_failing_training_raises_its_own_exception(mlflow: ModuleType) -> None:
    """The run it was logged to is FAILED, with the params."""
    mlflow.sklearn.autolog()

    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        LogisticRegression().fit(FEATURES, LABELS[:3])

    (run,) = runs(mlflow)
    assert run.info.status == "FAILED"
    assert run.data.params["C"] == "1.0"
    assert mlflow.active_run() is None


def test_training_goes_on_without_a_store(
    mlflow: ModuleType, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Where no run may start without its server, one that is not there is a warning."""
    monkeypatch.setenv("RUNYARD_OFFLINE", "never")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    mlflow.set_tracking_uri("http://127.0.0.1:9")
    mlflow.sklearn.autolog()
    with caplog.at_level(logging.WARNING, logger="runyard.autologging"):
        model = LinearRegression().fit(FEATURES, NUMBERS)

    assert model.coef_ == pytest.approx([2, 1])
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "start of LinearRegression.fit" in caplog.text


def test_a_training_without_its_server_is_delivered_later(
    mlflow: ModuleType,
    start_server: Callable[..., RunningServer],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    forked_inference: None,
) -> None:
    """One warning says that it goes on; the run is there with its params, metrics and model when the server is."""
    server = start_server()
    server.kill()
    monkeypatch.setenv("RUNYARD_OFFLINE_AFTER", "0.5")
    mlflow.set_tracking_uri(server.url)
    mlflow.sklearn.autolog()
    model = LinearRegression().fit(FEATURES, NUMBERS)
    assert model.coef_ == pytest.approx([2, 1])
    (warning,) = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert "Training goes on" in warning
    assert "runyard sync" in warning

    monkeypatch.setenv("RUNYARD_OFFLINE_AFTER", "30")
    server.start()
    mlflow.flush_async_logging()

    (run,) = runs(mlflow)
    assert run.info.status == "FINISHED"
    assert run.data.params["fit_intercept"] == "True"
    assert "training_score" in run.data.metrics
    (logged,) = mlflow.search_logged_models(experiment_ids=["0"], output_format="list")
    loaded = mlflow.sklearn.load_model(f"models:/{logged.model_id}")
    assert loaded.predict(FEATURES) == pytest.approx(NUMBERS)


def test_what_the_training_changes_is_described_as_it_was(mlflow: ModuleType) -> None:
    """The digest is that of the data before the training wrote into it."""
    before, target = FEATURES.to_numpy().copy(), NUMBERS.to_numpy()
    expected = mlflow.data.from_numpy(before.copy(), targets=target).digest
    mlflow.sklearn.autolog(log_models=False)

    LinearRegression(copy_X=False).fit(before, target)

    assert not np.array_equal(before, FEATURES.to_numpy())
    assert [use.dataset.digest for use in runs(mlflow)[0].inputs.dataset_inputs] == [expected]


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_workers_of_a_search_log_nothing(mlflow: ModuleType, backend: str) -> None:
    """Neither processes nor threads make runs for the candidates' folds."""
    mlflow.sklearn.autolog(log_models=False)
    candidates = {"max_depth": [1, 2]}
    scorer = make_scorer(sklearn.metrics.f1_score)
    with joblib.parallel_config(backend, n_jobs=2):
        GridSearchCV(DecisionTreeClassifier(), candidates, cv=2, scoring=scorer).fit(FEATURES, LABELS)
        BaggingClassifier(LogisticRegression(), n_estimators=2).fit(FEATURES, LABELS)

    assert sorted(run.data.tags["estimator_name"] for run in runs(mlflow)) == [
        "BaggingClassifier",
        "DecisionTreeClassifier",
        "DecisionTreeClassifier",
        "GridSearchCV",
    ]


def test_trainings_in_threads_have_runs_of_their_own(mlflow: ModuleType) -> None:
    """Each thread's training is logged to its own run, with its own params."""
    mlflow.set_experiment("threads")
    mlflow.sklearn.autolog(log_models=False)
    threads = [
        threading.Thread(target=LogisticRegression(C=strength).fit, args=(FEATURES, LABELS)) for strength in (1, 2, 3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    logged = mlflow.search_runs(experiment_names=["threads"], output_format="list")
    assert sorted(run.data.params["C"] for run in logged) == ["1", "2", "3"]
    assert {run.info.status for run in logged} == {"FINISHED"}


def test_estimators_and_metrics_can_be_pickled(mlflow: ModuleType, tmp_path: Path) -> None:
    """Pickles made under automatic logging are read where there is none; copies are estimators like others."""
    mlflow.sklearn.autolog(log_models=False)
    model = LogisticRegression().fit(FEATURES, LABELS)
    (tmp_path / "model.pkl").write_bytes(pickle.dumps([model, model.predict, sklearn.metrics.f1_score]))

    program = (
        "import pickle, sys; model, predict, score = pickle.load(open('model.pkl', 'rb'));"
        "assert predict.__self__ is model; print(score([1], [1]), 'runyard' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.stdout.split() == ["1.0", "False"], done.stderr
    assert clone(model).get_params() == model.get_params()


def test_watched_methods_look_like_sklearns_own(mlflow: ModuleType) -> None:
    """Signatures stay, and methods that only some objects have are missing where they were."""
    signature = inspect.signature(LogisticRegression.fit)
    mlflow.sklearn.autolog()

    assert is_watched(LogisticRegression.fit)
    assert inspect.signature(LogisticRegression.fit) == signature
    search = GridSearchCV(SVC(), {"C": [1]})
    assert not hasattr(search, "predict_proba")
    assert hasattr(GridSearchCV(LogisticRegression(), {"C": [1]}), "predict_proba")
    assert not hasattr(SVC(), "predict_proba")


def test_disabling_puts_sklearns_own_functions_back(mlflow: ModuleType) -> None:
    """Afterwards nothing of ours is between the program and sklearn."""
    before = {name: inspect.getattr_static(GridSearchCV, name) for name in ("fit", "predict", "score")}
    measure = sklearn.metrics.accuracy_score
    mlflow.sklearn.autolog()
    mlflow.sklearn.autolog(log_models=False)
    assert sklearn.metrics.accuracy_score is not measure
    mlflow.sklearn.autolog(disable=True)

    assert sklearn.metrics.accuracy_score is measure
    assert before == {name: inspect.getattr_static(GridSearchCV, name) for name in before}
    assert "predict" not in vars(LinearRegression)


def test_a_second_training_in_a_run_leaves_its_params(mlflow: ModuleType, caplog: pytest.LogCaptureFixture) -> None:
    """Params are logged once: the second training's that differ are named in a warning, all else is logged."""
    mlflow.sklearn.autolog(log_models=False)
    with caplog.at_level(logging.WARNING), mlflow.start_run() as run:
        LogisticRegression(C=1).fit(FEATURES, LABELS)
        LogisticRegression(C=2, tol=0.1).fit(FEATURES, LABELS)

    assert mlflow.get_run(run.info.run_id).data.params["C"] == "1"
    assert f"Run {run.info.run_id} keeps the params of its first training: C, tol differ now." in caplog.text
    assert len(caplog.records) == 1


def test_a_negative_number_of_tuning_runs_is_refused(mlflow: ModuleType) -> None:
    """The error says what may be given; nothing is watched."""
    with pytest.raises(InvalidParameter, match=r"'max_tuning_runs' of sklearn\.autolog"):
        mlflow.sklearn.autolog(max_tuning_runs=-1)

    assert not is_watched(LinearRegression.fit)


def test_a_run_ended_by_the_training_is_left_alone(mlflow: ModuleType) -> None:
    """Code of an estimator may end the run; nothing else is ended for it."""

    class Ending(LinearRegression):  # type: ignore[misc]  # sklearn has no types
        """An estimator that ends the active run."""

        def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:  # noqa: N803  (sklearn's names)
            """End the run."""
            mlflow.end_run()
            return 0.5

    mlflow.sklearn.autolog(log_models=False)
    Ending().fit(FEATURES, NUMBERS)

    (run,) = runs(mlflow)
    assert run.info.status == "FINISHED"
    assert run.data.metrics["training_score"] == 0.5
