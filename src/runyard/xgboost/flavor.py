"""Models of XGBoost, boosters and those of its scikit-learn API: saved in its own formats, loaded, and as pyfuncs."""

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runyard.core.libraries import required
from runyard.exceptions import InvalidParameter
from runyard.models.loading import file_of
from runyard.pyfunc.folder import Folder
from runyard.pyfunc.functions import as_pyfunc, defaults, loading, logging, predicting, saving
from runyard.xgboost.declared import FLAVOR
from runyard.xgboost.pyfunc import XGBoostModel

FLAVOR_NAME = FLAVOR.name
_BOOSTER = "xgboost.core.Booster"


def _write(folder: Folder, xgb_model: Any, *, model_format: str = "ubj", **kwargs: Any) -> None:
    """Save a model of XGBoost to a folder.

    Parameters
    ----------
    xgb_model: A `Booster`, or a fitted model of XGBoost's scikit-learn API.
    model_format: XGBoost's format, which is the ending of the file: ``ubj`` or ``json``.
    kwargs: For the model's own ``save_model``.

    Raises
    ------
    InvalidParameter: The folder is not empty, or it is not a model of XGBoost.
    """
    required("xgboost", "Saving models of XGBoost")
    if not hasattr(xgb_model, "save_model"):
        raise InvalidParameter(
            f"xgb_model is a Booster or a model of XGBoost's scikit-learn API, not {type(xgb_model).__name__}."
        )
    name = f"model.{model_format}"
    xgb_model.save_model(folder.path / name, **kwargs)
    kind = type(xgb_model)
    folder.add(FLAVOR, name, model_class=f"{kind.__module__}.{kind.__qualname__}", model_format=model_format)
    folder.predict = predicting(XGBoostModel(xgb_model))


def _read(folder: Path, settings: Mapping[str, Any]) -> Any:
    """The model at an address, as XGBoost's object of the class it was saved from."""
    file = file_of(folder, settings, "data")
    module, _, name = str(settings.get("model_class") or _BOOSTER).rpartition(".")
    required("xgboost", "Loading models of XGBoost")
    model = getattr(importlib.import_module(module), name)()
    model.load_model(str(file))
    return model


save_model = saving(FLAVOR, _write)
log_model = logging(save_model)
load_model = loading(FLAVOR, _read)
_load_pyfunc = as_pyfunc(FLAVOR, _read, XGBoostModel)
get_default_pip_requirements, get_default_conda_env = defaults(FLAVOR)
