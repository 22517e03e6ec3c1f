"""A model of scikit-learn as a pyfunc."""

from typing import Any


class SklearnModel:
    """Predicts with one of the model's methods.

    Parameters
    ----------
    sklearn_model: The model.
    predict_fn: The method's name.
    """

    def __init__(self, sklearn_model: Any, predict_fn: str) -> None:
        self.sklearn_model, self.predict_fn = sklearn_model, predict_fn

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """What the method gives; parameters are its keyword arguments."""
        return getattr(self.sklearn_model, self.predict_fn)(data, **(params or {}))

    def get_raw_model(self) -> Any:
        """The model."""
        return self.sklearn_model
