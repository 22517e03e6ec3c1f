"""What an estimator of Spark ML is set to: as params, as tags, and as a tree of its parts."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from pyspark.ml import Pipeline
from pyspark.ml.param import Params
from pyspark.ml.tuning import _ValidatorParams

_OF_SEARCH = ("estimator", "estimatorParamMaps")


def is_search(estimator: Any) -> bool:
    """Whether it is a search over settings, such as CrossValidator."""
    return isinstance(estimator, _ValidatorParams)


def tags_of(estimator: Any) -> dict[str, str]:
    """What kind of estimator a run trained."""
    kind = type(estimator)
    return {"estimator_name": kind.__name__, "estimator_class": f"{kind.__module__}.{kind.__name__}"}


def named_parts(estimator: Any) -> dict[int, str]:
    """The stages and other parts of an estimator by their identity: classes, numbered where one comes twice."""
    parts = list(_parts(estimator))
    often = Counter(type(part).__name__ for part in parts)
    seen: Counter[str] = Counter()
    names = {}
    for part in parts:
        name = type(part).__name__
        seen[name] += 1
        names[id(part)] = f"{name}_{seen[name]}" if often[name] > 1 else name
    return names


def params_of(estimator: Any) -> dict[str, Any]:
    """All settings. Those of parts begin with the part's name; those that a search tries are left out."""
    names = named_parts(estimator)
    found = _own_params(estimator, names)
    left_out = id(estimator.getEstimator()) if is_search(estimator) else None
    for part in _parts(estimator, but=left_out):
        found |= {f"{names[id(part)]}.{key}": value for key, value in _own_params(part, names).items()}
    return found


def tree_of(estimator: Any, names: dict[int, str] | None = None) -> dict[str, Any]:
    """The parts of an estimator, for people who wonder what was trained."""
    names = named_parts(estimator) if names is None else names
    shown: dict[str, Any] = {"name": names.get(id(estimator), type(estimator).__name__)}
    if isinstance(estimator, Pipeline):
        shown["stages"] = [tree_of(stage, names) for stage in estimator.getStages()]
    elif is_search(estimator):
        shown["evaluator"] = tree_of(estimator.getEvaluator(), names)
        shown["tuned_estimator"] = tree_of(estimator.getEstimator(), names)
    else:
        shown |= {name: tree_of(part, names) for name, part in _params_that_are_parts(estimator)}
    return shown


def has_parts(estimator: Any) -> bool:
    """Whether it consists of others."""
    return next(_parts(estimator), None) is not None


def full_name(param: Any, names: dict[int, str], estimator: Any) -> str:
    """A param's name, with the part that it belongs to.

    Parameters
    ----------
    names: The parts of `estimator`.
    """
    for part in _parts(estimator):
        if part.uid == param.parent:
            return f"{names[id(part)]}.{param.name}"
    return str(param.name)


def _own_params(estimator: Any, names: dict[int, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for param, value in estimator.extractParamMap().items():
        if param.name == "estimatorParamMaps":
            continue
        if isinstance(value, Params):
            found[param.name] = names.get(id(value), type(value).__name__)
        elif isinstance(value, list) and value and all(isinstance(one, Params) for one in value):
            found[param.name] = [names.get(id(one), type(one).__name__) for one in value]
        else:
            found[param.name] = value
    return dict(sorted(found.items()))


def _parts(estimator: Any, but: int | None = None) -> Iterator[Any]:
    """What an estimator consists of, outer parts first."""
    if isinstance(estimator, Pipeline):
        inside = list(estimator.getStages())
    else:
        inside = [part for _, part in _params_that_are_parts(estimator)]
    for part in inside:
        if id(part) != but:
            yield part
            yield from _parts(part, but)


def _params_that_are_parts(estimator: Any) -> list[tuple[str, Any]]:
    values = estimator.extractParamMap().items()
    return sorted((param.name, value) for param, value in values if isinstance(value, Params))
