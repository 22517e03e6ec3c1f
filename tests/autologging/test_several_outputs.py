"""Trainings of several labels or numbers at once are logged with what is measured of such, and one sentence."""

import logging
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from sklearn.datasets import make_multilabel_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier

from runyard.autologging import reports

X, Y = make_multilabel_classification(60, 5, n_classes=2, random_state=0)
FRAME = pd.DataFrame(Y, columns=["red", "round"])
CLASSES = np.column_stack([X[:, 0].astype(int) % 3, X[:, 1].astype(int) % 3])
TOLD = "Of a classifier of several labels, metrics and plots made for one label are left out."


@pytest.fixture(autouse=True)
def untold(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is said once in a process is said once in a test."""
    monkeypatch.setattr(reports, "_told", set())


LABELS = {f"training_{name}" for name in ("accuracy_score", "f1_score", "precision_score", "recall_score", "score")}
AREAS = {"training_log_loss", "training_roc_auc"}

MADE: dict[str, tuple[Callable[[], Any], set[str]]] = {
    "a forest": (lambda: RandomForestClassifier(3, random_state=0).fit(X, Y), LABELS),
    "neighbours of a frame": (lambda: KNeighborsClassifier().fit(X, FRAME), LABELS),
    "neighbours of lists": (lambda: KNeighborsClassifier().fit(X.tolist(), Y.tolist()), LABELS),
    "one against the rest": (lambda: OneVsRestClassifier(LogisticRegression()).fit(X, Y), LABELS | AREAS),
    "sparse": (lambda: OneVsRestClassifier(LogisticRegression()).fit(X, scipy.sparse.csr_matrix(Y)), LABELS | AREAS),
    "a chain": (lambda: ClassifierChain(LogisticRegression()).fit(X, Y), LABELS | AREAS),
    "a search": (
        lambda: GridSearchCV(DecisionTreeClassifier(), {"max_depth": [1, 2]}, cv=2).fit(X, Y),
        LABELS | {"best_cv_score"},
    ),
    "a forest of classes": (lambda: RandomForestClassifier(3).fit(X, CLASSES), set()),
    "outputs of classes": (
        lambda: MultiOutputClassifier(DecisionTreeClassifier()).fit(X, CLASSES),
        {"training_score"},
    ),
    "outputs of text": (
        lambda: MultiOutputClassifier(DecisionTreeClassifier()).fit(X, FRAME.astype(str)),
        {"training_score"},
    ),
}


@pytest.mark.parametrize("name", MADE)
def test_several_labels_are_logged_with_one_sentence(
    name: str,
    mlflow: ModuleType,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    forked_inference: None,
) -> None:
    """No error of numpy's is shown, and the model is logged."""
    train, expected = MADE[name]
    if name != "a forest":  # to load each model in a process of its own takes longer than all the rest
        monkeypatch.setenv("RUNYARD_REQUIREMENTS_INFERENCE_TIMEOUT", "0.01")
    mlflow.sklearn.autolog(max_tuning_runs=0)
    with caplog.at_level(logging.WARNING, logger="runyard"), mlflow.start_run() as run:
        train()

    found = mlflow.get_run(run.info.run_id)
    assert set(found.data.metrics) == expected
    assert found.outputs.model_outputs
    files = {file.path for file in mlflow.MlflowClient().list_artifacts(run.info.run_id)}
    assert "estimator.html" in files
    assert not any(file.endswith(".png") for file in files)
    assert [text for text in caplog.messages if "autolog" in text.lower() or "label" in text] == [TOLD]


def test_several_numbers_are_logged_like_one(mlflow: ModuleType, caplog: pytest.LogCaptureFixture) -> None:
    """The metrics are means over the outputs."""
    mlflow.sklearn.autolog(log_models=False)
    with caplog.at_level(logging.WARNING, logger="runyard"), mlflow.start_run() as run:
        LinearRegression().fit(X, np.column_stack([X[:, 0] * 2, X[:, 1]]))

    measured = mlflow.get_run(run.info.run_id).data.metrics
    assert measured["training_r2_score"] == measured["training_score"] == pytest.approx(1)
    assert caplog.messages == []
