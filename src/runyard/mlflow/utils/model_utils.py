"""``mlflow.utils.model_utils``: a model's folder, for flavors of other packages."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from runyard.exceptions import InvalidParameter
from runyard.models.loading import described_at, inside, local_folder, read_flavor
from runyard.models.mlmodel import MLMODEL, MLmodel
from runyard.pyfunc.folder import CODE, copied_code, new_folder
from runyard.pyfunc.script import config_of

FLAVOR_CONFIG_CODE = "code"
MLMODEL_FILE_NAME = MLMODEL


def _get_all_flavor_configurations(model_path: str) -> dict[str, dict[str, Any]]:
    """The settings of all flavors of the model in a folder.

    Raises
    ------
    InvalidParameter: There is no model.
    """
    return MLmodel.read(Path(model_path) / MLMODEL).flavors


def _get_flavor_configuration(model_path: str, flavor_name: str) -> dict[str, Any]:
    """The settings of a flavor of the model in a folder.

    Raises
    ------
    InvalidParameter: There is no model, or it does not have this flavor.
    """
    return read_flavor(Path(model_path), flavor_name)


def _get_flavor_configuration_from_uri(model_uri: str, flavor_name: str, logger: object = None) -> dict[str, Any]:
    """The settings of a flavor of the model at an address.

    Raises
    ------
    InvalidParameter: There is no model, or it does not have this flavor.
    """
    return _chosen(described_at(model_uri), flavor_name, model_uri)


def _get_flavor_configuration_from_ml_model_file(ml_model_file: str, flavor_name: str) -> dict[str, Any]:
    """The settings of a flavor in an MLmodel file.

    Raises
    ------
    InvalidParameter: It is no such file, or does not have this flavor.
    """
    return _chosen(MLmodel.read(Path(ml_model_file)), flavor_name, ml_model_file)


def _chosen(model: MLmodel, flavor_name: str, place: str) -> dict[str, Any]:
    if flavor_name not in model.flavors:
        raise InvalidParameter(
            f"The model at {place!r} has no flavor {flavor_name!r}; it has {', '.join(model.flavors) or 'none'}."
        )
    return model.flavors[flavor_name]


def _validate_and_prepare_target_save_path(path: str) -> None:
    """Make the folder that a model is saved to.

    Raises
    ------
    InvalidParameter: Something is there already.
    """
    new_folder(path)


def _validate_and_copy_code_paths(
    code_paths: Sequence[str] | None, path: str, default_subpath: str = CODE
) -> str | None:
    """Copy modules of the caller into a model's folder; returns the folder in it, or None when there are none.

    Raises
    ------
    InvalidParameter: It is not a list of paths, or one of them is not there.
    """
    return copied_code(code_paths, Path(path), default_subpath)


def _validate_path_exists(path: str, name: str) -> None:
    """Check that there is something at a path.

    Raises
    ------
    InvalidParameter: There is not.
    """
    if path and not Path(path).exists():
        raise InvalidParameter(f"{name!r} names {str(path)!r}, which does not exist.")


def _validate_and_get_model_config_from_file(model_config: str) -> dict[str, Any]:
    """The configuration in a YAML file.

    Raises
    ------
    InvalidParameter: It is not there, or holds none.
    """
    return config_of(model_config) or {}


def _add_code_from_conf_to_system_path(
    local_path: str, conf: Mapping[str, Any], code_key: str = FLAVOR_CONFIG_CODE
) -> None:
    """Let the modules that were saved with a model be imported.

    Parameters
    ----------
    local_path: The model's folder.
    conf: The settings of its flavor.
    code_key: Which of them names the folder of modules.

    Raises
    ------
    InvalidParameter: It names a place outside of the model's folder.
    """
    if conf.get(code_key):
        _add_code_to_system_path(str(inside(local_folder(local_path), conf[code_key])))


def _add_code_to_system_path(code_path: str) -> None:
    """Let the modules in a folder be imported."""
    if code_path not in sys.path:
        sys.path.insert(0, code_path)
