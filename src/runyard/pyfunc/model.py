"""Models written in Python: a class with ``predict``, or a function."""

import inspect
from collections.abc import Callable, Iterator
from typing import Any

from runyard._lazy import on_first_use
from runyard.pyfunc.context import PythonModelContext

__all__ = ["PythonModel", "PythonModelContext"]


class PythonModel:
    """A model of one's own: subclass it, write ``predict``, and save an object of it.

    Its object is pickled under MLflow's names, so that MLflow loads it without us, and we load theirs. It is no
    abstract class in Python's sense, since MLflow's is none either: pickles of subclasses would not load.
    """

    def load_context(self, context: PythonModelContext) -> None:
        """Read what the model needs from its files. Called once, when it is loaded."""

    def predict(self, context: PythonModelContext, model_input: Any, params: dict[str, Any] | None = None) -> Any:
        """What the model gives for an input. `context` and `params` may be left out of one's own signature.

        Parameters
        ----------
        context: The model's files and configuration.
        model_input: A pandas DataFrame, or what the type hint of this parameter says.
        params: Parameters of this call.
        """
        raise NotImplementedError(f"{type(self).__name__} has no predict of its own.")

    def predict_stream(
        self, context: PythonModelContext, model_input: Any, params: dict[str, Any] | None = None
    ) -> Iterator[Any]:
        """What the model gives, piece by piece."""
        raise NotImplementedError(f"{type(self).__name__} does not stream: it has no predict_stream of its own.")


class _FunctionPythonModel(PythonModel):
    """A function as a model. The name and the attributes are those that MLflow's pickles have."""

    def __init__(self, func: Callable[..., Any], signature: Any = None) -> None:
        self.func, self.signature = func, signature

    def predict(self, model_input: Any, params: dict[str, Any] | None = None) -> Any:  # type: ignore[override]
        """What the function gives."""
        return (
            self.func(model_input, params)
            if len(inspect.signature(self.func).parameters) > 1
            else self.func(model_input)
        )


def called(python_model: PythonModel) -> Callable[..., Any]:
    """The user's function: a model's ``predict``, or the function itself."""
    return python_model.func if isinstance(python_model, _FunctionPythonModel) else python_model.predict


def wants_context(function: Callable[..., Any]) -> bool:
    """Whether this ``predict`` takes the context first."""
    return next(iter(inspect.signature(function).parameters), "") == "context"


def wants_params(function: Callable[..., Any]) -> bool:
    """Whether it takes parameters."""
    parameters = inspect.signature(function).parameters
    return "params" in parameters or any(one.kind is one.VAR_KEYWORD for one in parameters.values())


__getattr__, _ = on_first_use(__name__, {})  # MLflow has more names here
