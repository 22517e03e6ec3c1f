"""Models of LightGBM: boosters saved as its texts, those of its scikit-learn API as skops or pickle files."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from runyard.core.libraries import required
from runyard.exceptions import InvalidParameter
from runyard.lightgbm.declared import FLAVOR
from runyard.lightgbm.pyfunc import LightGBMModel
from runyard.models.loading import file_of
from runyard.pyfunc.folder import Folder
from runyard.pyfunc.functions import as_pyfunc, defaults, loading, logging, predicting, saving
from runyard.sklearn.serialization import (
    CLOUDPICKLE,
    SKOPS,
    check_format,
    format_for,
    read_estimator,
    write_estimator,
)

FLAVOR_NAME = FLAVOR.name
_BOOSTER = "lightgbm.basic.Booster"
_RANKER = "lightgbm.sklearn.LGBMRanker"
_TRUSTED = ("collections.OrderedDict", _BOOSTER, "lightgbm.sklearn.LGBMClassifier", "lightgbm.sklearn.LGBMRegressor")
"""What skops may load of any model of LightGBM."""


def _write(
    folder: Folder,
    lgb_model: Any,
    *,
    serialization_format: str | None = None,
    skops_trusted_types: Sequence[str] | None = None,
    **kwargs: Any,
) -> None:
    """Save a model of LightGBM to a folder.

    Parameters
    ----------
    lgb_model: A `Booster`, or a fitted model of LightGBM's scikit-learn API.
    serialization_format: For a model of the scikit-learn API: ``skops``, which runs no code when it is loaded;
        ``pickle`` or ``cloudpickle``, which may. When left out: skops where it can hold the model, else cloudpickle
        with a warning.
    skops_trusted_types: Types that skops may load besides LightGBM's own and those it knows to be harmless.
    kwargs: For a Booster's own ``save_model``, such as ``num_iteration``.

    Raises
    ------
    InvalidParameter: The folder is not empty, it is not a model of LightGBM, the format is not known, or it cannot
        hold the model.
    """
    lightgbm = required("lightgbm", "Saving models of LightGBM")
    check_format(serialization_format)
    kind = type(lgb_model)
    name = f"{kind.__module__}.{kind.__qualname__}"
    trusted = sorted({*_TRUSTED, *(skops_trusted_types or ()), *((_RANKER,) if name == _RANKER else ())})
    if isinstance(lgb_model, lightgbm.Booster):
        chosen, data = serialization_format or SKOPS, "model.lgb"
        lgb_model.save_model(folder.path / data, **kwargs)
    else:
        _check_estimator(lightgbm, lgb_model, kwargs)
        chosen = serialization_format or format_for(lgb_model, trusted)
        data = write_estimator(lgb_model, folder, chosen, trusted)
    folder.add(
        FLAVOR,
        data,
        model_class=name,
        serialization_format=chosen,
        skops_trusted_types=trusted if chosen == SKOPS else None,
    )
    folder.predict = predicting(LightGBMModel(lgb_model))


def _check_estimator(lightgbm: Any, model: Any, options: Mapping[str, Any]) -> None:
    if not isinstance(model, lightgbm.LGBMModel):
        raise InvalidParameter(
            f"lgb_model is a Booster or a model of LightGBM's scikit-learn API, not {type(model).__name__}."
        )
    if options:
        raise InvalidParameter(
            f"Options of Booster.save_model do not apply to {type(model).__name__}: {list(options)}."
        )


def _read(folder: Path, settings: Mapping[str, Any]) -> Any:
    """The model at an address, as LightGBM's object of the class it was saved from."""
    file = file_of(folder, settings, "data")
    lightgbm = required("lightgbm", "Loading models of LightGBM")
    if settings.get("model_class", _BOOSTER) == _BOOSTER:
        return lightgbm.Booster(model_file=file)
    return read_estimator(folder, file, settings)


def _formats(include_cloudpickle: bool = False, include_skops: bool = False) -> list[str]:
    """What reads these formats.

    Parameters
    ----------
    include_cloudpickle, include_skops: Name what its scikit-learn API's models in that format need, too.
    """
    return [*([CLOUDPICKLE] if include_cloudpickle else []), *([SKOPS] if include_skops else [])]


save_model = saving(FLAVOR, _write)
log_model = logging(save_model)
load_model = loading(FLAVOR, _read)
_load_pyfunc = as_pyfunc(FLAVOR, _read, LightGBMModel)
get_default_pip_requirements, get_default_conda_env = defaults(FLAVOR, _formats)
