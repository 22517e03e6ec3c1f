"""The settings of estimators as texts."""

from collections.abc import Mapping
from typing import Any

from runyard.autologging.texts import as_texts


def is_search(estimator: Any) -> bool:
    """Whether the estimator is a search over candidates, such as GridSearchCV."""
    return hasattr(estimator, "cv_results_") or _search_class(type(estimator))


def _search_class(kind: type) -> bool:
    return any(base.__name__ == "BaseSearchCV" and base.__module__.startswith("sklearn.") for base in kind.__mro__)


def params_of(estimator: Any) -> dict[str, str]:
    """All settings, those of nested estimators too; of a search, its own only."""
    return as_texts(estimator.get_params(deep=not is_search(estimator)))


def best_params_of(search: Any) -> dict[str, str]:
    """What a search found, under the names that its own run has them by."""
    found: Mapping[str, Any] = getattr(search, "best_params_", None) or {}
    return as_texts({f"best_{key}": value for key, value in found.items()})


def tags_of(estimator: Any) -> dict[str, str]:
    """What kind of estimator a run trained."""
    kind = type(estimator)
    return {"estimator_name": kind.__name__, "estimator_class": f"{kind.__module__}.{kind.__name__}"}
