"""Explainers of shap: saved in its format, with the model of scikit-learn that they explain beside it, and loaded."""

import contextlib
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runyard.core.libraries import lazy, required
from runyard.exceptions import InvalidParameter
from runyard.models.loading import file_of
from runyard.pyfunc.folder import Folder
from runyard.pyfunc.functions import as_pyfunc, defaults, loading, logging, predicting, saving
from runyard.shap.declared import FLAVOR
from runyard.shap.pyfunc import ShapModel
from runyard.sklearn import flavor as sklearn_flavor

base, cloudpickle, shap = lazy("sklearn.base"), lazy("cloudpickle"), lazy("shap")

FLAVOR_NAME = FLAVOR.name
_FILE, _UNDERLYING = "explainer.shap", "underlying_model"
_WHOLE = "cloudpickle"
"""How an explainer is saved that shap's own format cannot hold."""


def _write(folder: Folder, explainer: Any, *, serialize_model_using_mlflow: bool = True) -> None:
    """Save an explainer of shap to a folder.

    Parameters
    ----------
    explainer: The explainer.
    serialize_model_using_mlflow: Save a model of scikit-learn that it explains by that flavor, as a model of its own in
        the folder; else with the explainer.

    Raises
    ------
    InvalidParameter: The folder is not empty, or it is not an explainer.
    """
    required("shap", "Saving explainers")
    if not isinstance(explainer, shap.Explainer):
        raise InvalidParameter(f"explainer is an explainer of shap, not {type(explainer).__name__}.")
    kind = get_underlying_model_flavor(explainer.model) if serialize_model_using_mlflow else None
    model = _explained(explainer.model) if kind == sklearn_flavor.FLAVOR_NAME else None
    if model is not None:
        options: dict[str, Any] = {"serialization_format": "cloudpickle", "pip_requirements": []}
        sklearn_flavor.save_model(model, folder.path / _UNDERLYING, **options)
    whole = _dump(explainer, folder.path / _FILE, model)
    more = {"serialized_by": _WHOLE} if whole else {}
    folder.add(
        FLAVOR,
        pyfunc={"model_path": _FILE, "underlying_model_flavor": kind},
        serialized_explainer=_FILE,
        underlying_model_flavor=kind,
        **more,
    )
    folder.predict = predicting(ShapModel(explainer))


def get_underlying_model_flavor(model: Any) -> str:
    """The flavor that saves what an explainer explains: ``sklearn``, or ``unknown``.

    Parameters
    ----------
    model: The explainer's ``model``.
    """
    return sklearn_flavor.FLAVOR_NAME if _explained(model) is not None else "unknown"


def _explained(model: Any) -> Any:
    """The estimator of scikit-learn whose ``predict`` the explainer asks; None for anything else."""
    function = getattr(model, "inner_model", None)
    estimator = getattr(function, "__self__", None)
    is_predict = getattr(function, "__name__", "") == "predict"
    return estimator if is_predict and isinstance(estimator, base.BaseEstimator) else None


def _dump(explainer: Any, file: Path, model: Any) -> bool:
    """Write the explainer, without the model if that is saved by itself. Whether it is a pickle instead of shap's file.

    Some explainers write what they cannot read again, such as those of trees in shap 0.51.
    """
    written = io.BytesIO()
    try:
        explainer.save(written, **({} if model is None else {"model_saver": False}))
        _loaded(io.BytesIO(written.getvalue()), model)
    except Exception:  # noqa: BLE001  (shap raises whatever its parts raise)
        file.write_bytes(cloudpickle.dumps(explainer))
        return True
    file.write_bytes(written.getvalue())
    return False


def _loaded(stream: Any, model: Any) -> Any:
    """What shap reads; it prints the names of all parts meanwhile."""
    with contextlib.redirect_stdout(io.StringIO()):
        if model is None:
            return shap.Explainer.load(stream)
        return shap.Explainer.load(stream, model_loader=lambda _: model.predict)


def _read(folder: Path, settings: Mapping[str, Any]) -> Any:
    """The explainer at an address, as shap's object.

    Loading runs the code that is in it: only load explainers of people you trust.
    """
    required("shap", "Loading explainers")
    file = file_of(folder, settings, "serialized_explainer")
    if settings.get("serialized_by") == _WHOLE:
        return cloudpickle.loads(file.read_bytes())
    has_model = settings.get("underlying_model_flavor") == sklearn_flavor.FLAVOR_NAME
    model = sklearn_flavor.load_model(str(folder / _UNDERLYING)) if has_model else None
    with file.open("rb") as opened:
        return _loaded(opened, model)


save_model = save_explainer = saving(FLAVOR, _write)
log_model = log_explainer = logging(save_model)
load_model = load_explainer = loading(FLAVOR, _read)
_load_pyfunc = as_pyfunc(FLAVOR, _read, ShapModel)
get_default_pip_requirements, get_default_conda_env = defaults(FLAVOR)
