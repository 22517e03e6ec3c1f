"""Which parts of an evaluation are wanted, and how each is configured."""

from collections.abc import Mapping
from typing import Any

from runyard.exceptions import InvalidParameter

REGRESSOR, CLASSIFIER, SHAP, DEFAULT = "regressor", "classifier", "shap", "default"
MODEL_TYPES = (REGRESSOR, CLASSIFIER)
SETTINGS = (
    "average",
    "col_mapping",
    "explainability_algorithm",
    "explainability_kernel_link",
    "explainability_nsamples",
    "ignore_exceptions",
    "label_list",
    "log_explainer",
    "log_model_explainability",
    "max_classes_for_multiclass_roc_pr",
    "metric_prefix",
    "pos_label",
    "sample_weights",
)


def list_evaluators() -> list[str]:
    """The names that ``evaluators`` can have."""
    return [DEFAULT, CLASSIFIER, REGRESSOR, SHAP]


def settings_by_evaluator(
    model_type: str | None, evaluators: Any = None, evaluator_config: Any = None
) -> dict[str, dict[str, Any]]:
    """The evaluators that are to run, each with its configuration.

    Parameters
    ----------
    model_type: ``regressor``, ``classifier`` or None, for extra metrics only.
    evaluators: A name or several of `list_evaluators`; all that fit when left out.
    evaluator_config: Settings for all of them, or for several evaluators a dictionary of those by name.

    Raises
    ------
    InvalidParameter: The model type, an evaluator or a setting is unknown, or none is left that fits the type.
    """
    if model_type is not None and model_type not in MODEL_TYPES:
        raise InvalidParameter(
            f"model_type is {model_type!r}; models of the types {' and '.join(MODEL_TYPES)} can be evaluated, and "
            "with model_type=None any other by extra_metrics."
        )
    names = [evaluators] if isinstance(evaluators, str) else list(evaluators or [DEFAULT])
    if unknown := [name for name in names if name not in list_evaluators()]:
        raise InvalidParameter(f"There is no evaluator {unknown[0]!r}; there are {', '.join(list_evaluators())}.")
    if evaluator_config is not None and not isinstance(evaluator_config, Mapping):
        raise InvalidParameter(f"evaluator_config must be a dictionary, not {evaluator_config!r}.")
    config = dict(evaluator_config or {})
    nested = bool(config) and set(config) <= set(list_evaluators())
    found: dict[str, dict[str, Any]] = {}
    for name in names:
        own = dict(config.get(name) or {}) if nested else config
        _check(own)
        for part in (model_type or DEFAULT, SHAP) if name == DEFAULT else (name,):
            found.setdefault(part, own)
    kept = {part: own for part, own in found.items() if part in (model_type or DEFAULT, SHAP)}
    if model_type not in (None, *kept):
        raise InvalidParameter(f"None of the evaluators {names} fits the model type {model_type!r}.")
    return kept


def _check(config: Mapping[str, Any]) -> None:
    if unknown := sorted(set(config) - set(SETTINGS)):
        raise InvalidParameter(f"evaluator_config has {unknown}; the settings are {', '.join(SETTINGS)}.")
