"""Trainings inside of scikit-learn are not the program's; those of the program are, wherever they happen."""

import os
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import joblib
import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier, StackingClassifier, VotingClassifier
from sklearn.experimental import enable_iterative_imputer  # noqa: F401  (makes IterativeImputer importable)
from sklearn.feature_selection import RFE, RFECV, SelectFromModel, SequentialFeatureSelector
from sklearn.impute import IterativeImputer
from sklearn.inspection import permutation_importance
from sklearn.model_selection import (
    GridSearchCV,
    cross_val_predict,
    cross_val_score,
    cross_validate,
    learning_curve,
    permutation_test_score,
    validation_curve,
)
from sklearn.model_selection._search import BaseSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.parallel import Parallel, delayed

from tests.support.programs import BENEATH_SKLEARN, start_program

X, Y = load_iris(return_X_y=True)
HOLES = np.where(X < 0.3, np.nan, X)


def tree(**settings: Any) -> Any:
    """A small tree."""
    return DecisionTreeClassifier(random_state=0, max_depth=2, **settings)


class Foreign(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # sklearn has no types
    """An estimator of another package, that trains one of sklearn's inside."""

    def fit(self, features: Any, targets: Any) -> Any:
        """Train the inner one."""
        self.inner_ = tree().fit(features, targets)
        self.classes_ = self.inner_.classes_
        return self

    def predict(self, features: Any) -> Any:
        """Ask the inner one."""
        return self.inner_.predict(features)


class ForeignSearch(BaseSearchCV):  # type: ignore[misc]  # sklearn has no types
    """A search of another package."""

    def __init__(self, estimator: Any, cv: Any = None) -> None:
        super().__init__(estimator, cv=cv)

    def _run_search(self, evaluate_candidates: Callable[..., Any]) -> None:
        evaluate_candidates([{"min_samples_leaf": 1}, {"min_samples_leaf": 5}])


INNER: dict[str, Callable[[], Any]] = {
    "cross_val_score": lambda: cross_val_score(tree(), X, Y, cv=2),
    "cross_validate": lambda: cross_validate(tree(), X, Y, cv=2, return_estimator=True),
    "cross_val_predict": lambda: cross_val_predict(tree(), X, Y, cv=2),
    "learning_curve": lambda: learning_curve(tree(), X, Y, cv=2, shuffle=True, random_state=0),
    "validation_curve": lambda: validation_curve(tree(), X, Y, cv=2, param_name="max_depth", param_range=[1, 2]),
    "permutation_test_score": lambda: permutation_test_score(tree(), X, Y, cv=2, n_permutations=2),
    "a search inside": lambda: cross_val_score(GridSearchCV(tree(), {"max_depth": [1, 2]}, cv=2), X, Y, cv=2),
    "a foreign estimator": lambda: cross_val_score(make_pipeline(StandardScaler(), Foreign()), X, Y, cv=2),
    "RFE": lambda: RFE(tree()).fit_transform(X, Y),
    "RFECV": lambda: RFECV(tree(), cv=2).fit(X, Y),
    "SequentialFeatureSelector": lambda: SequentialFeatureSelector(tree(), n_features_to_select=1, cv=2).fit(X, Y),
    "SelectFromModel": lambda: SelectFromModel(tree()).fit(X, Y),
    "IterativeImputer": lambda: IterativeImputer(max_iter=1, tol=1e9).fit_transform(HOLES),
    "ColumnTransformer": lambda: ColumnTransformer([("best", SelectFromModel(tree()), [0, 1])]).fit(X, Y),
}


@pytest.mark.parametrize("name", INNER)
def test_what_sklearn_trains_for_itself_is_not_logged(name: str, mlflow: ModuleType) -> None:
    """A look at the folds makes no runs, and mixes nothing into the run that is open."""
    mlflow.sklearn.autolog(log_models=False)
    INNER[name]()
    assert mlflow.search_runs(output_format="list") == []

    with mlflow.start_run() as run:
        INNER[name]()
    found = mlflow.get_run(run.info.run_id)
    assert (found.data.params, found.data.metrics, found.inputs.dataset_inputs) == ({}, {}, [])


@pytest.mark.timeout(300)  # it starts processes that import scikit-learn
@pytest.mark.parametrize("backend", ["loky", "threading", "multiprocessing"])
def test_workers_of_cross_validation_log_nothing(backend: str, mlflow: ModuleType) -> None:
    """The folds are sklearn's whichever way joblib shares them out."""
    mlflow.sklearn.autolog(log_models=False)
    with joblib.parallel_config(backend, n_jobs=2):
        cross_val_score(tree(), X, Y, cv=2)
        RFECV(tree(), cv=2).fit(X, Y)

    assert mlflow.search_runs(output_format="list") == []


OUTER: dict[str, Callable[[], Any]] = {
    "CalibratedClassifierCV": lambda: CalibratedClassifierCV(tree(), cv=2).fit(X, Y),
    "StackingClassifier": lambda: StackingClassifier([("a", tree())], tree(), cv=2).fit(X, Y),
    "VotingClassifier": lambda: VotingClassifier([("a", tree()), ("b", tree())], n_jobs=2).fit(X, Y),
    "MultiOutputClassifier": lambda: MultiOutputClassifier(tree()).fit(X, np.column_stack([Y, Y])),
    "OneVsRestClassifier": lambda: OneVsRestClassifier(tree()).fit(X, Y),
    "Pipeline": lambda: make_pipeline(SelectFromModel(tree()), tree()).fit(X, Y),
    "ForeignSearch": lambda: ForeignSearch(tree(), cv=2).fit(X, Y),
}


@pytest.mark.parametrize("name", OUTER)
def test_the_outer_training_has_one_run(name: str, mlflow: ModuleType) -> None:
    """An ensemble, pipeline or search of anybody's is one training, however many fits it is made of."""
    mlflow.sklearn.autolog(log_models=False, max_tuning_runs=0)
    OUTER[name]()

    [run] = mlflow.search_runs(output_format="list")
    assert run.data.tags["estimator_name"] == name


PARALLEL: dict[str, Callable[[Any], Any]] = {
    "joblib": lambda train: joblib.Parallel(2, backend="threading")(joblib.delayed(train)(depth) for depth in (1, 2)),
    "one after the other": lambda train: joblib.Parallel(1)(joblib.delayed(train)(depth) for depth in (1, 2)),
    "sklearn": lambda train: Parallel(2, backend="threading")(delayed(train)(depth) for depth in (1, 2)),
}


@pytest.mark.parametrize("way", PARALLEL)
def test_trainings_that_the_program_shares_out_are_logged(way: str, mlflow: ModuleType) -> None:
    """A loop over settings with joblib is the program's own, also when its forests use joblib inside."""
    mlflow.sklearn.autolog(log_models=False)
    mlflow.set_experiment("shared")
    PARALLEL[way](lambda depth: RandomForestClassifier(3, max_depth=depth, n_jobs=2).fit(X, Y))

    found = mlflow.search_runs(experiment_names=["shared"], output_format="list")
    assert sorted(run.data.params["max_depth"] for run in found) == ["1", "2"]


def test_asking_how_much_features_matter_adds_no_metrics(mlflow: ModuleType) -> None:
    """The scores on shuffled columns are steps of sklearn's computation; one that the program asks for is logged."""
    mlflow.sklearn.autolog(log_models=False)
    rows = X[:50]
    with mlflow.start_run() as run:
        model = tree().fit(X, Y)
        permutation_importance(model, rows, Y[:50], n_repeats=2)
        model.score(rows, Y[:50])

    measured = mlflow.get_run(run.info.run_id).data.metrics
    assert {name for name in measured if not name.startswith("training_")} == {"DecisionTreeClassifier_score_rows"}


PROGRAM = """
import runyard
{before}
runyard.sklearn.autolog(log_models=False, max_tuning_runs=0)
{after}
cross_val_score(DecisionTreeClassifier(), X, Y, cv=2)
HalvingGridSearchCV(DecisionTreeClassifier(), {{"max_depth": [1, 2]}}, cv=2).fit(X, Y)
print([run.data.tags["estimator_name"] for run in runyard.search_runs(output_format="list")])
"""
IMPORTS = """
from sklearn.datasets import load_iris
from sklearn.experimental import enable_halving_search_cv
from sklearn.model_selection import HalvingGridSearchCV, cross_val_score
from sklearn.tree import DecisionTreeClassifier
X, Y = load_iris(return_X_y=True)
"""


@pytest.mark.parametrize("when", ["before", "after"])
def test_it_does_not_matter_when_sklearn_was_imported(when: str, tmp_path: Path) -> None:
    """Names that a program imported before `autolog` mean the same as those it imports later."""
    program = PROGRAM.format(**({"before": "", "after": ""} | {when: IMPORTS}))
    environment = {**os.environ, "MLFLOW_TRACKING_URI": "sqlite:///runs.db"}
    _, out, errors = start_program(program, folder=tmp_path, environment=environment, loaded=BENEATH_SKLEARN).finish()

    assert out.splitlines() == ["['HalvingGridSearchCV']"], errors
