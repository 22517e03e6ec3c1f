"""A model of Prophet as a pyfunc."""

from typing import Any

from runyard.core.libraries import pd
from runyard.exceptions import InvalidParameter
from runyard.pyfunc.functions import taken_by


class ProphetModel:
    """Forecasts with a fitted model.

    Parameters
    ----------
    pr_model: The model.
    """

    def __init__(self, pr_model: Any) -> None:
        self.pr_model = pr_model

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """The forecast.

        Parameters
        ----------
        data: A table with the dates in ``ds``, and a column for each extra regressor of the model.
        params: More arguments of the model's ``predict``.

        Returns
        -------
        The model's table: ``ds``, the forecast ``yhat``, its bounds and components.

        Raises
        ------
        InvalidParameter: It is not a table, or has no ``ds``.
        """
        if not isinstance(data, pd.DataFrame) or "ds" not in data:
            given = f"columns {', '.join(map(str, data))}" if isinstance(data, pd.DataFrame) else type(data).__name__
            raise InvalidParameter(f"Models of Prophet take a table with the dates in a column 'ds', not {given}.")
        return self.pr_model.predict(data, **taken_by(self.pr_model.predict, params))

    def get_raw_model(self) -> Any:
        """The model."""
        return self.pr_model
