"""Which parts of an evaluation are wanted, and how each is configured."""

from collections.abc import Mapping
from typing import Any

from runyard.evaluation.settings import check_settings, warn_of_unused
from runyard.exceptions import InvalidParameter

REGRESSOR, CLASSIFIER, RETRIEVER, SHAP, DEFAULT = "regressor", "classifier", "retriever", "shap", "default"
MODEL_TYPES = (REGRESSOR, CLASSIFIER, RETRIEVER)


def list_evaluators() -> list[str]:
    """The names that ``evaluators`` can have."""
    return [DEFAULT, CLASSIFIER, REGRESSOR, SHAP]


def settings_by_evaluator(
    model_type: str | None, evaluators: Any = None, evaluator_config: Any = None
) -> dict[str, dict[str, Any]]:
    """The evaluators that are to run, each with its configuration.

    Parameters
    ----------
    model_type: ``regressor``, ``classifier``, ``retriever`` or None, for extra metrics only.
    evaluators: A name or several of `list_evaluators`; all that fit when left out.
    evaluator_config: Settings for all of them, or for several evaluators a dictionary of those by name.

    Raises
    ------
    InvalidParameter: The model type, an evaluator or a setting is unknown, a setting's value is, or none is left that
        fits the type.
    """
    if model_type is not None and model_type not in MODEL_TYPES:
        raise InvalidParameter(
            f"model_type is {model_type!r}; models of the types {', '.join(MODEL_TYPES)} can be evaluated, and "
            "with model_type=None any other by extra_metrics."
        )
    names = [evaluators] if isinstance(evaluators, str) else list(evaluators or [DEFAULT])
    if unknown := [name for name in names if name not in list_evaluators()]:
        raise InvalidParameter(f"There is no evaluator {unknown[0]!r}; there are {', '.join(list_evaluators())}.")
    if evaluator_config is not None and not isinstance(evaluator_config, Mapping):
        raise InvalidParameter(f"evaluator_config must be a dictionary, not {evaluator_config!r}.")
    config = dict(evaluator_config or {})
    nested = bool(config) and set(config) <= set(list_evaluators())
    kept: dict[str, dict[str, Any]] = {}
    for name in names:
        for part in (model_type or DEFAULT, SHAP) if name == DEFAULT else (name,):
            if part in (model_type or DEFAULT, SHAP):
                kept.setdefault(part, dict(config.get(part, config.get(name)) or {}) if nested else config)
    if model_type not in (None, *kept):
        raise InvalidParameter(f"None of the evaluators {names} fits the model type {model_type!r}.")
    if nested and (idle := sorted(set(config) - {DEFAULT, *kept})):
        raise InvalidParameter(f"evaluator_config has settings for {idle}, of the evaluators that run: {sorted(kept)}.")
    for settings in kept.values():
        check_settings(settings)
    warn_of_unused(model_type, kept)
    return kept
