"""What a call of ``fit`` was given."""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runyard.autologging.watchers import Call

SAMPLED_ROWS = 5


def arguments_of(call: Call) -> dict[str, Any]:
    """The arguments of a method's call by their names, without the object.

    Raises
    ------
    TypeError: They do not fit the function.
    """
    bound = inspect.signature(call.function).bind(*call.args, **call.kwargs).arguments
    return dict(list(bound.items())[1:])


@dataclass(frozen=True)
class TrainingData:
    """What an estimator is trained on.

    Attributes
    ----------
    features: The first argument; None if there is none.
    targets: The labels, if any.
    sample_weight: A weight for each row, if any.
    """

    features: Any = None
    targets: Any = None
    sample_weight: Any = None

    @classmethod
    def of(cls, arguments: Mapping[str, Any]) -> "TrainingData":
        """The data among the arguments of ``fit``."""
        targets = next((arguments[name] for name in ("y", "Y") if arguments.get(name) is not None), None)
        return cls(features_of(arguments), targets, arguments.get("sample_weight"))


def features_of(arguments: Mapping[str, Any]) -> Any:
    """The data among a method's arguments: `X`, or whatever comes first; None if there is nothing."""
    return arguments["X"] if "X" in arguments else next(iter(arguments.values()), None)


def first_rows(features: Any) -> Any:
    """A copy of the first rows, made before the training can change them; None for data that has no rows to cut."""
    if features is None or isinstance(features, str | bytes | Mapping) or not hasattr(features, "__getitem__"):
        return None
    if hasattr(features, "iloc"):
        return features.iloc[:SAMPLED_ROWS].copy()
    rows = features[:SAMPLED_ROWS]
    return rows.copy() if hasattr(rows, "copy") else list(rows)
