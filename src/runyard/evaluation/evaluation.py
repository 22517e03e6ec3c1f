"""A running evaluation: the model's predictions, and the metrics computed from them."""

import json
import logging
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from runyard.data.evaluation_dataset import EvaluationDataset
from runyard.evaluation import extra, retrieval
from runyard.evaluation.classifier import WEIGHTED, Classified, classified, classifier_metrics
from runyard.evaluation.evaluators import CLASSIFIER, DEFAULT, REGRESSOR, RETRIEVER, SHAP
from runyard.evaluation.metric import LATENCY, EvaluationMetric, MetricValue
from runyard.evaluation.regressor import regressor_metrics
from runyard.evaluation.subject import PREDICTION, Subject, answers
from runyard.exceptions import InvalidParameter

log = logging.getLogger(__name__)

_OUTPUTS = "outputs"


class Evaluation:
    """The predictions of a model for a dataset, and their metrics.

    Parameters
    ----------
    subject: The model, a function, or nothing if the dataset has the predictions.
    dataset: The rows.
    model_type: ``regressor``, ``classifier``, ``retriever`` or None.
    settings: The evaluators to run, each with its configuration.
    column: The prediction's, in a model's answer of several columns.
    """

    def __init__(
        self,
        subject: Subject,
        dataset: EvaluationDataset,
        model_type: str | None,
        settings: Mapping[str, Mapping[str, Any]],
        column: str | None = None,
    ) -> None:
        self.subject, self.dataset, self.model_type, self.settings = subject, dataset, model_type, settings
        self.config = settings.get(model_type or DEFAULT) or settings.get(SHAP) or {}
        self.prefix = str(self.config.get("metric_prefix") or "")
        self._column = column
        self._latency: pd.Series[float] | None = None
        self._extra: dict[str, MetricValue] = {}

    @cached_property
    def predictions(self) -> "pd.Series[Any]":
        """The prediction for each row."""
        said, _ = self._answers
        return pd.Series(list(said) if np.ndim(said) > 1 else said, name=PREDICTION)

    @cached_property
    def classified(self) -> Classified:
        """The predictions of a classifier, with all that its metrics need.

        Raises
        ------
        InvalidParameter: They are not a classifier's, or the configuration does not fit them.
        """
        ask = self.subject.predict_proba
        return classified(
            self.dataset.targets,
            self.predictions,
            None if ask is None else np.asarray(ask(self.dataset.features)),
            getattr(self.subject.raw, "classes_", None),
            label_list=self.config.get("label_list"),
            pos_label=self.config.get("pos_label"),
            average=self.config.get("average", WEIGHTED),
            sample_weight=self._weights,
        )

    @cached_property
    def builtin(self) -> dict[str, Any]:
        """The metrics of the model type, by name.

        Raises
        ------
        InvalidParameter: Predictions and targets do not fit the model type, or each other.
        """
        if self.model_type not in (CLASSIFIER, REGRESSOR):
            return {}
        for role, values in (("targets", self.dataset.targets), ("predictions", self.predictions)):
            _check_single(role, values, self.model_type)
        return self._score() | (
            classifier_metrics(self.classified) if self.model_type == CLASSIFIER else self._of_regressor()
        )

    def metrics(self, extra_metrics: Sequence[EvaluationMetric]) -> dict[str, Any]:
        """All metrics, without the configuration's prefix.

        Parameters
        ----------
        extra_metrics: The caller's.

        Raises
        ------
        InvalidParameter: Predictions and targets do not fit the model type, or a metric asks for what there is not.
        """
        builtin = self.builtin
        if self.model_type == RETRIEVER:
            extra_metrics = [
                *retrieval.of_retriever(self.config.get("retriever_k", retrieval.DEFAULT_K)),
                *extra_metrics,
            ]
        self._extra = extra.compute(extra_metrics, self._material(extra_metrics))
        return builtin | extra.numbers_of(self._extra)

    def named_metrics(self) -> dict[str, Any]:
        """All metrics that were computed, under the names that the run keeps: with the configuration's prefix."""
        builtin = {f"{self.prefix}{name}": value for name, value in self.builtin.items()}
        return builtin | extra.numbers_of(self._extra, self.prefix)

    def row_scores(self) -> pd.DataFrame | None:
        """The rows with their predictions and the scores that metrics gave each; None if none did."""
        scores: dict[str, Any] = dict(extra.row_scores(self._extra, len(self.dataset.features), self.prefix))
        if not scores:
            return None
        if self._latency is not None:
            scores["latency"] = scores.pop(f"{self.prefix}{LATENCY}/score")
        given = self.dataset.predictions
        output = self._column or (_OUTPUTS if given is None else str(given.name))
        return self.dataset.inputs().assign(**{output: self.predictions}).assign(**scores)

    @cached_property
    def _answers(self) -> tuple[Any, pd.DataFrame]:
        if self.dataset.predictions is not None:
            return np.asarray(self.dataset.predictions), pd.DataFrame(index=self.dataset.features.index)
        return answers(self.subject, self.dataset.features, self._column, of_lists=self.model_type == RETRIEVER)

    @cached_property
    def _weights(self) -> Any:
        given, rows = self.config.get("sample_weights"), len(self.dataset.features)
        if given is None:
            return None
        try:
            weights = np.asarray(given, dtype=float)
        except (TypeError, ValueError):
            raise InvalidParameter(f"sample_weights must be numbers, one for each row, not {given!r:.80}.") from None
        if weights.shape != (rows,):
            raise InvalidParameter(
                f"sample_weights has the shape {weights.shape}; for {rows} rows it must be ({rows},)."
            )
        if not (np.isfinite(weights) & (weights >= 0)).all():
            raise InvalidParameter("sample_weights must be finite and 0 or more; some are not.")
        return weights

    def _of_regressor(self) -> dict[str, float]:
        numbers = {}
        for role, values in (("targets", self.dataset.targets), ("predictions", self.predictions)):
            if np.asarray(values).dtype.kind in "mM":  # numpy would count their nanoseconds
                raise InvalidParameter(f"A regressor's {role} must be numbers, not dates or durations.")
            try:
                numbers[role] = np.asarray(values, dtype=float)
            except (TypeError, ValueError) as problem:
                raise InvalidParameter(f"A regressor's {role} must be numbers: {problem}.") from problem
            if not np.isfinite(numbers[role]).all():
                bad = int((~np.isfinite(numbers[role])).sum())
                raise InvalidParameter(f"The {role} of {bad} rows are NaN or infinite; remove those rows.")
        return regressor_metrics(numbers["targets"], numbers["predictions"], self._weights)

    def _score(self) -> dict[str, float]:
        """What the model's own ``score`` says."""
        ask = getattr(self.subject.raw, "score", None)
        if ask is None:
            return {}
        weight = {} if self._weights is None else {"sample_weight": self._weights}
        try:
            return {"score": float(ask(self.dataset.features, self.dataset.targets, **weight))}
        except Exception as problem:  # noqa: BLE001  (the model's code; the other metrics do not need it)
            log.warning("The model's score could not be computed: %s: %s", type(problem).__name__, problem)
            return {}

    def _material(self, extra_metrics: Sequence[EvaluationMetric]) -> extra.Material:
        _, others = self._answers
        columns = pd.concat([self.dataset.inputs(), others], axis=1)
        if self.dataset.predictions is not None:
            columns = columns.assign(**{str(self.dataset.predictions.name): self.dataset.predictions})
        if any(getattr(metric, "name", None) == LATENCY for metric in extra_metrics):
            self._latency = self.subject.latencies(self.dataset.features)
            if self._latency is not None:
                columns = columns.assign(latency=self._latency)
        mapping = dict(self.config.get("col_mapping") or {})
        return extra.Material(self.predictions, self.dataset.targets, self.builtin, columns, mapping)


def _check_single(role: str, values: Any, model_type: str) -> None:
    """Refuse several labels or numbers for a row, which need other metrics.

    Raises
    ------
    InvalidParameter: They do.
    """
    several = next((value for value in values if isinstance(value, list | tuple | set | np.ndarray)), None)
    if several is not None:
        raise InvalidParameter(
            f"The {role} have several values for a row, such as {several!r:.80}; a {model_type} is evaluated on one. "
            "Evaluate each output as a column by itself, or all of them with model_type=None and extra_metrics."
        )


def table_content(table: pd.DataFrame) -> dict[str, Any]:
    """A table as it is written to JSON: ``columns`` and ``data``."""
    content: dict[str, Any] = json.loads(table.to_json(orient="split", index=False))
    return content
