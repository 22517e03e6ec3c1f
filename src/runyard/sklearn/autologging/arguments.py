"""What a call of ``fit`` was given."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runyard.autologging.watchers import Call


def arguments_of(call: Call) -> dict[str, Any]:
    """The arguments of a method's call by their names, without the object.

    Raises
    ------
    TypeError: They do not fit the function.
    """
    return dict(list(call.arguments().items())[1:])


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
