"""The settings of an evaluation: their values, and the models they apply to."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from runyard.core.limits import check_key
from runyard.exceptions import InvalidParameter

log = logging.getLogger(__name__)

AVERAGES = ("binary", "macro", "micro", "weighted", None)
ALGORITHMS = ("exact", "permutation", "partition", "kernel")
_LINKS = ("identity", "logit")

_CHOICES: dict[str, tuple[Any, ...]] = {
    "average": AVERAGES,
    "explainability_algorithm": (*ALGORITHMS, None),
    "explainability_kernel_link": _LINKS,
    "ignore_exceptions": (True, False),
    "log_explainer": (True, False),
    "log_model_explainability": (True, False, None),
}
_WHOLE = ("explainability_nsamples", "max_classes_for_multiclass_roc_pr", "retriever_k")
_OTHERS = ("col_mapping", "label_list", "metric_prefix", "pos_label", "sample_weights")
SETTINGS = tuple(sorted((*_CHOICES, *_WHOLE, *_OTHERS)))

_ONLY_FOR = {
    **dict.fromkeys(("average", "label_list", "max_classes_for_multiclass_roc_pr", "pos_label"), ("classifier",)),
    "sample_weights": ("classifier", "regressor"),
    "retriever_k": ("retriever",),
}


def check_settings(config: Mapping[str, Any]) -> None:
    """Check the settings.

    Raises
    ------
    InvalidParameter: A setting is unknown, or its value cannot be used; the message says what can be.
    """
    if unknown := sorted(map(str, set(config) - set(SETTINGS))):
        raise InvalidParameter(f"evaluator_config has {unknown}; the settings are {', '.join(SETTINGS)}.")
    for name, value in config.items():
        if name in _CHOICES and not any(value is choice or _equals(value, choice) for choice in _CHOICES[name]):
            raise _refusal(name, value, "one of " + ", ".join(map(str, _CHOICES[name])))
        if name in _WHOLE and (isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1):
            raise _refusal(name, value, "a whole number from 1")
    if not isinstance(config.get("col_mapping") or {}, Mapping):
        raise _refusal("col_mapping", config["col_mapping"], "a dictionary from names to columns")
    listed = config.get("label_list")
    if listed is not None and not _are_labels(listed):
        raise _refusal("label_list", listed, "a list of all classes, numbers or text")
    prefix = config.get("metric_prefix")
    if prefix:
        if not isinstance(prefix, str):
            raise _refusal("metric_prefix", prefix, "text that metric names begin with")
        check_key("metric_prefix", f"{prefix}score")


def _are_labels(listed: Any) -> bool:
    if isinstance(listed, str) or not isinstance(listed, Sequence | np.ndarray):
        return False
    return all(isinstance(each, str) for each in listed) or all(
        isinstance(each, int | float | np.number | np.bool_) for each in listed
    )


def _equals(value: Any, choice: Any) -> bool:
    return isinstance(value, str | bool | np.bool_) and bool(value == choice)


def _refusal(name: str, value: Any, wanted: str) -> InvalidParameter:
    return InvalidParameter(f"evaluator_config has {name}={value!r}; it has to be {wanted}.")


def warn_of_unused(model_type: str | None, kept: Mapping[str, Mapping[str, Any]]) -> None:
    """Warn once of settings that have no effect for this type of model."""
    given = {name for config in kept.values() for name, value in config.items() if value is not None}
    unused = sorted(name for name in given if model_type not in _ONLY_FOR.get(name, (model_type,)))
    if unused:
        what = f"a {model_type}" if model_type else "extra metrics alone"
        log.warning("The settings %s are not used: they mean nothing for %s.", ", ".join(unused), what)
