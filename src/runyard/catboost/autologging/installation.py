"""Which functions of CatBoost are watched."""

import catboost
from runyard.autologging.patches import patch
from runyard.catboost.autologging.trainings import watch_training
from runyard.catboost.flavor import log_model
from runyard.sklearn.autologging.estimators import fit_watcher, leave_library, watch_estimators

_MODELS = (catboost.CatBoost, catboost.CatBoostClassifier, catboost.CatBoostRegressor, catboost.CatBoostRanker)


def install(*, watched: bool) -> None:
    """Watch what trains; or put CatBoost's own functions back."""
    leave_library("catboost")
    if not watched:
        return
    patch("catboost", catboost.CatBoost, "_fit", watch_training, step=True)  # what each `fit` calls
    watch_estimators("catboost", _MODELS, fit_watcher(log_model))
