"""Explanations of a model's predictions by its features, computed and drawn by shap."""

import inspect
import logging
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from runyard.core.libraries import lazy, required
from runyard.evaluation.encoded import EncodedFeatures
from runyard.evaluation.subject import Subject
from runyard.exceptions import MissingPackage
from runyard.shap.flavor import log_explainer

pyplot, shap = lazy("matplotlib.pyplot"), lazy("shap")

log = logging.getLogger(__name__)

MAX_ROWS = 2000
_MAX_EXACT = 10
_FEATURES_SHOWN = 10
PLOTS = ("shap_beeswarm_plot", "shap_summary_plot", "shap_feature_importance_plot")


class UnexplainedError(Exception):
    """The model's answers are not explained; the message says why."""


class NoShapError(UnexplainedError):
    """They cannot be, without the package."""


@contextmanager
def _libraries_warnings_hidden() -> Iterator[None]:
    """Hide shap's warnings about its own code."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@_libraries_warnings_hidden()
def explained(subject: Subject, features: pd.DataFrame, config: Mapping[str, Any], *, is_classifier: bool) -> Any:
    """shap's explanation of a model's answers.

    Parameters
    ----------
    subject: The model.
    features: The rows; only the first ``explainability_nsamples`` of the configuration are explained.
    config: ``explainability_algorithm``, ``explainability_nsamples``, ``explainability_kernel_link``.
    is_classifier: Whether it predicts classes.

    Raises
    ------
    UnexplainedError: shap cannot explain it.
    NoShapError: shap is not installed.
    """
    if subject.predict is None:
        raise UnexplainedError("there is no model to ask")
    if features.shape[1] == 0:
        raise UnexplainedError("there are no features")
    try:
        required("shap", "Explaining answers")
    except MissingPackage as problem:
        raise NoShapError("the package shap is not installed") from problem
    try:
        encoded = EncodedFeatures(features.head(int(config.get("explainability_nsamples", MAX_ROWS))))
    except TypeError as problem:
        raise UnexplainedError(str(problem)) from problem
    predict = _numeric(subject, encoded, is_classifier)
    explainer = _explainer(subject, encoded, predict, config, is_classifier)
    log.info("Answers are explained by shap's %s.", type(explainer).__name__)
    if config.get("log_explainer"):
        _log_explainer(explainer)
    no_bars = {"silent": True} if "silent" in inspect.signature(explainer.__call__).parameters else {}
    return explainer(encoded.numbers, **no_bars)


def _log_explainer(explainer: Any) -> None:
    """Log the explainer as a model; what keeps it from being saved does not keep the model from being evaluated."""
    try:
        log_explainer(explainer, name="explainer")
    except Exception as problem:  # noqa: BLE001  (pickles of other people's models fail in any way)
        log.warning("The explainer is not logged as a model: %s: %s", type(problem).__name__, problem)


def _numeric(subject: Subject, encoded: EncodedFeatures, is_classifier: bool) -> Callable[[Any], Any]:
    """What the model says in numbers of rows of numbers: probabilities, if it can, else its predictions.

    Labels that are text become a column for each, with 1 where it is predicted.
    """
    ask = (subject.predict_proba if is_classifier else None) or subject.predict
    assert ask is not None
    said = np.asarray(ask(encoded.decoded(encoded.numbers)))
    labels = None if np.issubdtype(said.dtype, np.number) or said.dtype == bool else np.unique(said.astype(str))

    def predict(rows: Any) -> Any:
        answered = np.asarray(ask(encoded.decoded(rows)))
        return answered if labels is None else (answered.astype(str)[:, None] == labels).astype(float)

    return predict


def _explainer(
    subject: Subject,
    encoded: EncodedFeatures,
    predict: Callable[[Any], Any],
    config: Mapping[str, Any],
    is_classifier: bool,
) -> Any:
    """The wished one; else the one that knows the kind of model; else the exact one, or one that samples."""
    background, algorithm = encoded.numbers, config.get("explainability_algorithm")
    if algorithm == "kernel":
        link = config.get("explainability_kernel_link", "identity")
        return shap.KernelExplainer(predict, shap.sample(background, 100, random_state=0), link=link)
    knows = subject.raw is not None and encoded.were_numbers and not (is_classifier and subject.predict_proba)
    if algorithm is None and knows:
        try:
            return shap.Explainer(subject.raw, background, feature_names=encoded.names)
        except Exception as problem:  # noqa: BLE001  (shap raises whatever its attempts raise)
            log.debug("shap does not know the model by itself: %s", problem)
    if algorithm is None:
        algorithm = "exact" if len(encoded.names) < _MAX_EXACT else "permutation"
    return shap.Explainer(predict, background, feature_names=encoded.names, algorithm=algorithm)


@_libraries_warnings_hidden()
def draw(name: str, explanation: Any, path: Path) -> None:
    """Draw one of `PLOTS` into a PNG file.

    shap draws with pyplot, so a figure of our own is made the current one, and is gone afterwards.
    """
    before = pyplot.get_fignums()
    current = pyplot.gcf().number if before else None
    try:
        pyplot.figure()
        _PICTURES[name](explanation)
        pyplot.gcf().savefig(path, bbox_inches="tight")
    finally:
        for number in set(pyplot.get_fignums()) - set(before):
            pyplot.close(number)
        if current is not None:
            pyplot.figure(current)


def _one_output(explanation: Any) -> Any:
    """Of two outputs, which mirror each other, the second; of several, the mean of their absolute contributions."""
    one = explanation.values
    if one.ndim > 2:
        one = one[..., 1] if one.shape[2] == 2 else np.abs(one).mean(axis=2)
    return type(explanation)(one, data=explanation.data, feature_names=explanation.feature_names)


def _beeswarm(explanation: Any) -> None:
    shap.plots.beeswarm(_one_output(explanation), max_display=_FEATURES_SHOWN, show=False)


def _summary(explanation: Any) -> None:
    values = explanation.values
    per_output = values if values.ndim == 2 else [values[..., output] for output in range(values.shape[2])]
    shap.summary_plot(
        per_output,
        features=explanation.data,
        feature_names=explanation.feature_names,
        max_display=_FEATURES_SHOWN,
        plot_type="dot" if values.ndim == 2 else "bar",
        show=False,
    )


def _importance(explanation: Any) -> None:
    shap.plots.bar(_one_output(explanation), max_display=_FEATURES_SHOWN, show=False)


_PICTURES: dict[str, Callable[[Any], None]] = dict(zip(PLOTS, (_beeswarm, _summary, _importance), strict=True))
