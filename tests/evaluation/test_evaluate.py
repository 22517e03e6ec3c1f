"""What is evaluated, with which metrics, and what is said of input that does not fit."""

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

import runyard
from runyard import metrics as ready
from runyard.exceptions import InvalidParameter, RunyardException
from runyard.metrics import MetricValue
from runyard.models import EvaluationResult, make_metric

ROWS = pd.DataFrame({"x": [0.0, 1.0, 2.0, 3.0], "z": [1.0, 0.0, 1.0, 0.0], "y": [0.1, 1.2, 1.9, 3.1]})
OFF = {"log_model_explainability": False}


def _double(rows: pd.DataFrame) -> Any:
    return rows["x"] * 2


def _evaluate(**arguments: Any) -> EvaluationResult:
    given: dict[str, Any] = {
        "model": _double,
        "data": ROWS,
        "model_type": "regressor",
        "targets": "y",
        "evaluator_config": OFF,
    }
    return runyard.evaluate(**(given | arguments))


def test_a_run_is_begun_and_ended_when_none_is_active() -> None:
    """The result names the run, which is finished."""
    result = _evaluate()
    assert result.run_id is not None
    assert runyard.get_run(result.run_id).info.status == "FINISHED"
    assert runyard.active_run() is None


def test_an_evaluation_that_fails_ends_its_run_as_failed() -> None:
    """The function's own error is shown, and no run stays open."""
    with pytest.raises(ZeroDivisionError):
        _evaluate(model=lambda rows: 1 / 0)
    runs: Any = runyard.search_runs(output_format="list")
    assert [run.info.status for run in runs] == ["FAILED"]


def test_metrics_of_a_logged_model_belong_to_it_and_to_the_dataset() -> None:
    """The model's page can show how well it does on which data; the run's tag names both."""
    model = LinearRegression().fit(ROWS[["x", "z"]], ROWS["y"])
    with runyard.start_run() as run:
        logged = runyard.sklearn.log_model(model, name="model", pip_requirements=[])
        result = _evaluate(model=logged.model_uri, data=runyard.data.from_pandas(ROWS, targets="y", name="heights"))
    found = runyard.get_logged_model(str(logged.model_id))
    assert found.metrics
    assert {metric.key for metric in found.metrics} == set(result.metrics)
    assert {metric.dataset_name for metric in found.metrics} == {"heights"}
    [entry] = json.loads(runyard.get_run(run.info.run_id).data.tags["mlflow.datasets"])
    assert (entry["name"], entry["model"]) == ("heights", logged.model_id)


def test_arrays_lists_and_frames_give_the_same_numbers() -> None:
    """Targets are values for arrays, and may be for frames; columns are named on request."""
    frame = _evaluate().metrics
    features, targets = ROWS[["x", "z"]], ROWS["y"]
    assert _evaluate(data=features, targets=targets.to_numpy()).metrics == frame
    assert _evaluate(data=features, targets=targets.tolist()).metrics == frame
    assert _evaluate(data=features.to_numpy(), targets=targets, feature_names=["x", "z"]).metrics == frame
    nested = features.to_numpy().tolist()
    assert _evaluate(model=lambda rows: rows["feature_1"] * 2, data=nested, targets=targets.tolist()).metrics == frame


def test_a_column_of_an_answer_of_several_can_be_named() -> None:
    """Without a name nobody knows which one is the prediction; the others can be used by metrics."""

    def both(rows: pd.DataFrame) -> pd.DataFrame:
        return pd.DataFrame({"low": rows["x"], "high": rows["x"] * 2})

    own = make_metric(
        eval_fn=lambda predictions, low: float((predictions - low).sum()), greater_is_better=True, name="gap"
    )
    result = _evaluate(model=both, predictions="high", extra_metrics=[own])
    assert result.metrics["mean_absolute_error"] == _evaluate().metrics["mean_absolute_error"]
    assert result.metrics["gap"] == 6
    with pytest.raises(InvalidParameter, match=r"\['low', 'high'\]"):
        _evaluate(model=both)


def test_classes_that_the_data_lacks_are_known_from_the_model() -> None:
    """A model of three classes is evaluated on rows of two; what cannot be computed is left out."""
    rows = pd.DataFrame({"x": range(9), "y": [0, 0, 0, 1, 1, 1, 2, 2, 2]})
    model = LogisticRegression().fit(rows[["x"]], rows["y"])
    runyard.sklearn.save_model(model, "model", pip_requirements=[])
    result = _evaluate(model="model", data=rows[:6], model_type="classifier")
    assert "log_loss" in result.metrics
    assert "roc_auc" not in result.metrics
    assert result.artifacts["per_class_metrics"].content["positive_class"].tolist() == [0, 1, 2]


def test_metrics_can_ask_for_predictions_columns_other_metrics_and_mapped_values() -> None:
    """Arguments are found by name; metrics are computed after those that they need."""
    seen: dict[str, Any] = {}

    def first(predictions: Any, second: MetricValue, z: Any, factor: float, absent: float = 7) -> float:
        seen.update(second=second.aggregate_results, z=list(z), factor=factor, absent=absent)
        return float(predictions.sum()) * factor

    def second(targets: Any, metrics: dict[str, MetricValue]) -> float:
        seen["builtin"] = metrics["max_error"].aggregate_results
        return float(targets.max())

    made = [make_metric(eval_fn=each, greater_is_better=True) for each in (first, second)]
    found = _evaluate(extra_metrics=made, evaluator_config=OFF | {"col_mapping": {"factor": 0.5}}).metrics
    assert (found["first"], found["second"]) == (6, 3.1)
    assert seen["second"] == {"second": 3.1}
    assert (seen["z"], seen["factor"], seen["absent"]) == ([1.0, 0.0, 1.0, 0.0], 0.5, 7)
    assert seen["builtin"] == {"max_error": found["max_error"]}


def test_ready_made_metrics_of_classes_and_of_time() -> None:
    """They are asked for by name; the latency is measured row by row."""
    rows = pd.DataFrame({"x": [1, 0, 1, 1], "y": [1, 0, 0, 1]})
    made = [ready.precision_score(), ready.recall_score(), ready.f1_score(), ready.exact_match(), ready.latency()]
    result = _evaluate(model=lambda given: given["x"], data=rows, model_type=None, extra_metrics=made)
    kept = {name: value for name, value in result.metrics.items() if not name.startswith("latency")}
    assert kept == pytest.approx({"precision_score": 2 / 3, "recall_score": 1, "f1_score": 0.8, "exact_match/v1": 0.75})
    assert 0 <= result.metrics["latency/mean"] <= result.metrics["latency/p90"]
    assert len(result.tables["eval_results_table"]["latency"]) == len(rows)


def test_a_metric_that_gives_nothing_usable_is_left_out_with_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    """The other metrics are computed all the same."""
    own = make_metric(eval_fn=lambda predictions: "good", greater_is_better=True, name="own")
    with caplog.at_level(logging.WARNING, logger="runyard"):
        found = _evaluate(extra_metrics=[own]).metrics
    assert "own" not in found
    assert "max_error" in found
    assert "'own' gave a str" in caplog.text


def test_a_result_is_saved_and_loaded(tmp_path: Path) -> None:
    """Numbers, tables, text, arrays, pictures and objects come back."""

    def made(frame: pd.DataFrame, metrics: dict[str, Any], folder: str) -> dict[str, Any]:
        from matplotlib.figure import Figure  # noqa: PLC0415

        (Path(folder) / "note.txt").write_text("checked", encoding="utf-8")
        return {
            "table": frame,
            "array": np.arange(3),
            "note": str(Path(folder) / "note.txt"),
            "parsed": '{"a": 1}',
            "picture": Figure(),
            "object": {1, 2},
        }

    result = _evaluate(custom_artifacts=[made])
    result.save(str(tmp_path / "saved"))
    loaded = EvaluationResult.load(str(tmp_path / "saved"))
    assert loaded.metrics == pytest.approx(result.metrics)
    contents = {name: artifact.content for name, artifact in loaded.artifacts.items()}
    assert (contents["note"], contents["parsed"], contents["object"]) == ("checked", {"a": 1}, {1, 2})
    assert contents["array"].tolist() == [0, 1, 2]
    assert list(contents["table"]["target"]) == list(ROWS["y"])
    assert contents["picture"].size == result.artifacts["picture"].content.size


def test_a_saved_result_cannot_lead_out_of_its_folder(tmp_path: Path) -> None:
    """Names in its description become file names, so they are checked."""
    _evaluate().save(str(tmp_path / "saved"))
    kind = "mlflow.models.evaluation.artifacts.TextEvaluationArtifact"
    described = {"../../secret": {"uri": "x.txt", "class_name": kind}}
    (tmp_path / "saved" / "artifacts_metadata.json").write_text(json.dumps(described), encoding="utf-8")
    with pytest.raises(InvalidParameter, match="cannot be the name of a file"):
        EvaluationResult.load(str(tmp_path / "saved"))


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "no data": ({"data": None}, "data is None"),
    "data of another kind": ({"data": "rows.csv"}, "type str cannot be evaluated"),
    "no rows": ({"data": ROWS[:0]}, "has no rows"),
    "no targets": ({"targets": None}, "give targets"),
    "an unknown column": ({"targets": "nothing"}, "no column 'nothing'"),
    "targets of another length": ({"targets": [1, 2]}, "(2,)"),
    "missing targets": ({"data": ROWS.assign(y=np.nan)}, "4 rows are NaN"),
    "targets of text": ({"data": ROWS.assign(y="a")}, "must be numbers"),
    "targets that are dates": ({"data": ROWS.assign(y=pd.Timestamp("2024-01-01"))}, "must be numbers, not dates"),
    "an unknown model type": ({"model_type": "oracle"}, "model_type is 'oracle'"),
    "nothing to compute": ({"model_type": None}, "give a model_type, or extra_metrics"),
    "no model and no answers": ({"model": None}, "no predictions"),
    "what is not a model": ({"model": 3}, "int cannot be evaluated"),
    "a model that is not there": ({"model": "./nowhere"}, "nowhere"),
    "an unknown evaluator": ({"evaluators": "best"}, "no evaluator 'best'"),
    "an evaluator of another type": ({"evaluators": ["classifier"]}, "None of the evaluators"),
    "an unknown setting": ({"evaluator_config": {"explain": True}}, "['explain']"),
    "settings of another kind": ({"evaluator_config": 3}, "must be a dictionary"),
    "weights of another length": ({"evaluator_config": OFF | {"sample_weights": [1, 2]}}, "(2,)"),
    "too few predictions": ({"model": lambda rows: [1.0]}, "4 rows"),
    "metrics of another kind": ({"extra_metrics": [3]}, "3 of type int"),
    "another environment": ({"env_manager": "conda"}, "env_manager is 'conda'"),
    "parameters of a function": ({"inference_params": {"a": 1}}, "inference_params"),
    "a path with quotes": ({"dataset_path": 'a"b'}, "double quote"),
    "wrong feature names": ({"feature_names": ["q"]}, "['q']"),
    "one class": (
        {"data": ROWS.assign(y=0.0), "model": lambda rows: rows["x"] * 0, "model_type": "classifier"},
        "[0.0]",
    ),
    "classes of two kinds": (
        {"data": ROWS.assign(y=["a", "b", "a", "b"]), "model_type": "classifier"},
        "Targets such as ['a', 'b', 'a'] and predictions such as [0.0, 2.0, 4.0] are of different kinds",
    ),
    "several labels for a row": (
        {"data": ROWS.assign(y=pd.Series([np.array([0, 1])] * 4)), "model_type": "classifier"},
        "The targets have several values for a row, such as array([0, 1]); a classifier is evaluated on one",
    ),
    "several numbers as targets": ({"targets": ROWS[["x", "y"]].to_numpy()}, "a regressor is evaluated on one"),
    "several targets by name": ({"targets": ["x", "y"]}, "targets names several columns, ['x', 'y']"),
    "a model of several numbers": ({"model": lambda rows: rows[["x", "z"]].to_numpy()}, "The predictions have several"),
}


@pytest.mark.parametrize("name", BAD)
def test_input_that_does_not_fit_is_refused_in_words(name: str) -> None:
    """The message names the value, and no run stays open."""
    arguments, says = BAD[name]
    with pytest.raises(RunyardException) as refused:
        _evaluate(**arguments)
    assert says in refused.value.message
    assert runyard.active_run() is None


FAILING: dict[str, tuple[Callable[..., Any], str]] = {
    "it raises": (lambda frame, metrics, folder: metrics["absent"], "KeyError"),
    "a file that is not there": (lambda frame, metrics, folder: {"a": "/nowhere.png"}, "neither a file nor JSON"),
    "a name with a slash": (lambda frame, metrics, folder: {"../a": 1}, "'../a'"),
    "what cannot be stored": (lambda frame, metrics, folder: {"a": lambda: 1}, "cannot be stored"),
}


@pytest.mark.parametrize("name", FAILING)
def test_a_function_of_artifacts_that_fails_is_named(name: str) -> None:
    """The error says which function, which artifact and why."""
    function, says = FAILING[name]
    with pytest.raises(RunyardException) as refused:
        _evaluate(custom_artifacts=[function])
    assert says in refused.value.message
    assert "number 1 of custom_artifacts" in refused.value.message


def test_metrics_that_need_each_other_or_nothing_known_are_refused() -> None:
    """The message names the metric, what it asks for, and the columns there are."""
    one = make_metric(eval_fn=lambda predictions, other: 1.0, greater_is_better=True, name="one")
    other = make_metric(eval_fn=lambda predictions, one: 1.0, greater_is_better=True, name="other")
    with pytest.raises(InvalidParameter, match="'one' asks for 'other'; 'other' asks for 'one'"):
        _evaluate(extra_metrics=[one, other])
    failing = make_metric(eval_fn=lambda predictions: 1 / 0, greater_is_better=True, name="failing")
    with pytest.raises(RunyardException, match="'failing' failed: ZeroDivisionError"):
        _evaluate(extra_metrics=[failing])
