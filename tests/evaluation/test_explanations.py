"""Which answers shap explains, and what is said where it cannot."""

import logging
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.svm import LinearSVC

import runyard
from runyard.evaluation.encoded import EncodedFeatures
from runyard.evaluation.explanations import PLOTS

pytestmark = pytest.mark.slow

CHANCE = np.random.default_rng(0)
NUMBERS = pd.DataFrame(CHANCE.normal(size=(30, 2)))  # columns 0 and 1
TOWNS = pd.DataFrame(
    {"town": ["Bonn", "Ulm", "Bonn"] * 10, "day": pd.date_range("2024-01-01", periods=30), "n": range(30)}
)
LABELS = np.where(NUMBERS[0] > 0, "yes", "no")


def _regressor_of_numbered_columns() -> tuple[Any, pd.DataFrame, Any]:
    return LinearRegression().fit(NUMBERS, NUMBERS[0]), NUMBERS, NUMBERS[0]


def _pipeline_of_texts() -> tuple[Any, pd.DataFrame, Any]:
    encoder = make_column_transformer((OneHotEncoder(), ["town"]), ("passthrough", ["n"]))
    targets = TOWNS["n"] + (TOWNS["town"] == "Ulm") * 50
    return make_pipeline(encoder, LinearRegression()).fit(TOWNS, targets), TOWNS, targets


def _labels_as_text() -> tuple[Any, pd.DataFrame, Any]:
    return LogisticRegression().fit(NUMBERS, LABELS), NUMBERS, LABELS


def _labels_without_probabilities() -> tuple[Any, pd.DataFrame, Any]:
    return LinearSVC().fit(NUMBERS, LABELS), NUMBERS, LABELS


def _three_labels() -> tuple[Any, pd.DataFrame, Any]:
    labels = np.array(["low", "mid", "high"] * 10)
    return LogisticRegression().fit(NUMBERS, labels), NUMBERS, labels


MADE = [
    _regressor_of_numbered_columns,
    _pipeline_of_texts,
    _labels_as_text,
    _labels_without_probabilities,
    _three_labels,
]


@pytest.mark.parametrize("made", MADE)
def test_answers_are_explained(
    made: Callable[[], tuple[Any, pd.DataFrame, Any]],
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Whatever columns are called and hold, and whatever the labels are; no progress bar fills the terminal."""
    model, rows, targets = made()
    runyard.sklearn.save_model(model, "model", serialization_format="cloudpickle", pip_requirements=[])
    kind = "classifier" if hasattr(model, "classes_") else "regressor"
    with caplog.at_level(logging.WARNING, logger="runyard.evaluation"):
        result = runyard.evaluate("model", rows, targets=targets, model_type=kind)

    assert set(PLOTS) <= set(result.artifacts)
    assert caplog.messages == []
    assert "%|" not in capfd.readouterr().err


@pytest.mark.parametrize("algorithm", ["exact", "permutation", "partition", "kernel"])
def test_every_algorithm_takes_texts(algorithm: str, capfd: pytest.CaptureFixture[str]) -> None:
    """The model is given rows of values that its columns really have."""
    model, rows, targets = _pipeline_of_texts()
    seen: list[pd.DataFrame] = []

    def told(given: pd.DataFrame) -> Any:
        seen.append(given)
        return model.predict(given)

    config = {"explainability_algorithm": algorithm, "explainability_nsamples": 5}
    result = runyard.evaluate(told, rows, targets=targets, model_type="regressor", evaluator_config=config)

    assert set(PLOTS) <= set(result.artifacts)
    assert all(given.dtypes.equals(rows.dtypes) and set(given["town"]) <= {"Bonn", "Ulm"} for given in seen)
    assert "%|" not in capfd.readouterr().err


def test_what_cannot_be_explained_is_named_in_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    """The guide promises explanations, so their absence is told without being asked for them."""
    rows = NUMBERS.assign(tags=pd.Series([["a"]] * 30))
    with caplog.at_level(logging.WARNING, logger="runyard"):
        result = runyard.evaluate(lambda given: given[0], rows, targets=NUMBERS[1], model_type="regressor")

    assert "max_error" in result.metrics
    assert result.artifacts == {}
    assert caplog.messages == ["The answers are not explained: the column 'tags' holds list values."]


def test_features_come_back_as_they_were() -> None:
    """Models refuse columns of other types than those they were trained on."""
    rows = pd.DataFrame({
        "text": ["b", "a", None],
        "grade": pd.Categorical([3, 1, 3], categories=[1, 2, 3], ordered=True),
        "whole": [1, 2, 3],
        "yes": [True, False, True],
        "gap": pd.array([1, 2, 4], dtype="Int64"),
        "day": pd.to_datetime(["2024-01-02", "2024-01-01", "2024-01-02"], utc=True),
        7: [0.5, 1.5, 2.5],
    })  # fmt: skip
    encoded = EncodedFeatures(rows)

    pd.testing.assert_frame_equal(encoded.decoded(encoded.numbers), rows)
    assert encoded.names[-1] == "7"
    assert encoded.numbers["text"].tolist() == [1, 0, -1]


def test_an_explanation_that_fails_can_be_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    """ignore_exceptions=False shows the error of a model that takes no other rows than the given ones."""

    def moody(given: pd.DataFrame) -> Any:
        if len(given) != len(NUMBERS):
            raise RuntimeError("thirty rows, please")
        return given[0]

    arguments: dict[str, Any] = {"targets": NUMBERS[1], "model_type": "regressor"}
    config = {"explainability_nsamples": 5}
    assert runyard.evaluate(moody, NUMBERS, evaluator_config=config, **arguments).artifacts == {}
    with pytest.raises(RuntimeError, match="thirty rows"):
        runyard.evaluate(moody, NUMBERS, evaluator_config={**config, "ignore_exceptions": False}, **arguments)


def test_drawing_explanations_leaves_the_programs_figures_alone() -> None:
    """shap draws with pyplot; the figure that was current is so again, and no other stays open."""
    import matplotlib as mpl  # noqa: PLC0415

    mpl.use("agg")
    from matplotlib import pyplot  # noqa: PLC0415

    mine = pyplot.figure()
    try:
        result = runyard.evaluate(lambda given: given[0], NUMBERS, targets=NUMBERS[1], model_type="regressor")
        assert "shap_beeswarm_plot" in result.artifacts
        assert pyplot.get_fignums() == [mine.number]
        assert pyplot.gcf() is mine
    finally:
        pyplot.close(mine)
