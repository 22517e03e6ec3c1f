"""Metrics of retrievers, which find things for each row: documents by their ids, say, the best first."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from runyard.evaluation.metric import EvaluationMetric, MetricValue, make_metric
from runyard.exceptions import InvalidParameter

DEFAULT_K = 3


def of_retriever(k: int = DEFAULT_K) -> list[EvaluationMetric]:
    """The metrics of the model type ``retriever``, of the first `k` things found."""
    return [precision_at_k(k), recall_at_k(k), ndcg_at_k(k)]


def precision_at_k(k: int) -> EvaluationMetric:
    """Share of the first `k` things found that are relevant; `k` is 1 or more."""
    return _metric("precision", k, _precision)


def recall_at_k(k: int) -> EvaluationMetric:
    """Share of the relevant things that are among the first `k` found; `k` is 1 or more."""
    return _metric("recall", k, _recall)


def ndcg_at_k(k: int) -> EvaluationMetric:
    """How early the relevant things come among the first `k` found, 1 if none could come earlier; `k` is 1 or more."""
    return _metric("ndcg", k, _ndcg)


def _metric(kind: str, k: int, score: Callable[[Sequence[Any], Sequence[Any], int], float]) -> EvaluationMetric:
    if not _is_count(k):
        raise InvalidParameter(f"{kind}_at_k is of the first k things found: k is {k!r}, and has to be 1 or more.")
    name = f"{kind}_at_{k}"

    def scored(predictions: Any, targets: Any) -> MetricValue:
        rows = zip(_lists(name, "predictions", predictions), _lists(name, "targets", targets), strict=True)
        return MetricValue(scores=[score(found, relevant, int(k)) for found, relevant in rows])

    return make_metric(eval_fn=scored, greater_is_better=True, name=name)


def _is_count(k: Any) -> bool:
    return isinstance(k, int | np.integer) and not isinstance(k, bool) and bool(k >= 1)


def _lists(metric: str, role: str, rows: Any) -> list[list[Any]]:
    for row, value in enumerate(rows):
        if not isinstance(value, list | tuple | set | np.ndarray):
            raise InvalidParameter(
                f"{metric} needs lists: row {row} of the {role} is {value!r}. Each row is a list of what was found, "
                "or of what is relevant."
            )
    return [list(value) for value in rows]


def _precision(found: Sequence[Any], relevant: Sequence[Any], k: int) -> float:
    first = found[:k]
    return sum(each in relevant for each in first) / len(first) if first else 0.0


def _recall(found: Sequence[Any], relevant: Sequence[Any], k: int) -> float:
    if not relevant:
        return 0.0 if found else 1.0
    return len(set(relevant) & set(found[:k])) / len(set(relevant))


def _ndcg(found: Sequence[Any], relevant: Sequence[Any], k: int) -> float:
    """Something relevant that is found several times counts each time, and so it does in the best order."""
    if not relevant or not found:
        return 0.0 if found or relevant else 1.0
    hits = [place for place, each in enumerate(found[:k]) if each in relevant]
    again = len(hits) - len({found[place] for place in hits})
    best = range(min(len(found[:k]), len(set(relevant)) + again))
    return _gain(hits) / _gain(best)


def _gain(places: Sequence[int]) -> float:
    return sum(1 / math.log2(place + 2) for place in places)
