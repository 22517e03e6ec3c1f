"""Loading Python models, from a pickle or from a script, and calling them."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from runyard.exceptions import InvalidParameter
from runyard.models.environment.mismatches import unreadable
from runyard.models.loading import file_of, read_flavor
from runyard.models.mlmodel import PYFUNC
from runyard.pyfunc import pickles
from runyard.pyfunc.context import PythonModelContext
from runyard.pyfunc.hints import as_hinted, hint_of
from runyard.pyfunc.model import PythonModel, _FunctionPythonModel, called, wants_context, wants_params
from runyard.pyfunc.script import defined_in, let_mlflow_be_imported


class PythonModelRunner:
    """A Python model with its context, as pyfunc calls it.

    Parameters
    ----------
    python_model: The model.
    context: Its files and configuration.
    """

    def __init__(self, python_model: PythonModel, context: PythonModelContext) -> None:
        self.python_model, self.context = python_model, context
        self._hint = hint_of(called(python_model))

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """What the model gives."""
        return self._call(self.python_model.predict, data, params)

    def predict_stream(self, data: Any, params: dict[str, Any] | None = None) -> Iterator[Any]:
        """What the model gives, piece by piece."""
        yield from self._call(self.python_model.predict_stream, data, params)

    def get_raw_model(self) -> PythonModel:
        """The model."""
        return self.python_model

    def _call(self, function: Any, data: Any, params: dict[str, Any] | None) -> Any:
        given = as_hinted(data, self._hint)
        arguments = (self.context, given) if wants_context(function) else (given,)
        return function(*arguments, **({"params": params} if wants_params(function) else {}))


def load_python_model(path: str, model_config: Mapping[str, Any] | None = None) -> PythonModelRunner:
    """The Python model pickled in a folder."""
    folder = Path(path)
    settings = read_flavor(folder, PYFUNC)
    let_mlflow_be_imported()
    pickled = file_of(folder, settings, "python_model")
    try:
        with pickled.open("rb") as file:
            python_model = pickles.load(file)
    except Exception as problem:  # other versions of libraries may fail in any way
        raise unreadable(folder, pickled, problem) from problem
    return _begun(python_model, folder, settings, model_config)


def load_script(path: str, model_config: Mapping[str, Any] | None = None) -> PythonModelRunner:
    """The model that a script in a folder sets."""
    folder = Path(path)
    settings = read_flavor(folder, PYFUNC)
    script = Path(str(settings.get("model_code_path", ""))).name
    config = dict(settings.get("config") or {}) | dict(model_config or {})
    return _begun(defined_in(folder / script, config), folder, settings, config)


def _begun(
    python_model: Any, folder: Path, settings: Mapping[str, Any], model_config: Mapping[str, Any] | None
) -> PythonModelRunner:
    """The model with its context loaded."""
    if callable(python_model) and not hasattr(python_model, "predict"):
        python_model = _FunctionPythonModel(python_model)
    if not hasattr(python_model, "predict"):
        raise InvalidParameter(
            f"The model at {str(folder)!r} is a {type(python_model).__name__}, which has no predict."
        )
    artifacts = {
        name: str(file_of(folder, dict(described), "path"))
        for name, described in (settings.get("artifacts") or {}).items()
    }
    context = PythonModelContext(artifacts, {**(settings.get("config") or {}), **(model_config or {})})
    python_model.load_context(context)
    return PythonModelRunner(python_model, context)
