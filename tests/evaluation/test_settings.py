"""Every setting of an evaluation is used, rejected, or reported as useless; none silently means something else."""

import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, recall_score, roc_auc_score

import runyard
from runyard.exceptions import InvalidParameter
from runyard.models import EvaluationResult

OFF = {"log_model_explainability": False}
THREE = pd.DataFrame({"x": range(9), "y": ["a", "a", "b/c", "b/c", "b/c", "ü+", "ü+", "ü+", "a"]})
TWO = pd.DataFrame({"x": range(6), "y": [0, 0, 1, 0, 1, 1]})


def _classified(rows: pd.DataFrame, config: dict[str, Any], **more: Any) -> EvaluationResult:
    model = LogisticRegression().fit(rows[["x"]], rows["y"])
    folder = f"model of {len(rows)}"
    runyard.sklearn.save_model(model, folder, pip_requirements=[])
    arguments = {"targets": "y", "model_type": "classifier", "evaluator_config": OFF | config, **more}
    return runyard.evaluate(folder, rows, **arguments)


def test_no_average_keeps_the_scores_of_each_class() -> None:
    """None is what scikit-learn calls it; names of classes that metrics cannot have are spelled with underscores."""
    model = LogisticRegression().fit(THREE[["x"]], THREE["y"])
    said, chances = model.predict(THREE[["x"]]), model.predict_proba(THREE[["x"]])
    result = _classified(THREE, {"average": None})

    f1 = f1_score(THREE["y"], said, average=None)
    areas = roc_auc_score(THREE["y"], chances, average=None, multi_class="ovr")
    found = result.metrics
    assert [found["f1_score_a"], found["f1_score_b_c"], found["f1_score_ü_"]] == pytest.approx(list(f1))
    assert [found["roc_auc_a"], found["roc_auc_b_c"], found["roc_auc_ü_"]] == pytest.approx(list(areas))
    assert not {"f1_score", "recall_score", "precision_score", "roc_auc"} & set(found)
    assert runyard.get_run(str(result.run_id)).data.metrics == pytest.approx(found)


def test_no_average_of_two_classes_keeps_both() -> None:
    """The same setting means the same for two classes."""
    said = LogisticRegression().fit(TWO[["x"]], TWO["y"]).predict(TWO[["x"]])
    found = _classified(TWO, {"average": None}).metrics

    assert [found["recall_score_0"], found["recall_score_1"]] == list(recall_score(TWO["y"], said, average=None))
    assert "recall_score" not in found
    assert "roc_auc" in found


IDLE: dict[str, tuple[pd.DataFrame, dict[str, Any], str]] = {
    "an average of two classes": (TWO, {"average": "macro"}, "average='macro' is not used"),
    "a positive one of three": (THREE, {"pos_label": "a"}, "pos_label='a' is not used"),
    "how many are found": (TWO, {"retriever_k": 2}, "The settings retriever_k are not used"),
}


@pytest.mark.parametrize("name", IDLE)
def test_settings_of_no_use_are_told_of(name: str, caplog: pytest.LogCaptureFixture) -> None:
    """One warning, and the evaluation goes on."""
    rows, config, says = IDLE[name]
    with caplog.at_level(logging.WARNING, logger="runyard.evaluation"):
        result = _classified(rows, config)

    assert "accuracy_score" in result.metrics
    [told] = [record.getMessage() for record in caplog.records]
    assert says in told


def test_settings_of_classifiers_are_of_no_use_to_a_regressor(caplog: pytest.LogCaptureFixture) -> None:
    """Nothing is passed over in silence."""
    config = OFF | {"pos_label": 1, "label_list": [0, 1]}
    with caplog.at_level(logging.WARNING, logger="runyard.evaluation"):
        runyard.evaluate(lambda rows: rows["x"], TWO, targets="y", model_type="regressor", evaluator_config=config)

    assert caplog.messages == ["The settings label_list, pos_label are not used: they mean nothing for a regressor."]


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown average": ({"average": "median"}, "average='median'; it has to be one of binary, macro"),
    "an average of two for three": ({"average": "binary"}, "there are ['a', 'b/c', 'ü+']"),
    "an unknown class": ({"pos_label": "z"}, "none of the classes"),
    "classes as text": ({"label_list": "ab"}, "label_list='ab'"),
    "classes of two kinds": ({"label_list": [1, None, "a"]}, "numbers or text"),
    "an unknown algorithm": ({"explainability_algorithm": "magic"}, "one of exact, permutation"),
    "no rows to explain": ({"explainability_nsamples": 0}, "a whole number from 1"),
    "rows in words": ({"explainability_nsamples": "all"}, "a whole number from 1"),
    "no curves": ({"max_classes_for_multiclass_roc_pr": -1}, "a whole number from 1"),
    "a flag in words": ({"log_model_explainability": "no"}, "one of True, False"),
    "a prefix that no metric has": ({"metric_prefix": "ü+"}, "metric_prefix"),
    "a prefix that leads out": ({"metric_prefix": "../"}, "metric_prefix"),
    "a mapping of another kind": ({"col_mapping": ["a"]}, "col_mapping"),
    "weights of text": ({"sample_weights": ["much"] * 9}, "sample_weights must be numbers"),
    "weights below zero": ({"sample_weights": [-1] * 9}, "0 or more"),
    "an evaluator that does not run": ({"regressor": {"pos_label": 1}}, "settings for ['regressor']"),
    "an unknown name of numpy's": ({"pos_labels": np.int64(1)}, "['pos_labels']"),
}


@pytest.mark.parametrize("name", BAD)
def test_values_that_cannot_be_followed_are_refused(name: str) -> None:
    """The message names the setting, the value, and what can be given."""
    config, says = BAD[name]
    with pytest.raises(InvalidParameter) as refused:
        runyard.evaluate(lambda rows: THREE["y"], THREE, targets="y", model_type="classifier", evaluator_config=config)
    assert says in refused.value.message
    assert "np." not in refused.value.message


def test_settings_may_be_given_for_one_evaluator() -> None:
    """By its name, also when the default runs all that fit."""
    config = {"classifier": {"metric_prefix": "v_"}, "shap": OFF}
    found = _classified(TWO, {}, evaluator_config=config)

    assert "v_f1_score" in found.metrics
    assert not any(name.startswith("shap") for name in found.artifacts)


def test_a_prefix_may_lead_into_a_folder(tmp_path: Path) -> None:
    """Metrics and files of several evaluations are told apart by it."""
    found = _classified(THREE, {"metric_prefix": "val/", "max_classes_for_multiclass_roc_pr": np.int64(3)})

    assert "val/f1_score" in found.metrics
    [file] = [each for each in _files(str(found.run_id), "val") if "per_class" in each]
    assert found.artifacts["per_class_metrics"].uri.endswith(file)


def _files(run_id: str, folder: str) -> list[str]:
    return [file.path for file in runyard.MlflowClient().list_artifacts(run_id, folder)]


def test_all_numbers_are_pythons_own() -> None:
    """They are written to JSON, compared and printed without numpy's marks."""
    own = runyard.models.make_metric(eval_fn=lambda predictions: np.float32(0.5), greater_is_better=True, name="own")
    scored = runyard.models.make_metric(
        eval_fn=lambda predictions: runyard.metrics.MetricValue(aggregate_results={"scored": np.int64(3)}),  # type: ignore[dict-item]
        greater_is_better=True,
        name="scored",
    )
    results = [
        _classified(rows, {"sample_weights": np.linspace(1, 2, len(rows))}, extra_metrics=[own, scored])
        for rows in (TWO, THREE)
    ]
    numbers = THREE.assign(y=np.arange(9, dtype=np.int64))
    results.append(runyard.evaluate(lambda rows: rows["x"], numbers, targets="y", model_type="regressor"))

    for result in results:
        assert {type(value) for value in result.metrics.values()} <= {int, float}
        json.dumps(result.metrics)
