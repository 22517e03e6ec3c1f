"""An explainer of shap as a pyfunc: it predicts how much each feature contributes."""

import inspect
from typing import Any


class ShapModel:
    """Explains rows.

    Parameters
    ----------
    explainer: The explainer.
    """

    def __init__(self, explainer: Any) -> None:
        self.explainer = explainer

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """The contribution of each feature to each row's prediction, an array; parameters are the explainer's."""
        known = inspect.signature(self.explainer.__call__).parameters
        no_bars = {"silent": True} if "silent" in known else {}
        return self.explainer(data, **{**no_bars, **(params or {})}).values

    def get_raw_model(self) -> Any:
        """The explainer."""
        return self.explainer
