"""Which functions of XGBoost are watched."""

import xgboost.sklearn

from runyard.autologging.patches import patch
from runyard.autologging.training import TrainingRun
from runyard.sklearn.autologging.estimators import fit_watcher, leave_library, watch_estimators
from runyard.xgboost.autologging.trainings import watch_matrix, watch_train, watch_train_of_fit
from runyard.xgboost.flavor import log_model

_MATRICES = (xgboost.DMatrix, xgboost.QuantileDMatrix)
_ESTIMATORS = (
    xgboost.XGBModel,
    xgboost.XGBClassifier,
    xgboost.XGBRegressor,
    xgboost.XGBRanker,
    xgboost.XGBRFClassifier,
    xgboost.XGBRFRegressor,
)


def install(*, watched: bool) -> None:
    """Watch what trains; or put XGBoost's own functions back."""
    leave_library("xgboost")
    if not watched:
        return
    patch("xgboost", xgboost, "train", watch_train)
    patch("xgboost", xgboost.sklearn, "train", watch_train_of_fit, step=True)
    for kind in _MATRICES:
        patch("xgboost", kind, "__init__", watch_matrix)
    watch_estimators("xgboost", _ESTIMATORS, fit_watcher(log_model, _options))


def _options(training: TrainingRun) -> dict[str, object]:
    return {"model_format": training.option("model_format")}
