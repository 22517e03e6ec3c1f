"""Features as numbers, and back: shap works with numbers, models want what they were trained on."""

from typing import Any

import numpy as np
import pandas as pd


class EncodedFeatures:
    """Features as numbers: texts, categories and dates as the place of each value among those of its column.

    Parameters
    ----------
    features: The rows.

    Raises
    ------
    TypeError: A column holds lists or the like, which cannot be numbered.
    """

    def __init__(self, features: pd.DataFrame) -> None:
        self._features = features
        self._numbered: dict[int, pd.Categorical] = {}
        columns = []
        for place, name in enumerate(self.names):
            column = features.iloc[:, place]
            if pd.api.types.is_numeric_dtype(column.dtype):  # booleans count as numbers
                numbers = column.astype(float)
                columns.append(numbers.fillna(numbers.mean()).to_numpy())
                continue
            try:
                self._numbered[place] = pd.Categorical(column)
            except TypeError as problem:
                raise TypeError(f"the column {name!r} holds {type(column.iloc[0]).__name__} values") from problem
            columns.append(self._numbered[place].codes.astype(float))
        kinds = set(features.dtypes)
        plain = not self._numbered and len(kinds) == 1 and not features.isna().to_numpy().any()
        self._kind = kinds.pop() if plain else None
        self.numbers = pd.DataFrame(np.column_stack(columns), columns=self.names)

    @property
    def names(self) -> list[str]:
        """The columns' names as text."""
        return [str(name) for name in self._features.columns]

    @property
    def were_numbers(self) -> bool:
        """Whether nothing had to be encoded."""
        return not self._numbered

    def decoded(self, numbers: Any) -> pd.DataFrame:
        """Rows as the model knows them. Each number has to be one that a row of ours has in its column."""
        rows = np.asarray(numbers, dtype=float)
        if self._kind is not None:  # the usual case, without a look at each column
            return pd.DataFrame(rows, columns=self._features.columns).astype(self._kind)
        frame = pd.DataFrame({place: self._decoded(place, rows[:, place]) for place in range(rows.shape[1])})
        frame.columns = self._features.columns
        return frame

    def _decoded(self, place: int, numbers: Any) -> "pd.Series[Any]":
        original = self._features.iloc[:, place]
        if place in self._numbered:
            codes = numbers.round().astype(int)
            return pd.Series(pd.Categorical.from_codes(codes, dtype=self._numbered[place].dtype)).astype(original.dtype)
        if original.isna().any():  # gaps are the mean here, whatever the column's own numbers are
            return pd.Series(numbers)
        return pd.Series(numbers).astype(original.dtype)
