"""Evaluates models of fixed data, and writes what was found as JSON: MLflow and Runyard have to find the same.

`python tests/evaluation/evaluation_cases.py FILE`, with an interpreter that has the real mlflow, records its answers.
"""

import json
import os
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.svm import LinearSVC

RECORDED = Path(__file__).resolve().parent.parent / "recorded" / "evaluation-mlflow-3.17.2.json"
_OFF = {"log_model_explainability": False}


def _regression() -> tuple[Any, pd.DataFrame]:
    features, targets = load_diabetes(as_frame=True, return_X_y=True)
    features, targets = features[:60], targets[:60]
    return LinearRegression().fit(features, targets), features.assign(label=targets)


def _two_classes(names: tuple[Any, Any] = (0, 1), kind: Any = LogisticRegression) -> tuple[Any, pd.DataFrame]:
    features, targets = load_breast_cancer(as_frame=True, return_X_y=True)
    features, targets = features.iloc[:90, :3] / 100, targets[:90].map(dict(enumerate(names)))
    return kind().fit(features, targets), features.assign(label=targets)


def _three_classes() -> tuple[Any, pd.DataFrame]:
    features, targets = load_iris(as_frame=True, return_X_y=True)
    features = features.iloc[:, :2]
    return LogisticRegression(max_iter=500).fit(features, targets), features.assign(label=targets)


def cases(mlflow: Any) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Each evaluation by what it is about."""
    yield from _builtin(mlflow)
    yield from _own(mlflow)


def _case(
    mlflow: Any, made: tuple[Any, pd.DataFrame], kind: str | None, config: Any = None, **more: Any
) -> Callable[[], Any]:
    model, data = made
    given = {"model_type": kind, "targets": "label", "evaluator_config": _OFF | (config or {}), **more}
    return lambda: mlflow.evaluate(_saved(mlflow, model), data, **given)


def _builtin(mlflow: Any) -> Iterator[tuple[str, Callable[[], Any]]]:
    case, explain = partial(_case, mlflow), {"log_model_explainability": True}
    weights: dict[str, Any] = {"sample_weights": np.linspace(1, 2, 60)}
    yield "a regressor", case(_regression(), "regressor")
    yield "a regressor with weights", case(_regression(), "regressor", weights)
    yield "a regressor explained", case(_regression(), "regressor", explain)
    weights = {"sample_weights": np.linspace(1, 3, 90), "average": "macro"}
    yield "two classes", case(_two_classes(), "classifier")
    yield "two classes explained", case(_two_classes(), "classifier", explain)
    yield "two classes, the other positive", case(_two_classes(), "classifier", {"pos_label": 0})
    yield "two classes with names", case(_two_classes(("no", "yes")), "classifier")
    yield "two classes as booleans", case(_two_classes((False, True)), "classifier")
    yield "two classes with weights", case(_two_classes(), "classifier", weights)
    yield "no probabilities", case(_two_classes(kind=LinearSVC), "classifier")
    weights = {"sample_weights": np.linspace(1, 2, 150)}
    yield "three classes", case(_three_classes(), "classifier")
    yield "three classes, plain mean", case(_three_classes(), "classifier", {"average": "macro"})
    yield "three classes with weights", case(_three_classes(), "classifier", weights)
    yield "fewer curves", case(_three_classes(), "classifier", {"max_classes_for_multiclass_roc_pr": 2})
    yield "a prefix", case(_two_classes(), "classifier", {"metric_prefix": "val_"})


def _own(mlflow: Any) -> Iterator[tuple[str, Callable[[], Any]]]:
    case, make_metric = partial(_case, mlflow), mlflow.models.make_metric
    own = make_metric(eval_fn=lambda frame, known: known["max_error"] * 2, greater_is_better=False, name="own")
    yield "a metric of one's own", case(_regression(), "regressor", extra_metrics=[own])
    far = _scored(mlflow.metrics.MetricValue)
    scored = make_metric(eval_fn=far, greater_is_better=False, name="far", version="v2")
    yield "scores of rows", case(_regression(), "regressor", extra_metrics=[scored])
    means = make_metric(eval_fn=_means(mlflow.metrics.MetricValue), greater_is_better=True, name="means")
    several = [scored, own, means, mlflow.metrics.mae()]
    prefix = {"metric_prefix": "val_"}
    yield "metrics of one's own with a prefix", case(_regression(), "regressor", prefix, extra_metrics=several)
    retrieved = {"data": pd.DataFrame({"found": [["a", "b"]], "right": [["b"]]}), "predictions": "found"}
    retriever = {"model_type": "retriever", "targets": "right", "evaluator_config": _OFF | prefix}
    yield "a retriever with a prefix", lambda: mlflow.evaluate(**retrieved, **retriever)
    ready = [mlflow.metrics.mae(), mlflow.metrics.rmse(), mlflow.metrics.r2_score(), mlflow.metrics.mape()]
    yield "ready-made metrics alone", case(_regression(), None, extra_metrics=ready)
    model, data = _regression()
    answered = {"data": data.assign(said=model.predict(data.drop(columns="label"))), "predictions": "said"}
    yield "answers as a column", lambda: mlflow.evaluate(model_type="regressor", targets="label", **answered)
    made = mlflow.data.from_pandas(data, targets="label", name="patients")
    given = {"model_type": "regressor", "evaluator_config": _OFF}
    yield "a dataset and a function", lambda: mlflow.evaluate(model.predict, made, **given)
    yield "files of one's own", case(_regression(), "regressor", custom_artifacts=[_files])


def _scored(value: Any) -> Callable[..., Any]:
    def far(predictions: Any, targets: Any) -> Any:
        return value(scores=(predictions - targets).abs().tolist(), justifications=["far"] * len(predictions))

    return far


def _means(value: Any) -> Callable[..., Any]:
    def means(predictions: Any, targets: Any) -> Any:
        return value(aggregate_results={"means": predictions.mean(), "true": targets.mean()})

    return means


def _files(frame: pd.DataFrame, metrics: dict[str, Any], folder: str) -> dict[str, Any]:
    note = Path(folder) / "note.txt"
    note.write_text("checked", encoding="utf-8")
    return {"table": frame.head(3), "note": str(note), "numbers": np.arange(3), "few": {"names": sorted(metrics)}}


def _saved(mlflow: Any, model: Any) -> str:
    folder = tempfile.mkdtemp()
    mlflow.sklearn.save_model(
        model, f"{folder}/model", serialization_format="cloudpickle", pip_requirements=["scikit-learn"]
    )
    return f"{folder}/model"


def answer(mlflow: Any, evaluated: Callable[[], Any]) -> dict[str, Any]:
    """What an evaluation gives and leaves in its run."""
    client = mlflow.MlflowClient()
    with mlflow.start_run() as run:
        result = evaluated()
    found = client.get_run(run.info.run_id)
    tables = {
        name: json.loads(each.content.to_json(orient="split", index=False))
        for name, each in result.artifacts.items()
        if isinstance(each.content, pd.DataFrame)
    }
    return {
        "metrics": {name: float(value) for name, value in sorted(result.metrics.items())},
        "logged": {name: float(value) for name, value in sorted(found.data.metrics.items())},
        "artifacts": {name: type(each.content).__name__ for name, each in sorted(result.artifacts.items())},
        "files": sorted(file.path for file in client.list_artifacts(run.info.run_id)),
        "tables": tables
        | {name: json.loads(each.to_json(orient="split", index=False)) for name, each in result.tables.items()},
        "datasets": [(use.dataset.name, use.dataset.digest, use.dataset.schema) for use in found.inputs.dataset_inputs],
        "tagged": [sorted(entry) for entry in json.loads(found.data.tags.get("mlflow.datasets", "[]"))],
    }


def main(target: str) -> None:
    """Ask the real mlflow."""
    import mlflow  # noqa: PLC0415

    warnings.simplefilter("ignore")
    folder = tempfile.mkdtemp()
    os.chdir(folder)
    mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
    found = {name: answer(mlflow, evaluated) for name, evaluated in cases(mlflow)}
    Path(target).write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(str(Path(sys.argv[1]).resolve()))
