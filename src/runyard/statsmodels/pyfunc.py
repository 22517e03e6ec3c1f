"""Results of statsmodels as a pyfunc."""

from typing import Any

from runyard.core.libraries import lazy, pd
from runyard.exceptions import InvalidParameter
from runyard.pyfunc.functions import taken_by

_tsa = lazy("statsmodels.tsa.base.tsa_model")


class StatsmodelsModel:
    """Predicts with the results of a fit.

    Parameters
    ----------
    results: The results.
    """

    def __init__(self, results: Any) -> None:
        self.results = results

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """What the results' ``predict`` gives.

        Parameters
        ----------
        data: Rows of explanatory variables, as the model was fitted with them. For a time series: a table of one row
            with ``start`` and ``end``, both included, as numbers of observations or as dates.
        params: More arguments of ``predict``.

        Raises
        ------
        InvalidParameter: The model is of a time series, and the table is not such a one.
        """
        predict = self.results.predict
        options = taken_by(predict, params)
        if isinstance(getattr(self.results, "model", None), _tsa.TimeSeriesModel):
            return predict(**_interval(data), **options)
        return predict(data, **options)

    def get_raw_model(self) -> Any:
        """The results."""
        return self.results


def _interval(data: Any) -> dict[str, Any]:
    columns = list(data.columns) if isinstance(data, pd.DataFrame) else None
    if columns is None or len(data) != 1 or set(columns) != {"start", "end"}:
        given = type(data).__name__ if columns is None else f"{len(data)} rows of {', '.join(map(str, columns))}"
        raise InvalidParameter(
            "A model of a time series takes a table of one row with the columns 'start' and 'end': where the "
            "predictions begin and end, both included, as numbers of observations or as dates. "
            f"Given are {given}."
        )
    return {name: data[name].iloc[0] for name in ("start", "end")}
