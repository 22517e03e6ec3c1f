"""Trains with scikit-learn under automatic logging and prints what was logged.

Run as: python autolog_script.py MODULE TRACKING_URI FOLDER [PART…], where MODULE is mlflow or runyard and the parts are
names of the functions below that are decorated as parts; all of them when none is named. Recorded with mlflow 3.17.2:
tests/recorded/autolog-script-mlflow-3.17.2.json.
"""

import importlib
import json
import logging
import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import scipy.sparse
import sklearn.metrics
import yaml
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.ensemble import BaggingClassifier, RandomForestClassifier, VotingClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.metrics import get_scorer, make_scorer
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

import sklearn

MODULE, URI, FOLDER, *CHOSEN = sys.argv[1:]
os.chdir(FOLDER)
mlflow = importlib.import_module(MODULE)
logging.disable(logging.CRITICAL)

X = pd.DataFrame(np.random.RandomState(0).rand(60, 3), columns=list("abc"))
three = pd.Series((X.a * 3).astype(int), name="three")
two = pd.Series((X.a + X.b / 3 > 0.6).astype(int), name="two")
number = pd.Series(X.a * 2 + X.b + X.c**2, name="number")
early, late = X[:30], X[30:]
PARTS = {}


def part(**options):
    """Register a function with the options of autolog that it is to run under."""

    def register(function):
        PARTS[function.__name__] = (function, options)
        return function

    return register


def tree(**settings):
    return DecisionTreeClassifier(random_state=0, **settings)


@part()
def regressor():
    LinearRegression().fit(X, number)


@part()
def classifier():
    with mlflow.start_run():
        forest = RandomForestClassifier(n_estimators=3, max_depth=2, random_state=0).fit(X, two)
        held, labels = X[:20], two[:20]
        forest.score(held, labels)
        forest.score(held, labels)
        predicted = forest.predict(held)
        sklearn.metrics.accuracy_score(labels, predicted)
        sklearn.metrics.accuracy_score(labels, y_pred=predicted)
        sklearn.metrics.f1_score(labels, forest.predict(held))
        forest.score(X[:10], two[:10])


@part(max_tuning_runs=2)
def grid_search():
    search = GridSearchCV(tree(), {"max_depth": [1, 2, 3]}, cv=2).fit(X, three)
    search.score(X, three)
    predicted = search.predict(X)
    sklearn.metrics.accuracy_score(three, predicted)


@part(max_tuning_runs=2)
def randomized_search():
    candidates = {"ridge__alpha": [0.1, 1, 10, 100]}
    pipeline = make_pipeline(StandardScaler(), Ridge())
    scoring = ["r2", "neg_mean_squared_error"]
    with mlflow.start_run():
        RandomizedSearchCV(
            pipeline, candidates, n_iter=3, cv=2, random_state=0, scoring=scoring, refit="r2"
        ).fit(X, number)  # fmt: skip


@part(log_models=False, max_tuning_runs=None)
def search_without_best():
    GridSearchCV(tree(), {"max_depth": [1, 2, 3]}, cv=2, refit=False, return_train_score=True).fit(X, three)


@part()
def many_classes_as_arrays():
    LogisticRegression().fit(X.to_numpy(), three.to_numpy())


@part()
def pipeline():
    make_pipeline(StandardScaler(), Ridge()).fit(X, number)


@part()
def voting():
    VotingClassifier([("a", tree(max_depth=1)), ("b", LogisticRegression())]).fit(X, two)


@part(log_models=False)
def bagging():
    BaggingClassifier(tree(max_depth=1), n_estimators=2, random_state=0).fit(X, two)


@part()
def clusters():
    KMeans(n_clusters=2, n_init=1, random_state=0).fit_predict(X)


@part()
def components():
    PCA(n_components=2).fit_transform(X)


@part()
def preparing_only():
    StandardScaler().fit_transform(X)


@part(log_models=False)
def one_against_rest():
    OneVsRestClassifier(LinearSVC(random_state=0)).fit(X, three)


@part(log_models=False)
def sparse():
    LogisticRegression().fit(scipy.sparse.csr_matrix(X.to_numpy()), two.to_numpy())


@part(log_models=False)
def texts():
    LogisticRegression().fit(X.to_numpy().tolist(), ["yes" if label else "no" for label in two])


@part(log_models=False)
def weights():
    LogisticRegression().fit(X, three, np.arange(60) + 1.0)
    LinearRegression().fit(X, pd.DataFrame({"p": number, "q": -number}), sample_weight=np.arange(60) + 1)


@part(log_models=False)
def measuring():
    later, labels = X[30:], two[30:]
    with mlflow.start_run():
        model = make_pipeline(StandardScaler(), LogisticRegression()).fit(early, two[:30])
        predicted = model.predict(later)
        sklearn.metrics.accuracy_score(labels, predicted)
        sklearn.metrics.log_loss(labels, model.predict_proba(later))
        sklearn.metrics.fbeta_score(labels, predicted, beta=0.5, average="macro")
        sklearn.metrics.confusion_matrix(labels, predicted)
        sklearn.metrics.f1_score(labels, predicted.copy())
        model.score(X=later, y=labels)
    sklearn.metrics.recall_score(labels, predicted)


@part(log_models=False)
def measuring_numbers():
    later, labels = late.to_numpy(), number[30:].to_numpy()
    with mlflow.start_run():
        model = LinearRegression().fit(early.to_numpy(), number[:30].to_numpy())
        with mlflow.start_run(nested=True):
            sklearn.metrics.r2_score(labels, model.predict(later))
            copies = [later.copy(), later.copy()]
            for copied in range(2):
                sklearn.metrics.max_error(labels, model.predict(copies[copied]))
            model.score(later, labels)


@part(log_models=False)
def measuring_through_functions():
    later = here = X[30:]
    with mlflow.start_run():
        model = LogisticRegression().fit(early, two[:30])

        def score(given):
            return model.score(given, two[30:])

        score(later)
        (lambda: model.score(later, two[30:]))()
        get_scorer("accuracy")(model, here, two[30:])
        make_scorer(sklearn.metrics.f1_score)(model, here, two[30:])


@part(log_models=False)
def clusters_measured():
    with mlflow.start_run():
        model = KMeans(n_clusters=2, n_init=1, random_state=0).fit(early)
        sklearn.metrics.silhouette_score(late, model.predict(late))
        model.score(late)


@part(log_models=False)
def training_that_fails():
    try:
        LogisticRegression().fit(X, two[:3])
    except ValueError as problem:
        mlflow.set_experiment_tag("problem", problem)


@part(log_models=False)
def long_setting():
    LogisticRegression(class_weight=dict.fromkeys(range(3000), 1.0)).fit(X, two)


@part(disable=True)
def disabled():
    with mlflow.start_run():
        LogisticRegression().fit(X, two)


@part(exclusive=True, log_models=False)
def exclusive():
    with mlflow.start_run():
        LogisticRegression().fit(X, two)
    LogisticRegression().fit(X, three)


@part(extra_tags={"team": "red", "estimator_name": "not this"}, log_datasets=False, log_models=False)
def extra_tags():
    with mlflow.start_run():
        LogisticRegression().fit(X, two)
    LogisticRegression().fit(X, three)


@part(pos_label=1, log_models=False)
def positive_label():
    LogisticRegression().fit(X, two)


@part(log_post_training_metrics=False, log_models=False)
def no_measuring():
    model = LogisticRegression().fit(X, two)
    model.score(X, two)
    sklearn.metrics.accuracy_score(two, model.predict(X))


@part(log_input_examples=True, registered_model_name="unicorn", serialization_format="pickle")
def registered_with_example():
    LogisticRegression().fit(X, two)


@part(log_model_signatures=False)
def no_signature():
    LogisticRegression().fit(X, two)


def listed(list_files, path=None):
    """Every file below a folder of artifacts."""
    found = []
    for entry in list_files(path):
        found += listed(list_files, entry.path) if entry.is_dir else [entry.path]
    return sorted(found)


def run_of(client, run, names):
    data, run_id = run.data, run.info.run_id
    files = listed(lambda path: client.list_artifacts(run_id, path))
    return {
        "status": run.info.status,
        "params": data.params,
        "metrics": {key: value for key, value in data.metrics.items() if not key.endswith(("fit_time", "score_time"))},
        "times": sorted(key for key in data.metrics if key.endswith(("fit_time", "score_time"))),
        "tags": {
            key: names.get(value, value)
            for key, value in data.tags.items()
            if key in ("mlflow.autologging", "mlflow.parentRunId") or not key.startswith("mlflow.")
        },
        "files": files,
        "datasets": sorted(dataset_of(use) for use in run.inputs.dataset_inputs),
        "models": sorted(str(names.get(model.model_id)) for model in run.outputs.model_outputs),
        "calls": json_of(client, run_id, "metric_info.json") if "metric_info.json" in files else None,
        "columns": columns_of(client, run_id) if "cv_results.csv" in files else None,
    }


def json_of(client, run_id, path):
    return json.loads(Path(client.download_artifacts(run_id, path)).read_text())


def columns_of(client, run_id):
    return list(pd.read_csv(client.download_artifacts(run_id, "cv_results.csv")).columns)


def dataset_of(use):
    dataset, tags = use.dataset, {tag.key: tag.value for tag in use.tags}
    return [
        tags["mlflow.data.context"],
        dataset.name,
        dataset.digest,
        dataset.source_type,
        dataset.schema,
        dataset.profile,
    ]


def model_of(client, model, names):
    folder = Path(mlflow.artifacts.download_artifacts(f"models:/{model.model_id}"))
    described = yaml.safe_load((folder / "MLmodel").read_text())
    requirements = (folder / "requirements.txt").read_text().split()
    return {
        "name": model.name,
        "run": names.get(model.source_run_id),
        "status": str(model.status),
        "params": model.params,
        "metrics": sorted(
            [metric.key, metric.dataset_digest or ""]
            for metric in client.get_logged_model(model.model_id).metrics or []
        ),
        "versions": json.loads(model.tags.get("mlflow.modelVersions", "[]")),
        "files": sorted(path.name for path in folder.iterdir() if path.name != "registered_model_meta"),
        "signature": described.get("signature"),
        "flavors": sorted(described["flavors"]),
        "format": described["flavors"]["sklearn"]["serialization_format"],
        "example": described.get("saved_input_example_info"),
        "requirements": sorted(line.partition("=")[0] for line in requirements),
    }


def logged_in(client, name):
    """What an experiment holds, with names in the place of ids."""
    experiment_id = mlflow.get_experiment_by_name(name).experiment_id
    runs = client.search_runs([experiment_id], order_by=["attributes.start_time ASC"])
    models = mlflow.search_logged_models(experiment_ids=[experiment_id], output_format="list")

    def told(run):
        parent = "child of " if "mlflow.parentRunId" in run.data.tags else ""
        return (
            parent
            + run.data.tags.get("estimator_name", "no estimator")
            + " "
            + str(run.data.params.get("ridge__alpha", ""))
        )

    names = {run.info.run_id: told(run) for run in runs} | {model.model_id: model.name for model in models}
    return {
        "runs": sorted((run_of(client, run, names) for run in runs), key=lambda run: json.dumps(run, sort_keys=True)),
        "models": sorted((model_of(client, model, names) for model in models), key=lambda model: model["name"]),
    }


def main():
    mlflow.set_tracking_uri(URI)
    client = mlflow.MlflowClient()
    seen = {}
    for name in CHOSEN or PARTS:
        train, options = PARTS[name]
        mlflow.set_experiment(name)
        mlflow.sklearn.autolog(**options)
        train()
        mlflow.sklearn.autolog(disable=True)
    for name in CHOSEN or PARTS:
        seen[name] = logged_in(client, name)
    print(json.dumps({"sklearn": sklearn.__version__, "parts": seen}))


main()
