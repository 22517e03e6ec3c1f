"""A model of LightGBM as a pyfunc."""

from typing import Any

from runyard.core.libraries import lazy, pd

lightgbm = lazy("lightgbm")


class LightGBMModel:
    """Predicts with a booster, or with a model of LightGBM's scikit-learn API.

    Parameters
    ----------
    lgb_model: The model.
    """

    def __init__(self, lgb_model: Any) -> None:
        self.lgb_model = lgb_model

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """What the model's ``predict`` gives; parameters are its keyword arguments."""
        if isinstance(data, pd.DataFrame):
            is_booster = isinstance(self.lgb_model, lightgbm.Booster)
            data = with_categories(data, self.lgb_model if is_booster else self.lgb_model.booster_)
        return self.lgb_model.predict(data, **(params or {}))

    def get_raw_model(self) -> Any:
        """The model."""
        return self.lgb_model


def with_categories(rows: Any, booster: Any) -> Any:
    """A table with the categories that a booster was trained with, in place of the values they stand for.

    Tables that come as JSON or CSV, or through a signature, have values only; LightGBM takes categories only.

    Parameters
    ----------
    rows: A pandas DataFrame; given back unchanged when there is nothing to do, or when it is not clear which columns
        are meant, which LightGBM refuses.
    """
    categories = booster.pandas_categorical or []
    if not categories or any(isinstance(kind, pd.CategoricalDtype) for kind in rows.dtypes):
        return rows
    columns = [name for name, kind in rows.dtypes.items() if kind.kind not in "iufb"]
    if len(columns) != len(categories):  # some are whole numbers
        places = booster.params.get("categorical_feature", booster.params.get("categorical_column"))
        places = places if isinstance(places, list) else []
        columns = [rows.columns[place] for place in places if isinstance(place, int) and place < rows.shape[1]]
    if len(columns) != len(categories):
        return rows
    return rows.astype({name: pd.CategoricalDtype(known) for name, known in zip(columns, categories, strict=True)})
