"""Models of CatBoost: saved in its own formats, loaded, and as pyfuncs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runyard.catboost.declared import FLAVOR
from runyard.catboost.pyfunc import CatBoostModel
from runyard.core.libraries import required
from runyard.exceptions import InvalidParameter
from runyard.models.loading import file_of
from runyard.pyfunc.folder import Folder
from runyard.pyfunc.functions import as_pyfunc, defaults, loading, logging, predicting, saving

FLAVOR_NAME = FLAVOR.name
_FILE = "model.cb"
_KINDS = ("CatBoost", "CatBoostClassifier", "CatBoostRegressor", "CatBoostRanker")
_FORMATS = ("cbm", "json", "onnx", "coreml")
"""Those that CatBoost can load again."""


def _write(folder: Folder, cb_model: Any, **kwargs: Any) -> None:
    """Save a model of CatBoost to a folder.

    Parameters
    ----------
    cb_model: A fitted `CatBoost`, `CatBoostClassifier`, `CatBoostRegressor` or `CatBoostRanker`.
    kwargs: For the model's own ``save_model``: ``format``, which is ``cbm`` when left out, ``json`` or ``onnx``;
        ``export_parameters``, ``pool``.

    Raises
    ------
    InvalidParameter: The folder is not empty, it is not a model of CatBoost or not fitted, or CatBoost cannot load the
        format.
    """
    catboost = required("catboost", "Saving models of CatBoost")
    kind = next((name for name in _KINDS[1:] if isinstance(cb_model, getattr(catboost, name))), _KINDS[0])
    if not isinstance(cb_model, catboost.CatBoost):
        raise InvalidParameter(f"cb_model is one of {', '.join(_KINDS)}, not {type(cb_model).__name__}.")
    if not cb_model.is_fitted():
        raise InvalidParameter("cb_model is not fitted: call its fit first.")
    chosen = kwargs.get("format", _FORMATS[0])
    if chosen not in _FORMATS:
        raise InvalidParameter(
            f"CatBoost cannot load models of the format {chosen!r}: save in one of {', '.join(_FORMATS)}, and keep "
            "other forms beside it with extra_files."
        )
    cb_model.save_model(str(folder.path / _FILE), **kwargs)
    folder.add(FLAVOR, _FILE, model_type=kind, save_format=chosen)
    folder.predict = predicting(CatBoostModel(cb_model))


def _read(folder: Path, settings: Mapping[str, Any]) -> Any:
    """The model at an address, as CatBoost's object of the class it was saved from."""
    file = file_of(folder, settings, "data")
    catboost = required("catboost", "Loading models of CatBoost")
    kind = settings.get("model_type", _KINDS[0])
    if kind not in _KINDS:
        raise InvalidParameter(f"The model at {str(folder)!r} is a {kind!r}, not one of {', '.join(_KINDS)}.")
    model = getattr(catboost, kind)()
    model.load_model(str(file), format=settings.get("save_format", _FORMATS[0]))
    return model


save_model = saving(FLAVOR, _write)
log_model = logging(save_model)
load_model = loading(FLAVOR, _read)
_load_pyfunc = as_pyfunc(FLAVOR, _read, CatBoostModel)
get_default_pip_requirements, get_default_conda_env = defaults(FLAVOR)
