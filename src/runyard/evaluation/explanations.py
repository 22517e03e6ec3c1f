"""Which features a model's answers come from, as the package shap finds out and draws it."""

import logging
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from runyard.evaluation.subject import Subject
from runyard.exceptions import InvalidParameter

log = logging.getLogger(__name__)

MOST_ROWS = 2000
_MOST_EXACT = 10
_FEATURES_SHOWN = 10
ALGORITHMS = ("exact", "permutation", "partition", "kernel")
PLOTS = ("shap_beeswarm_plot", "shap_summary_plot", "shap_feature_importance_plot")


class UnexplainedError(Exception):
    """The model's answers are not explained; the message says why."""


@contextmanager
def _libraries_warnings_hidden() -> Iterator[None]:
    """shap warns of what it does itself, which nobody who evaluates a model can change."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@_libraries_warnings_hidden()
def explained(
    subject: Subject,
    features: pd.DataFrame,
    targets: Any,
    config: Mapping[str, Any],
    *,
    is_classifier: bool,
) -> Any:
    """shap's explanation of a model's answers.

    Parameters
    ----------
    subject: The model.
    features: The rows; only the first ``explainability_nsamples`` of the configuration are explained.
    targets: What is true of them.
    config: ``explainability_algorithm``, ``explainability_nsamples``, ``explainability_kernel_link``.
    is_classifier: Does it tell classes?

    Raises
    ------
    UnexplainedError: There is nothing shap could do.
    InvalidParameter: The algorithm is unknown.
    """
    algorithm = config.get("explainability_algorithm")
    if algorithm is not None and algorithm not in ALGORITHMS:
        raise InvalidParameter(f"explainability_algorithm is {algorithm!r}; it can be one of {', '.join(ALGORITHMS)}.")
    try:
        import shap  # noqa: PLC0415  (heavy, and not everybody has it)
    except ImportError as problem:
        raise UnexplainedError("the package shap is not installed") from problem
    _check(subject, features, targets)
    rows = features.head(int(config.get("explainability_nsamples", MOST_ROWS)))
    rows = rows.astype(float) if rows.isna().to_numpy().any() else rows
    predict = _numeric(subject, list(features.columns), is_classifier)
    background = rows.fillna(rows.mean())
    if algorithm == "kernel":
        link = config.get("explainability_kernel_link", "identity")
        explainer = shap.KernelExplainer(predict, shap.sample(background, 100, random_state=0), link=link)
    elif algorithm is not None:
        explainer = shap.Explainer(predict, background, feature_names=list(features.columns), algorithm=algorithm)
    else:
        explainer = _best(shap, subject, predict, background, is_classifier)
    log.info("Answers are explained by shap's %s.", type(explainer).__name__)
    if config.get("log_explainer"):
        log.warning("log_explainer is set, but explainers are not saved as models in this version.")
    return explainer(background)


def _check(subject: Subject, features: pd.DataFrame, targets: Any) -> None:
    if subject.predict is None:
        raise UnexplainedError("there is no model to ask")
    numeric = all(pd.api.types.is_numeric_dtype(kind) for kind in features.dtypes)  # booleans count as numbers
    if not numeric:
        raise UnexplainedError("some features are no numbers")
    if targets is not None and not pd.api.types.is_numeric_dtype(np.asarray(targets).dtype):
        raise UnexplainedError("the targets are no numbers")


def _numeric(subject: Subject, columns: list[str], is_classifier: bool) -> Callable[[Any], Any]:
    ask = (subject.predict_proba if is_classifier else None) or subject.predict
    assert ask is not None

    def predict(rows: Any) -> Any:
        return np.asarray(ask(pd.DataFrame(rows, columns=columns)))

    return predict


def _best(
    shap: Any, subject: Subject, predict: Callable[[Any], Any], background: pd.DataFrame, is_classifier: bool
) -> Any:
    """The explainer that knows the kind of model, if there is one; else the exact one, or one that samples."""
    if subject.raw is not None and not (is_classifier and subject.predict_proba):
        try:
            return shap.Explainer(subject.raw, background, feature_names=list(background.columns))
        except Exception as problem:  # noqa: BLE001  (shap raises whatever its attempts raise)
            log.debug("shap does not know the model by itself: %s", problem)
    algorithm = "exact" if len(background.columns) < _MOST_EXACT else "permutation"
    return shap.Explainer(predict, background, feature_names=list(background.columns), algorithm=algorithm)


@_libraries_warnings_hidden()
def draw(name: str, explanation: Any, path: Path) -> None:
    """Draw one of `PLOTS` into a PNG file.

    shap draws with pyplot, so a figure of our own is made the current one, and is gone afterwards.
    """
    import shap  # noqa: PLC0415
    from matplotlib import pyplot  # noqa: PLC0415

    before = pyplot.get_fignums()
    current = pyplot.gcf().number if before else None
    try:
        pyplot.figure()
        _PICTURES[name](shap, explanation)
        pyplot.gcf().savefig(path, bbox_inches="tight")
    finally:
        for number in set(pyplot.get_fignums()) - set(before):
            pyplot.close(number)
        if current is not None:
            pyplot.figure(current)


def _one_output(explanation: Any) -> Any:
    """Of two outputs, which mirror each other, the second; of several, the mean of their absolute contributions."""
    values = explanation.values
    if values.ndim == 2:
        return explanation
    one = values[..., 1] if values.shape[2] == 2 else np.abs(values).mean(axis=2)
    return type(explanation)(one, data=explanation.data, feature_names=explanation.feature_names)


def _beeswarm(shap: Any, explanation: Any) -> None:
    shap.plots.beeswarm(_one_output(explanation), max_display=_FEATURES_SHOWN, show=False)


def _summary(shap: Any, explanation: Any) -> None:
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


def _importance(shap: Any, explanation: Any) -> None:
    shap.plots.bar(_one_output(explanation), max_display=_FEATURES_SHOWN, show=False)


_PICTURES: dict[str, Callable[[Any, Any], None]] = dict(zip(PLOTS, (_beeswarm, _summary, _importance), strict=True))
