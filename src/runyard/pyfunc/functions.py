"""The functions that every flavor offers, made from what is its own: how its model is written, and how it is read.

A flavor gives a function that writes a model into a folder, and one that reads it. `saving` and `logging` make
``save_model`` and ``log_model`` of the first, `loading` and `as_pyfunc` make ``load_model`` and ``_load_pyfunc`` of the
second: they take the options that all flavors have and those of the function, and have its docstring. `defaults` makes
what tells the requirements.
"""

import inspect
import logging as loggers
import platform
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar, overload

from runyard.core.docstrings import docstring, sections
from runyard.exceptions import RunyardException
from runyard.models.environment.mismatches import unreadable
from runyard.models.environment.requirements import pinned
from runyard.models.example import parted
from runyard.models.flavor import Flavor
from runyard.models.info import ModelInfo
from runyard.models.loading import code_of, local_folder, read_flavor, with_code
from runyard.models.mlmodel import MLMODEL
from runyard.models.model import Model
from runyard.models.options import Options
from runyard.pyfunc import folder as folders
from runyard.pyfunc.artifacts import stored_extra

log = loggers.getLogger(__name__)

Own = ParamSpec("Own")
"""The parameters that only this flavor has."""
Made = TypeVar("Made")
Writes = Callable[..., Any]
"""Writes a model: takes the folder, the model, and the flavor's own options."""
Reads = Callable[Concatenate[Path, Mapping[str, Any], Own], Any]
"""Reads a model: takes its folder, the flavor's settings, and the flavor's own options."""
Defaults = tuple[Callable[Own, list[str]], Callable[Own, dict[str, Any]]]
"""A flavor's ``get_default_pip_requirements`` and ``get_default_conda_env``."""


class Loads(Protocol[Own]):
    """A flavor's ``load_model``."""

    def __call__(self, model_uri: str, dst_path: str | None = None, *args: Own.args, **kwargs: Own.kwargs) -> Any:
        """What is at an address.

        Parameters
        ----------
        model_uri: A folder, ``runs:/…``, ``models:/…`` or any other address of artifacts.
        dst_path: The folder to put its files in; a temporary one when left out.

        Raises
        ------
        InvalidParameter: There is no model of this flavor.
        RunyardException: It cannot be read; the message tells the versions that differ.
        """


_Parameter = inspect.Parameter
_BEFORE = ("conda_env", "code_paths", "mlflow_model", "signature", "input_example")
_REQUIREMENTS = ("pip_requirements", "extra_pip_requirements")
_BEHIND = ("metadata", "extra_files")
_OF_LOGGING = {"name": None, "params": None, "tags": None, "model_type": None, "step": 0, "model_id": None}
_OPTIONS = """\
path: A folder that is not there yet, or is empty.
conda_env, pip_requirements, extra_pip_requirements: What must be installed to load it; inferred when left out.
code_paths: Files and folders of Python modules that it needs.
mlflow_model: The description to fill in; a new one when left out.
signature: Its inputs and outputs; inferred from the example when left out, none when False.
input_example: An example of the input, or a pair of it and of parameters.
metadata: Data to store with it.
extra_files: Files to keep with it, in its folder ``extra_files``: paths, or addresses of artifacts.
"""


def saving(flavor: Flavor, write: Writes) -> Callable[..., None]:
    """The ``save_model`` of a flavor.

    Parameters
    ----------
    write: Its docstring describes the model and its own options, in a section of parameters.
    """
    signature = inspect.Signature(_parameters_of_saving(write), return_annotation=None)
    own = list(inspect.signature(write).parameters)[1:]

    def save_model(*args: Any, **kwargs: Any) -> None:
        given = _bound(save_model, signature, args, kwargs)
        options = Options(**{name: given.get(name) for name in Options.__dataclass_fields__})
        for_write = {name: given[name] for name in own if name in given}
        more = for_write.pop("kwargs", {})
        with folders.saving(given["path"], options, given.get("mlflow_model"), flavor.requirements) as folder:
            folder.extra_files = stored_extra(given.get("extra_files"), folder.path)
            write(folder, **for_write, **more)

    text, own_parameters, errors = sections(write)
    save_model.__doc__ = docstring(text, [own_parameters, _OPTIONS], [errors])
    return _named(save_model, signature, _home(flavor))  # type: ignore[no-any-return]


def logging(save_model: Callable[..., None]) -> Callable[..., ModelInfo]:
    """The ``log_model`` that belongs to a ``save_model``: it takes the same, and stores the model as a logged one."""
    saved = inspect.signature(save_model)
    signature = inspect.Signature(_parameters_of_logging(saved), return_annotation=ModelInfo)
    saver = SimpleNamespace(save_model=save_model)

    def log_model(*args: Any, **kwargs: Any) -> ModelInfo:
        given = _bound(log_model, signature, args, kwargs)
        more = given.pop("kwargs", {})
        return Model.log(given.pop("artifact_path", None), saver, **given, **more)

    text = "Save a model and store it as a logged model, with the active run when there is one.\n\n"
    parameters = f"The parameters are those of `{save_model.__module__}.save_model` and of `runyard.models.log_model`."
    log_model.__doc__ = text + parameters
    return _named(log_model, signature, save_model.__module__)  # type: ignore[no-any-return]


def loading(flavor: Flavor, read: Reads[Own]) -> Loads[Own]:
    """The ``load_model`` of a flavor.

    Parameters
    ----------
    read: Its docstring describes what is loaded, and its own options in a section of parameters.
    """
    _, _, *own = inspect.signature(read).parameters.values()
    place = [_parameter("model_uri", _Parameter.empty, str), _parameter("dst_path", None, str | None)]
    signature = inspect.Signature([*place, *own], return_annotation=Any)

    def load_model(*args: Any, **kwargs: Any) -> Any:
        given = _bound(load_model, signature, args, kwargs)
        uri, folder, more = given.pop("model_uri"), given.pop("dst_path", None), given.pop("kwargs", {})
        return read_model(flavor, uri, folder, read, **given, **more)

    text, own_parameters, errors = sections(read)
    _, parameters, errors_of_any = sections(Loads.__call__)
    load_model.__doc__ = docstring(text, [parameters, own_parameters], [errors_of_any, errors])
    return _named(load_model, signature, _home(flavor))  # type: ignore[no-any-return]


def as_pyfunc(flavor: Flavor, read: Reads[...], wrapper: Callable[[Any], Made]) -> Callable[[str], Made]:
    """The ``_load_pyfunc`` of a flavor.

    Parameters
    ----------
    wrapper: Makes the object that predicts as a pyfunc of what was read.
    """

    def _load_pyfunc(path: str) -> Made:
        """The model that has its files at a path, for pyfunc."""
        return wrapper(read_saved(flavor, path, read))

    made = wrapper if isinstance(wrapper, type) else Any
    signature = inspect.signature(_load_pyfunc).replace(return_annotation=made)
    return _named(_load_pyfunc, signature, _home(flavor))  # type: ignore[no-any-return]


def read_model(flavor: Flavor, model_uri: str, dst_path: str | None, read: Reads[...], **options: Any) -> Any:
    """What a flavor's ``load_model`` gives.

    Parameters
    ----------
    model_uri: A folder, ``runs:/…``, ``models:/…`` or any other address of artifacts.
    dst_path: The folder to put its files in; a temporary one when left out.
    read: Reads the model.
    options: For `read`.

    Raises
    ------
    InvalidParameter: There is no model of this flavor.
    RunyardException: It cannot be read; the message tells the versions that differ.
    """
    folder = local_folder(model_uri, dst_path)
    settings = read_flavor(folder, flavor.name)
    _tell_of_version(flavor, settings)
    with with_code(code_of(folder, settings)):
        return read_saved(flavor, folder, read, **options)


def read_saved(flavor: Flavor, path: str | Path, read: Reads[...], **options: Any) -> Any:
    """What a model is made of, for a flavor's ``_load_pyfunc``.

    Parameters
    ----------
    path: The model's folder, or what is named as its data there.
    """
    folder = folder_with(path)
    settings = read_flavor(folder, flavor.name)
    try:
        return read(folder, settings, **options)
    except RunyardException:
        raise
    except Exception as problem:  # other versions of libraries may fail in any way
        raise unreadable(folder, folder / str(settings.get("data", "")), problem) from problem


def folder_with(path: str | Path) -> Path:
    """The folder of the model that has something at a path."""
    place = Path(path)
    return next((one for one in (place, *place.parents) if (one / MLMODEL).is_file()), place)


def predicting(wrapper: Any) -> Callable[[Any], Any]:
    """What a model gives for an input example, by the object that predicts when it is loaded as a pyfunc."""

    def predict(example: Any) -> Any:
        data, params = parted(example)
        return wrapper.predict(data, params)

    return predict


def taken_by(function: Callable[..., Any], params: Mapping[str, Any] | None) -> dict[str, Any]:
    """The parameters of a prediction that a function of the library takes; the others are left out with a warning."""
    known = inspect.signature(function).parameters
    if any(one.kind is _Parameter.VAR_KEYWORD for one in known.values()):
        return dict(params or {})
    taken = {name: value for name, value in (params or {}).items() if name in known}
    if len(taken) < len(params or {}):
        left_out = sorted((params or {}).keys() - taken.keys())
        log.warning("%s does not take these parameters, which are left out: %s.", function.__qualname__, left_out)
    return taken


def _nothing() -> Sequence[str]:
    return ()


@overload
def defaults(flavor: Flavor) -> tuple[Callable[[], list[str]], Callable[[], dict[str, Any]]]: ...
@overload
def defaults(flavor: Flavor, more: Callable[Own, Sequence[str]]) -> Defaults[Own]: ...
def defaults(flavor: Flavor, more: Callable[..., Sequence[str]] = _nothing) -> Defaults[...]:
    """The ``get_default_pip_requirements`` and the ``get_default_conda_env`` of a flavor.

    Parameters
    ----------
    more: What is needed besides, as pip names it. The two take its parameters, which its docstring describes.
    """
    _, own, _ = sections(more)
    parameters = list(inspect.signature(more).parameters.values())

    def get_default_pip_requirements(*args: Any, **kwargs: Any) -> list[str]:
        return [pinned(name) for name in (*flavor.requirements, *more(*args, **kwargs))]

    def get_default_conda_env(*args: Any, **kwargs: Any) -> dict[str, Any]:
        return default_environment(get_default_pip_requirements(*args, **kwargs))

    texts = {
        get_default_pip_requirements: f"What any model of {flavor.library} needs, pinned to what is installed.",
        get_default_conda_env: "The same as `get_default_pip_requirements`, as a conda environment.",
    }
    for function, text in texts.items():
        function.__doc__ = docstring(text, [own])
        returned = inspect.signature(function).return_annotation
        _named(function, inspect.Signature(parameters, return_annotation=returned), _home(flavor))
    return get_default_pip_requirements, get_default_conda_env


def default_environment(requirements: Sequence[str]) -> dict[str, Any]:
    """Requirements as a conda environment."""
    return {
        "name": "mlflow-env",
        "channels": ["conda-forge"],
        "dependencies": [f"python={platform.python_version()}", "pip", {"pip": ["mlflow", *requirements]}],
    }


def _parameters_of_saving(write: Writes) -> list[_Parameter]:
    _, model, *own = inspect.signature(write).parameters.values()
    rest = [one for one in own if one.kind is _Parameter.VAR_KEYWORD]
    own = [one.replace(kind=_Parameter.POSITIONAL_OR_KEYWORD) for one in own if one not in rest]
    shared = [_parameter(name, None) for name in (*_BEFORE, *_REQUIREMENTS)]
    behind = [_parameter(name, None) for name in _BEHIND]
    path = _Parameter("path", _Parameter.POSITIONAL_OR_KEYWORD)
    return [model.replace(kind=_Parameter.POSITIONAL_OR_KEYWORD), path, *shared, *own, *behind, *rest]


def _parameters_of_logging(saved: inspect.Signature) -> list[_Parameter]:
    found = []
    for one in saved.parameters.values():
        if one.name == "path":
            found.append(_parameter("artifact_path", None))
        elif one.name == "mlflow_model":
            found.append(_parameter("registered_model_name", None))
        elif one.kind is not _Parameter.VAR_KEYWORD:
            found.append(one)
        if one.name == "input_example":
            found.append(_parameter("await_registration_for", 300))
    more = [_parameter(name, default) for name, default in _OF_LOGGING.items()]
    return [*found, *more, _Parameter("kwargs", _Parameter.VAR_KEYWORD)]


def _parameter(name: str, default: Any, annotation: Any = _Parameter.empty) -> _Parameter:
    return _Parameter(name, _Parameter.POSITIONAL_OR_KEYWORD, default=default, annotation=annotation)


def _bound(
    function: Callable[..., Any], signature: inspect.Signature, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> dict[str, Any]:
    """The arguments by name.

    Raises
    ------
    TypeError: They do not fit; says which function it is.
    """
    try:
        return dict(signature.bind(*args, **kwargs).arguments)
    except TypeError as problem:
        raise TypeError(f"{function.__module__}.{function.__name__}(): {problem}") from None


def _named(function: Any, signature: inspect.Signature, module: str) -> Any:
    function.__signature__ = signature
    function.__module__, function.__qualname__ = module, function.__name__
    return function


def _home(flavor: Flavor) -> str:
    """The module where a flavor's functions are."""
    return f"{flavor.module}.flavor"


def _tell_of_version(flavor: Flavor, settings: Mapping[str, Any]) -> None:
    saved, installed = str(settings.get(flavor.version_key) or "").partition("+")[0], flavor.version
    if saved and installed and saved != installed:
        log.warning("The model was saved with %s %s; this is %s.", flavor.library, saved, installed)
