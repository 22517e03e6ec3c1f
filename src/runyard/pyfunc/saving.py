"""Saving and logging Python models, functions, scripts, and models with a loader of their own."""

import logging
import platform
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from importlib import metadata as packages
from pathlib import Path
from typing import Any

from runyard.exceptions import InvalidParameter
from runyard.models.environment.files import CONDA, PYTHON_ENV
from runyard.models.environment.requirements import pinned
from runyard.models.example import parted
from runyard.models.info import ModelInfo
from runyard.models.mlmodel import PYFUNC, MLmodel
from runyard.models.model import Model
from runyard.models.options import Options
from runyard.models.signature import ModelSignature
from runyard.pyfunc import pickles
from runyard.pyfunc.artifacts import check_artifacts, copy_local, stored
from runyard.pyfunc.context import PythonModelContext
from runyard.pyfunc.declared import FLAVOR
from runyard.pyfunc.folder import Folder, saving
from runyard.pyfunc.functions import default_environment
from runyard.pyfunc.hints import signature_from_hints
from runyard.pyfunc.model import PythonModel, _FunctionPythonModel, called
from runyard.pyfunc.python_models import PythonModelRunner
from runyard.pyfunc.script import check_storable, config_of, defined_in

PICKLE_NAME = "python_model.pkl"
CODE_LOADER = "mlflow.pyfunc.loaders.code_model"

log = logging.getLogger(__name__)


def save_model(
    path: str | Path,
    loader_module: str | None = None,
    data_path: str | None = None,
    code_paths: Sequence[str] | None = None,
    conda_env: Mapping[str, Any] | str | None = None,
    mlflow_model: Model | None = None,
    python_model: Any = None,
    artifacts: Mapping[str, str] | None = None,
    signature: ModelSignature | bool | None = None,
    input_example: Any = None,
    pip_requirements: Sequence[str] | str | None = None,
    extra_pip_requirements: Sequence[str] | str | None = None,
    metadata: dict[str, Any] | None = None,
    model_config: str | Path | Mapping[str, Any] | None = None,
    streamable: bool | None = None,
    infer_code_paths: bool = False,
) -> None:
    """Save a model to a folder: a Python model, or a loader with its data.

    Parameters
    ----------
    path: A folder that is not there yet, or is empty.
    loader_module: A module with ``_load_pyfunc(path)``, which gives an object with ``predict``; with
    data_path: the file or folder it reads, which is copied.
    python_model: Or else a `PythonModel`, a function of the input, or the path of a script that calls `set_model`.
    artifacts: Files and folders of the Python model, by the name its context has them under: paths, or addresses of
        files, runs' artifacts and whole models, which are fetched. Several may have the same name where they are.
    code_paths: Files and folders of Python modules that it needs.
    conda_env, pip_requirements, extra_pip_requirements: What must be installed to load it; inferred when left out.
    mlflow_model: The description to fill in; a new one when left out.
    signature: Its inputs and outputs; from the type hints of ``predict``, else from the example, when left out.
    input_example: An example of the input.
    metadata: Data to store with it.
    model_config: The configuration its context has: a dictionary, or a YAML file of one.
    streamable: Whether it streams; by default, whether it has ``predict_stream``.
    infer_code_paths: MLflow's; refused here when it is true: name the files in `code_paths`.

    Raises
    ------
    InvalidParameter: Neither or both of `loader_module` and `python_model` are given, or one of another kind; the
        folder is not empty; `infer_code_paths` is true.
    """
    if infer_code_paths:
        raise InvalidParameter("infer_code_paths is not offered: name the files and folders of code in 'code_paths'.")
    _check_kind(loader_module, data_path, python_model, artifacts)
    config = config_of(model_config)
    check_storable(config)
    options = Options(
        signature, input_example, code_paths, conda_env, pip_requirements, extra_pip_requirements, metadata
    )
    if loader_module is not None:
        with saving(path, options, mlflow_model) as folder:
            _add_loader(folder, loader_module, data_path, config, bool(streamable))
        return
    script = Path(python_model) if isinstance(python_model, str | Path) else None
    model = _python_model(defined_in(script, config) if script else python_model)
    if signature is None and (hinted := signature_from_hints(called(model), parted(input_example)[1])):
        options = Options(hinted, *[getattr(options, name) for name in list(options.__dataclass_fields__)[1:]])
    needed = () if script else ("cloudpickle",)
    with saving(path, options, mlflow_model, needed) as folder:
        _add_python_model(folder, script or model, artifacts, config, streamable)
        folder.predict = _predicting(model, folder, config)


def _predicting(model: PythonModel, folder: Folder, config: Mapping[str, Any] | None) -> Callable[[Any], Any]:
    """What gives the outputs for an example: the model, with the files that were stored with it."""

    def predict(example: Any) -> Any:
        stored_at = folder.model.flavors[PYFUNC].get("artifacts") or {}
        paths = {name: str(folder.path / described["path"]) for name, described in stored_at.items()}
        context = PythonModelContext(paths, config)
        model.load_context(context)
        data, params = parted(example)
        return PythonModelRunner(model, context).predict(data, params)

    return predict


def log_model(
    artifact_path: str | None = None,
    loader_module: str | None = None,
    data_path: str | None = None,
    code_paths: Sequence[str] | None = None,
    conda_env: Mapping[str, Any] | str | None = None,
    python_model: Any = None,
    artifacts: Mapping[str, str] | None = None,
    registered_model_name: str | None = None,
    signature: ModelSignature | bool | None = None,
    input_example: Any = None,
    await_registration_for: int | None = 300,
    pip_requirements: Sequence[str] | str | None = None,
    extra_pip_requirements: Sequence[str] | str | None = None,
    metadata: dict[str, Any] | None = None,
    model_config: str | Path | Mapping[str, Any] | None = None,
    streamable: bool | None = None,
    name: str | None = None,
    **kwargs: Any,
) -> ModelInfo:
    """Save a model and store it as a logged model, with the active run when there is one.

    The parameters are those of `save_model` and of `runyard.models.logging.log_model`; `artifact_path` is what scripts
    for version 2 call the name.
    """
    return Model.log(
        artifact_path,
        sys.modules[__name__],  # a module with these functions
        registered_model_name,
        await_registration_for,
        name=name,
        loader_module=loader_module,
        data_path=data_path,
        code_paths=code_paths,
        conda_env=conda_env,
        python_model=python_model,
        artifacts=artifacts,
        signature=signature,
        input_example=input_example,
        pip_requirements=pip_requirements,
        extra_pip_requirements=extra_pip_requirements,
        metadata=metadata,
        model_config=model_config,
        streamable=streamable,
        **kwargs,
    )


def add_to_model(
    model: MLmodel,
    loader_module: str,
    data: str | None = None,
    code: str | None = None,
    conda_env: str | None = None,
    python_env: str | None = None,
    model_config: Mapping[str, Any] | None = None,
    **settings: Any,
) -> MLmodel:
    """Give a model's description the flavor that makes it a pyfunc.

    Parameters
    ----------
    loader_module: The module that reads it.
    data: What it reads, in the model's folder.
    code: The folder of modules in the model's folder.
    conda_env, python_env: The files of its environment in the model's folder, if they have names of their own.
    model_config: The configuration it was saved with.
    settings: What else the flavor says.
    """
    found: dict[str, Any] = {
        **settings,
        "loader_module": loader_module,
        "python_version": platform.python_version(),
        "env": {"conda": conda_env or CONDA, "virtualenv": python_env or PYTHON_ENV},
    }
    for name, value in (("data", data), ("config", dict(model_config) if model_config else None)):
        if value is not None:
            found[name] = value
    if code is not None or "python_model" in settings or "model_code_path" in settings:
        found["code"] = code
    return model.add_flavor(PYFUNC, **found)


def get_default_pip_requirements() -> list[str]:
    """What any Python model needs, pinned to what is installed."""
    return [pinned("cloudpickle")]


def get_default_conda_env() -> dict[str, Any]:
    """The same as a conda environment."""
    return default_environment(get_default_pip_requirements())


def _check_kind(loader_module: Any, data_path: Any, python_model: Any, artifacts: Any) -> None:
    by_loader, by_model = (loader_module, data_path), (python_model, artifacts)
    if any(one is not None for one in by_loader) and any(one is not None for one in by_model):
        raise InvalidParameter("Give either loader_module and data_path, or python_model and artifacts; not of both.")
    if loader_module is None and python_model is None:
        raise InvalidParameter(
            "Give a loader_module, or a python_model: an object of PythonModel, a function or a script."
        )
    check_artifacts(artifacts)


def _python_model(given: Any) -> PythonModel:
    if type(given) is PythonModel:  # only keeps files, as the checkpoints of Transformers' callback
        return given
    if isinstance(given, PythonModel):
        own = getattr(given, "predict", None)
        if not callable(own) or getattr(own, "__func__", None) is PythonModel.predict:
            raise InvalidParameter(
                f"{type(given).__name__} has no method predict of its own, so it is not a model. Write one: "
                "def predict(self, context, model_input, params=None)."
            )
        return given
    if isinstance(given, type):
        raise InvalidParameter(f"python_model is an object, not a class: give {given.__name__}().")
    if callable(given):
        return _FunctionPythonModel(given)
    raise InvalidParameter(
        f"python_model is an object of PythonModel, a function, or the path of a script; not {type(given).__name__}."
    )


def _add_loader(
    folder: Folder, loader_module: str, data_path: str | None, config: Mapping[str, Any] | None, streamable: bool
) -> None:
    data = None
    if data_path is not None:
        source = Path(data_path)
        if not source.exists():
            raise InvalidParameter(f"'data_path' names {str(data_path)!r}, which does not exist.")
        data = f"data/{source.resolve().name}"
        copy_local(source, folder.path / data, folder.path)
    add_to_model(folder.model, loader_module, data, folder.code, model_config=config, streamable=streamable)


def _add_python_model(
    folder: Folder,
    model: Path | PythonModel,
    artifacts: Mapping[str, str] | None,
    config: Mapping[str, Any] | None,
    streamable: bool | None,
) -> None:
    settings: dict[str, Any] = {}
    with suppress(packages.PackageNotFoundError):  # a script is stored as it is; only pickling needs it
        settings["cloudpickle_version"] = packages.version("cloudpickle")
    if artifacts:
        settings["artifacts"] = stored(artifacts, folder.path)
    if isinstance(model, Path):
        shutil.copy2(model, folder.path / model.name)
        settings |= {"model_code_path": str(model.resolve()), "streamable": bool(streamable)}
        add_to_model(folder.model, CODE_LOADER, None, folder.code, model_config=config, **settings)
        return
    with (folder.path / PICKLE_NAME).open("wb") as file:
        pickles.dump(model, file)
    streams = type(model).predict_stream is not PythonModel.predict_stream if streamable is None else streamable
    settings |= {"python_model": PICKLE_NAME, "streamable": streams}
    add_to_model(folder.model, FLAVOR.loader_module, None, folder.code, model_config=config, **settings)
