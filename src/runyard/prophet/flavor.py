"""Models of Prophet: saved as its JSON, loaded, and as pyfuncs."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runyard.core.libraries import required
from runyard.exceptions import InvalidParameter
from runyard.models.loading import file_of
from runyard.prophet.declared import FLAVOR
from runyard.prophet.pyfunc import ProphetModel
from runyard.pyfunc.folder import Folder
from runyard.pyfunc.functions import (
    default_environment,
    default_requirements,
    logging,
    predicting,
    read_model,
    read_saved,
    saving,
)

FLAVOR_NAME = FLAVOR.name
_FILE = "model.pr"


def _write(folder: Folder, pr_model: Any) -> None:
    """Save a model of Prophet to a folder.

    Parameters
    ----------
    pr_model: A fitted `Prophet`.

    Raises
    ------
    InvalidParameter: The folder is not empty, it is not a model of Prophet, or it is not fitted.
    """
    prophet = required("prophet", "Saving models of Prophet")
    if not isinstance(pr_model, prophet.Prophet):
        raise InvalidParameter(f"pr_model is a fitted Prophet, not {type(pr_model).__name__}.")
    if pr_model.history is None:
        raise InvalidParameter("The model of Prophet is not fitted. Call its fit first.")
    # as MLflow writes it, the JSON is a text within the file's JSON
    text = json.dumps(required("prophet.serialize", "Saving models of Prophet").model_to_json(pr_model))
    (folder.path / _FILE).write_text(text, encoding="utf-8")
    folder.add(FLAVOR, _FILE, model_type=type(pr_model).__name__)
    folder.predict = predicting(ProphetModel(pr_model))


save_model = saving(FLAVOR, _write)
log_model = logging(save_model)


def load_model(model_uri: str, dst_path: str | None = None) -> Any:
    """The model at an address, as a `Prophet`.

    Parameters
    ----------
    model_uri: A folder, ``runs:/…``, ``models:/…`` or any other address of artifacts.
    dst_path: The folder to put its files in; a temporary one when left out.

    Raises
    ------
    InvalidParameter: There is no such model of Prophet.
    RunyardException: It cannot be read.
    """
    return read_model(FLAVOR, model_uri, dst_path, _read)


def _load_pyfunc(path: str) -> ProphetModel:
    """The model that has its file at a path, for pyfunc."""
    return ProphetModel(read_saved(FLAVOR, path, _read))


def get_default_pip_requirements() -> list[str]:
    """What any model of Prophet needs, pinned to what is installed."""
    return default_requirements(FLAVOR)


def get_default_conda_env() -> dict[str, Any]:
    """The same as a conda environment."""
    return default_environment(get_default_pip_requirements())


def _read(folder: Path, settings: Mapping[str, Any]) -> Any:
    file = file_of(folder, settings, "data")
    serialize = required("prophet.serialize", "Loading models of Prophet")
    return serialize.model_from_json(json.loads(file.read_text(encoding="utf-8")))
