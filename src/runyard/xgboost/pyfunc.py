"""A model of XGBoost as a pyfunc."""

from typing import Any

from runyard.core.libraries import lazy, pd
from runyard.pyfunc.functions import taken_by

xgboost = lazy("xgboost")

_CATEGORY = "c"
"""What XGBoost calls the type of a column of categories."""


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
        is_booster = isinstance(self.xgb_model, xgboost.Booster)
        booster = self.xgb_model if is_booster else self.xgb_model.get_booster()
        if isinstance(data, pd.DataFrame):
            data = with_categories(data, booster)
        if is_booster:
            data = xgboost.DMatrix(data, enable_categorical=_CATEGORY in (booster.feature_types or ()))
        return self.xgb_model.predict(data, **taken_by(self.xgb_model.predict, params))

    def get_raw_model(self) -> Any:
        """The model."""
        return self.xgb_model


def with_categories(rows: Any, booster: Any) -> Any:
    """A table with categories in the columns that a booster was trained with categories in.

    Tables that come as JSON or CSV, or through a signature, have the values that stand for them. XGBoost finds its own
    numbers of these categories, from version 3.1 on; what is older would take any numbers, so it gets the values and
    refuses them.

    Parameters
    ----------
    rows: A pandas DataFrame.
    """
    if not hasattr(booster, "get_categories"):
        return rows
    named = zip(booster.feature_names or (), booster.feature_types or (), strict=False)
    columns = [name for name, kind in named if kind == _CATEGORY and name in rows.columns]
    return rows.astype({name: "category" for name in columns if not isinstance(rows[name].dtype, pd.CategoricalDtype)})
