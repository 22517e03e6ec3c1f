"""Loading models of any flavor."""

import inspect
import logging
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runyard.exceptions import InvalidParameter
from runyard.models.environment.mismatches import mismatches
from runyard.models.loading import code_of, loader_named, local_folder, with_code
from runyard.models.mlmodel import MLMODEL, PYFUNC
from runyard.models.model import Model
from runyard.pyfunc.script import config_of, let_mlflow_be_imported
from runyard.pyfunc.wrapper import PyFuncModel

log = logging.getLogger(__name__)


def load_model(
    model_uri: str,
    suppress_warnings: bool = False,
    dst_path: str | None = None,
    model_config: str | Path | Mapping[str, Any] | None = None,
) -> PyFuncModel:
    """The model at an address, whatever its flavor.

    Loading runs the code that is in the model: only load models of people you trust.

    Parameters
    ----------
    model_uri: A folder, ``runs:/…``, ``models:/<name>/<version>``, ``/<stage>`` or ``@<alias>``, ``models:/m-…``,
        ``s3://…``, or any other address of artifacts.
    suppress_warnings: Do not say which packages differ from those it was saved with.
    dst_path: The folder to put its files in; a temporary one when left out.
    model_config: Overrides the configuration it was saved with: a dictionary, or a YAML file of one. Keys that it was
        not saved with are left out, with a warning.

    Raises
    ------
    InvalidParameter: There is no model that predicts.
    DoesNotExist: There is nothing.
    RunyardException: A module that it needs is not installed.
    """
    folder = local_folder(model_uri, dst_path)
    model = Model.read(folder / MLMODEL)
    if not suppress_warnings and (differing := mismatches(folder)):
        log.warning("Packages differ from those the model was saved with: %s.", "; ".join(differing))
    loaded = load_described(folder, model, config_of(model_config))
    loaded._model_uri = str(model_uri)
    return loaded


def load_described(folder: Path, model: Model, model_config: Mapping[str, Any] | None = None) -> PyFuncModel:
    """The model in a folder, as this description says."""
    settings = model.flavors.get(PYFUNC)
    if settings is None:
        raise InvalidParameter(
            f"The model at {str(folder)!r} has no flavor {PYFUNC!r}, so nothing says how it predicts; it has "
            f"{', '.join(model.flavors) or 'none'}."
        )
    if not isinstance(settings.get("loader_module"), str):
        raise InvalidParameter(f"The model at {str(folder)!r} does not say what reads it: it has no 'loader_module'.")
    saved_with = str(settings.get("python_version", ""))
    if saved_with and saved_with.split(".")[:2] != platform.python_version().split(".")[:2]:
        log.warning("The model was saved with Python %s; this is %s.", saved_with, platform.python_version())
    config = _overridden(settings.get("config") or {}, model_config or {})
    modules = code_of(folder, settings)
    with with_code(modules):
        made = _made(folder, settings, config)
    if model_config:
        settings["config"] = config
    return PyFuncModel(model, made, str(folder), modules)


def _made(folder: Path, settings: Mapping[str, Any], config: Mapping[str, Any]) -> Any:
    """What the model's loader gives."""
    let_mlflow_be_imported()
    load = loader_named(settings["loader_module"])._load_pyfunc
    path = str(folder / settings["data"]) if settings.get("data") else str(folder)
    takes_config = "model_config" in inspect.signature(load).parameters
    return load(path, model_config=config) if takes_config and config else load(path)


def _overridden(saved: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration a model was saved with, where another value is given with that. Other keys it does not take."""
    unknown = [key for key in given if key not in saved]
    if unknown:
        log.warning(
            "The model does not take %s in its configuration, so that is left out; it takes %s.",
            ", ".join(map(repr, unknown)),
            ", ".join(map(repr, saved)) or "none, since it was saved without model_config",
        )
    return {key: given.get(key, value) for key, value in saved.items()}
