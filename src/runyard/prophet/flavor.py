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
from runyard.pyfunc.functions import as_pyfunc, defaults, loading, logging, predicting, saving

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


def _read(folder: Path, settings: Mapping[str, Any]) -> Any:
    """The model at an address, as a `Prophet`."""
    file = file_of(folder, settings, "data")
    serialize = required("prophet.serialize", "Loading models of Prophet")
    return serialize.model_from_json(json.loads(file.read_text(encoding="utf-8")))


save_model = saving(FLAVOR, _write)
log_model = logging(save_model)
load_model = loading(FLAVOR, _read)
_load_pyfunc = as_pyfunc(FLAVOR, _read, ProphetModel)
get_default_pip_requirements, get_default_conda_env = defaults(FLAVOR)
