"""A model of CatBoost as a pyfunc."""

from typing import Any

from runyard.pyfunc.functions import taken_by


class CatBoostModel:
    """Predicts with a model of CatBoost.

    Parameters
    ----------
    cb_model: The model.
    """

    def __init__(self, cb_model: Any) -> None:
        self.cb_model = cb_model

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """What the model's ``predict`` gives; parameters are its keyword arguments, such as ``prediction_type``."""
        return self.cb_model.predict(data, **taken_by(self.cb_model.predict, params))

    def get_raw_model(self) -> Any:
        """The model."""
        return self.cb_model
