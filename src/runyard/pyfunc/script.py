"""Models from code: a script that says which object is its model, with ``runyard.models.set_model``."""

import importlib.util
import sys
import uuid
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import date
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import Any, NoReturn

from runyard._missing import mlflow
from runyard.core.libraries import yaml
from runyard.core.yaml_problems import in_a_line
from runyard.exceptions import DoesNotExist, InvalidParameter
from runyard.models.modules import current

_set: ContextVar[Any] = ContextVar("model set by a script")
_STORABLE = (str, bytes, int, float, date, set, Path)
_BY_HAND: Mapping[str, Any] = {}
_config: ContextVar[Mapping[str, Any] | None] = ContextVar("configuration of a script", default=_BY_HAND)


def set_model(model: Any) -> None:
    """In the script of a model: this object is the model.

    Parameters
    ----------
    model: A `PythonModel`, or a function.

    Raises
    ------
    InvalidParameter: It is neither.
    """
    if not callable(model) and not hasattr(model, "predict"):
        raise InvalidParameter(f"A model is a PythonModel or a function, not {type(model).__name__}.")
    _set.set(model)


class ModelConfig:
    """The configuration of a model, as its script reads it.

    Parameters
    ----------
    development_config: What it is while the script is run by hand: a dictionary, or a YAML file of one.

    Raises
    ------
    FileNotFoundError: There is none: the script is run by hand without one, or the model is saved without one.
    """

    def __init__(self, *, development_config: Mapping[str, Any] | str | Path | None = None) -> None:
        given = _config.get()
        if given is _BY_HAND:
            is_file = isinstance(development_config, str | Path) and Path(development_config).is_file()
            if not is_file and not isinstance(development_config, Mapping):
                raise FileNotFoundError(
                    f"A script's configuration is a dictionary or a file, not {development_config!r}."
                )
            given = config_of(development_config)
        if given is None:
            raise FileNotFoundError(
                "The script asks for the configuration of its model, which has none: save it with model_config."
            )
        self._config = dict(given)

    def to_dict(self) -> dict[str, Any]:
        """All of it."""
        return dict(self._config)

    def get(self, key: str) -> Any:
        """The value of a key.

        Raises
        ------
        KeyError: There is none.
        """
        if key not in self._config:
            raise KeyError(f"The model's configuration has no {key!r}; it has {', '.join(self._config) or 'nothing'}.")
        return self._config[key]


def config_of(given: Mapping[str, Any] | str | Path | None) -> dict[str, Any] | None:
    """A configuration, from a dictionary or a YAML file.

    Raises
    ------
    InvalidParameter: It is neither.
    """
    if given is None or isinstance(given, Mapping):
        return None if given is None else dict(given)
    if not isinstance(given, str | Path):
        raise InvalidParameter(f"model_config is a dictionary, or a YAML file of one; it is {given!r}.")
    try:
        found = yaml.safe_load(Path(given).read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as problem:
        raise InvalidParameter(f"The configuration {str(given)!r} cannot be read: {in_a_line(problem)}.") from None
    if not isinstance(found, dict):
        raise InvalidParameter(f"The configuration {str(given)!r} is not a YAML file of a dictionary.")
    return found


def check_storable(value: Any, where: str = "model_config") -> None:
    """Check that a model's file can hold a configuration: otherwise the loaded model would get another one.

    Raises
    ------
    InvalidParameter: It cannot; says which value.
    """
    if isinstance(value, Mapping):
        for key, each in value.items():
            check_storable(each, f"{where}[{key!r}]")
    elif isinstance(value, list | tuple):
        for place, each in enumerate(value):
            check_storable(each, f"{where}[{place}]")
    elif not (value is None or isinstance(value, _STORABLE) or hasattr(value, "tolist")):
        raise InvalidParameter(
            f"{where} holds {type(value).__name__}, which a model's file cannot hold: give texts, numbers, dates, and "
            "lists and dictionaries of these."
        )


class _AlwaysRead(SourceFileLoader):
    """Compiles a script each time it is run: two versions may be of the same second and size, which Python's cache of
    compiled code takes for one."""

    def path_stats(self, path: Any) -> NoReturn:
        """Nothing that a cache could be compared with."""
        raise OSError


def defined_in(script: Path, config: Mapping[str, Any] | None = None) -> Any:
    """Run a script, and give the model that it sets.

    Raises
    ------
    DoesNotExist: There is no such file.
    InvalidParameter: It sets no model, or fails.
    """
    if not script.is_file():
        raise DoesNotExist(f"There is no script {str(script)!r}.")
    _set.set(None)
    name = f"runyard_model_{uuid.uuid4().hex}"
    spec = importlib.util.spec_from_file_location(name, script, loader=_AlwaysRead(name, str(script)))
    if spec is None or spec.loader is None or script.suffix != ".py":
        raise InvalidParameter(f"{str(script)!r} is not a Python script.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # its classes look it up by name
    if (modules := current()) is not None:
        modules.adopt(module.__dict__)
    let_mlflow_be_imported()
    token = _config.set(config)
    try:
        spec.loader.exec_module(module)
    except Exception as problem:  # the model's code may fail in any way
        raise InvalidParameter(f"The script {str(script)!r} of the model failed: {problem!r}.") from problem
    finally:
        _config.reset(token)
    model = _set.get()
    if model is None:
        raise InvalidParameter(f"The script {str(script)!r} sets no model: it must call set_model with one.")
    return model


def let_mlflow_be_imported() -> None:
    """Make ``import mlflow`` work in the code of models: where MLflow is not installed, it is Runyard."""
    if "mlflow" not in sys.modules and importlib.util.find_spec("mlflow") is None:
        mlflow().install(quiet=True)
