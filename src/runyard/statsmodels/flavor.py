"""Results of statsmodels: saved as its pickles, loaded, and as pyfuncs."""

import copy
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runyard.core.libraries import required
from runyard.exceptions import InvalidParameter
from runyard.models.loading import file_of
from runyard.models.unpickler import ModelUnpickler
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
from runyard.statsmodels.declared import FLAVOR
from runyard.statsmodels.pyfunc import StatsmodelsModel

FLAVOR_NAME = FLAVOR.name
_FILE = "model.statsmodels"


def _write(folder: Folder, statsmodels_model: Any, *, remove_data: bool = False) -> None:
    """Save the results of a fit of statsmodels to a folder.

    Parameters
    ----------
    statsmodels_model: The results, such as those of ``OLS(…).fit()``.
    remove_data: Leave out the data they were fitted to, and all else of that length. They keep it here.

    Raises
    ------
    InvalidParameter: The folder is not empty, or these are not results of statsmodels, or they cannot be pickled.
    """
    required("statsmodels", "Saving models of statsmodels")
    if not hasattr(statsmodels_model, "save") or not type(statsmodels_model).__module__.startswith("statsmodels"):
        raise InvalidParameter(
            "statsmodels_model is what the fit of a model of statsmodels gives, not "
            f"{type(statsmodels_model).__name__}."
        )
    try:
        saved = copy.deepcopy(statsmodels_model) if remove_data else statsmodels_model
        saved.save(str(folder.path / _FILE), remove_data=remove_data)
    except (pickle.PicklingError, AttributeError, TypeError, NotImplementedError) as problem:
        raise InvalidParameter(f"{type(statsmodels_model).__name__} cannot be pickled: {problem}.") from problem
    folder.add(FLAVOR, _FILE)
    folder.predict = predicting(StatsmodelsModel(statsmodels_model))


save_model = saving(FLAVOR, _write)
log_model = logging(save_model)


def load_model(model_uri: str, dst_path: str | None = None) -> Any:
    """The results at an address. Pickles run the code that is in them: only load models of people you trust.

    Parameters
    ----------
    model_uri: A folder, ``runs:/…``, ``models:/…`` or any other address of artifacts.
    dst_path: The folder to put its files in; a temporary one when left out.

    Raises
    ------
    InvalidParameter: There is no such model of statsmodels.
    RunyardException: It cannot be read.
    """
    return read_model(FLAVOR, model_uri, dst_path, _read)


def _load_pyfunc(path: str) -> StatsmodelsModel:
    """The model that has its file at a path, for pyfunc."""
    return StatsmodelsModel(read_saved(FLAVOR, path, _read))


def get_default_pip_requirements() -> list[str]:
    """What any model of statsmodels needs, pinned to what is installed."""
    return default_requirements(FLAVOR)


def get_default_conda_env() -> dict[str, Any]:
    """The same as a conda environment."""
    return default_environment(get_default_pip_requirements())


def _read(folder: Path, settings: Mapping[str, Any]) -> Any:
    file = file_of(folder, settings, "data")
    required("statsmodels", "Loading models of statsmodels")
    with file.open("rb") as opened:
        return ModelUnpickler(opened).load()
