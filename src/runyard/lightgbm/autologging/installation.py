"""Which functions of LightGBM are watched."""

import lightgbm.sklearn

from runyard.autologging.patches import patch
from runyard.lightgbm.autologging.trainings import watch_train, watch_train_of_fit
from runyard.lightgbm.flavor import log_model
from runyard.sklearn.autologging.estimators import fit_watcher, leave_library, watch_estimators

_ESTIMATORS = (lightgbm.LGBMModel, lightgbm.LGBMClassifier, lightgbm.LGBMRegressor, lightgbm.LGBMRanker)


def install(*, watched: bool) -> None:
    """Watch what trains; or put LightGBM's own functions back."""
    leave_library("lightgbm")
    if not watched:
        return
    patch("lightgbm", lightgbm, "train", watch_train)
    patch("lightgbm", lightgbm.sklearn, "train", watch_train_of_fit, step=True)
    watch_estimators("lightgbm", _ESTIMATORS, fit_watcher(log_model))
