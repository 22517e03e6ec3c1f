"""A model of XGBoost as a pyfunc."""

from typing import Any

from runyard.core.libraries import lazy
from runyard.pyfunc.functions import taken_by

xgboost = lazy("xgboost")


class XGBoostModel:
    """Predicts with a booster, or with a model of XGBoost's scikit-learn API.

    Parameters
    ----------
    xgb_model: The model.
    """

    def __init__(self, xgb_model: Any) -> None:
        self.xgb_model = xgb_model

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """What the model's ``predict`` gives; parameters are its keyword arguments."""
        if isinstance(self.xgb_model, xgboost.Booster):
            data = xgboost.DMatrix(data)
        return self.xgb_model.predict(data, **taken_by(self.xgb_model.predict, params))

    def get_raw_model(self) -> Any:
        """The model."""
        return self.xgb_model
