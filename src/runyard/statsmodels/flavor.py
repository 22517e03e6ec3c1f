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
from runyard.pyfunc.functions import as_pyfunc, defaults, loading, logging, predicting, saving
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


def _read(folder: Path, settings: Mapping[str, Any]) -> Any:
    """The results at an address. Pickles run the code that is in them: only load models of people you trust."""
    file = file_of(folder, settings, "data")
    required("statsmodels", "Loading models of statsmodels")
    with file.open("rb") as opened:
        return ModelUnpickler(opened).load()


save_model = saving(FLAVOR, _write)
log_model = logging(save_model)
load_model = loading(FLAVOR, _read)
_load_pyfunc = as_pyfunc(FLAVOR, _read, StatsmodelsModel)
get_default_pip_requirements, get_default_conda_env = defaults(FLAVOR)
