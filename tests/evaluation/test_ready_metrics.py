"""The metrics that come with the package, called directly and asked for in an evaluation."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import runyard
from runyard import metrics as ready
from runyard.exceptions import InvalidParameter
from runyard.metrics import MetricValue
from runyard.models import make_metric

SAID, TRUE = pd.Series([1.0, 2.0, 4.0]), pd.Series([1.0, 3.0, 3.0])
CLASSES, TRUE_CLASSES = pd.Series([1, 0, 1, 1]), pd.Series([1, 0, 0, 1])
RETRIEVED: dict[str, Any] = json.loads(
    (Path(__file__).resolve().parent.parent / "recorded" / "retrieval-mlflow-3.17.2.json").read_text(encoding="utf-8")
)
"""What the real mlflow says of random lists, some of them empty or with repetitions."""

NUMBERS: dict[str, tuple[str, float, float | None]] = {
    "mae": ("mean_absolute_error", 2 / 3, 5 / 6),
    "mse": ("mean_squared_error", 2 / 3, 5 / 6),
    "rmse": ("root_mean_squared_error", (2 / 3) ** 0.5, (5 / 6) ** 0.5),
    "r2_score": ("r2_score", 0.25, -0.5),
    "max_error": ("max_error", 1.0, None),
    "mape": ("mean_absolute_percentage_error", 2 / 9, 5 / 18),
}


@pytest.mark.parametrize("name", NUMBERS)
def test_metrics_of_numbers_can_be_called(name: str) -> None:
    """By place with the metrics computed so far, by name, and with weights, as with MLflow."""
    key, expected, weighted = NUMBERS[name]
    metric = getattr(ready, name)()
    answers = [
        metric.eval_fn(SAID, TRUE, {}),
        metric.eval_fn(SAID, TRUE),
        metric(predictions=SAID, targets=TRUE),
        metric(predictions=SAID.tolist(), targets=TRUE.to_numpy(), metrics={}),
    ]

    for answer in answers:
        assert answer.aggregate_results == {key: pytest.approx(expected)}
        assert type(answer.aggregate_results[key]) is float
    assert metric.eval_fn(SAID, None, {}) is None
    if weighted is not None:
        assert metric(predictions=SAID, targets=TRUE, sample_weight=[1, 2, 3]).aggregate_results == {
            key: pytest.approx(weighted)
        }


@pytest.mark.parametrize(
    ("name", "expected", "of_zero"), [("precision_score", 2 / 3, 1), ("recall_score", 1, 0.5), ("f1_score", 0.8, 2 / 3)]
)
def test_metrics_of_classes_can_be_called(name: str, expected: float, of_zero: float) -> None:
    """The positive class and the average can be chosen."""
    metric = getattr(ready, name)()

    assert metric.eval_fn(CLASSES, TRUE_CLASSES, {}).aggregate_results == {name: pytest.approx(expected)}
    chosen = metric(predictions=CLASSES, targets=TRUE_CLASSES, pos_label=0)
    assert chosen.aggregate_results == {name: pytest.approx(of_zero)}
    assert metric(predictions=["a", "b"], targets=["a", "b"], average="macro").aggregate_results == {name: 1.0}


def test_the_other_metrics_can_be_called() -> None:
    """Exact matches also of text; a metric of one's own takes its arguments by name."""
    assert ready.exact_match().eval_fn(["a", "b"], ["a", "c"], {}).aggregate_results == {"exact_match": 0.5}
    own = make_metric(eval_fn=lambda predictions, factor: sum(predictions) * factor, greater_is_better=True, name="own")
    assert own(predictions=[1, 2], factor=3) == 9
    with pytest.raises(TypeError, match="factor"):
        own(predictions=[1])


@pytest.mark.parametrize("name", ["rouge1", "toxicity", "genai", "token_count"])
def test_metrics_of_texts_are_told_to_be_missing(name: str) -> None:
    """Scripts that ask for them learn what to do instead; a misspelt name is simply not there."""
    with pytest.raises(AttributeError, match=f"{name} is not in .*: it judges what language models write.*make_metric"):
        getattr(ready, name)
    assert not hasattr(ready, "mea")


@pytest.mark.parametrize("kind", ["precision_at_k", "recall_at_k", "ndcg_at_k"])
@pytest.mark.parametrize("k", [1, 2, 3, 5])
def test_retrievers_are_scored_as_by_mlflow(kind: str, k: int) -> None:
    """Row by row, with nothing found, nothing relevant, and things found twice."""
    found, relevant = zip(*RETRIEVED["rows"], strict=True)
    value = getattr(ready, kind)(k)(predictions=found, targets=relevant)

    assert value.scores == pytest.approx(RETRIEVED[f"{kind} {k}"])
    assert {type(score) for score in value.scores} == {float}


ROWS = pd.DataFrame({
    "question": ["a", "b", "c"],
    "relevant": [["x", "y"], ["z"], []],
    "found": [["x", "q", "y"], ["y", "z"], []],
})  # fmt: skip


def _found(rows: pd.DataFrame) -> list[list[str]]:
    return [ROWS["found"][ROWS["question"].tolist().index(question)] for question in rows["question"]]


WAYS: dict[str, dict[str, Any]] = {
    "a column": {"data": ROWS, "predictions": "found"},
    "a function": {"data": ROWS[["question", "relevant"]], "model": _found},
    "a function of a frame": {
        "data": ROWS[["question", "relevant"]],
        "model": lambda rows: pd.DataFrame({"ids": _found(rows)}),
        "predictions": "ids",
    },
}


@pytest.mark.parametrize("way", WAYS)
def test_a_retriever_is_evaluated(way: str) -> None:
    """The metrics of the first three, or of as many as the setting says, and a table of each row's scores."""
    config = {"retriever_k": 2}
    arguments: dict[str, Any] = {"model_type": "retriever", "targets": "relevant", **WAYS[way]}
    result = runyard.evaluate(evaluator_config=config, extra_metrics=[ready.precision_at_k(1)], **arguments)

    assert result.metrics["precision_at_2/mean"] == pytest.approx((0.5 + 0.5 + 0) / 3)
    assert result.metrics["recall_at_2/mean"] == pytest.approx((0.5 + 1 + 1) / 3)
    assert result.metrics["precision_at_1/p90"] == pytest.approx(0.8)
    assert len(result.metrics) == 12
    table = result.tables["eval_results_table"]
    assert table["recall_at_2/score"].tolist() == [0.5, 1, 1]
    column = {"a column": "found", "a function": "outputs", "a function of a frame": "ids"}[way]
    assert table[column].tolist() == ROWS["found"].tolist()
    assert "ndcg_at_3/mean" in runyard.evaluate(**arguments).metrics


def test_lists_of_one_length_are_lists() -> None:
    """A retriever that finds one thing for each row is not a model of one column."""
    result = runyard.evaluate(lambda rows: [["x"]] * len(rows), ROWS, targets="relevant", model_type="retriever")
    assert result.metrics["precision_at_3/mean"] == pytest.approx(1 / 3)


@pytest.mark.parametrize("k", [0, -1, 1.5, "a", True, None])
@pytest.mark.parametrize("kind", ["precision_at_k", "recall_at_k", "ndcg_at_k"])
def test_the_number_of_things_must_be_one(kind: str, k: Any) -> None:
    """It is refused when the metric is made, not passed over in the evaluation."""
    with pytest.raises(InvalidParameter, match=f"k is {k!r}"):
        getattr(ready, kind)(k)


def test_what_was_retrieved_must_be_lists() -> None:
    """The message names the row, and no run stays open."""
    with pytest.raises(InvalidParameter, match="row 0 of the predictions is 'a'"):
        runyard.evaluate(data=ROWS, model_type="retriever", targets="relevant", predictions="question")
    with pytest.raises(InvalidParameter, match="give targets"):
        runyard.evaluate(data=ROWS, model_type="retriever", predictions="found")
    assert runyard.active_run() is None


def _scored(predictions: Any, targets: Any) -> MetricValue:
    return MetricValue(scores=[1.0, 2.0, 3.0])


def _summed(predictions: Any) -> MetricValue:
    return MetricValue(aggregate_results={"summed": 5.0, "two": 6.0})


NUMERIC = pd.DataFrame({"x": SAID, "y": TRUE})


def _seen_by(watch: Callable[..., float]) -> None:
    made = [
        make_metric(eval_fn=_scored, greater_is_better=True, name="scored", version="v2"),
        make_metric(eval_fn=_summed, greater_is_better=True, name="summed"),
        make_metric(eval_fn=watch, greater_is_better=True, name="watch"),
        make_metric(eval_fn=lambda predictions: 7.0, greater_is_better=True, name="later"),
    ]
    config = {"log_model_explainability": False}
    runyard.evaluate(
        lambda rows: rows["x"],
        NUMERIC,
        model_type="regressor",
        targets="y",
        evaluator_config=config,
        extra_metrics=made,
    )


def test_a_metric_is_given_all_those_before_it() -> None:
    """Built-in ones and those of one's own, by their keys, as values with scores and summaries."""
    seen: dict[str, MetricValue] = {}

    def watch(predictions: Any, targets: Any, metrics: dict[str, MetricValue]) -> float:
        seen.update(metrics)
        return 1.0

    _seen_by(watch)

    known = seen["mean_absolute_error"].aggregate_results
    assert known == pytest.approx({"mean_absolute_error": 2 / 3})
    assert seen["scored/v2"].scores == [1.0, 2.0, 3.0]
    assert seen["summed"].aggregate_results == {"summed": 5.0, "two": 6.0}
    assert not {"watch", "later"} & set(seen)


def test_a_metric_of_a_frame_is_given_numbers() -> None:
    """A function of two arguments gets what would be logged, whatever it calls them."""
    seen: dict[str, Any] = {}

    def watch(eval_df: pd.DataFrame, metrics: dict[str, float]) -> float:
        assert list(eval_df.columns) == ["prediction", "target"]
        seen.update(metrics)
        return 1.0

    _seen_by(watch)

    assert (seen["max_error"], seen["scored/v2/mean"], seen["summed"], seen["summed/two"]) == (1.0, 2.0, 5.0, 6.0)
    assert {type(value) for value in seen.values()} <= {int, float}
    assert not {"watch", "later"} & set(seen)
