"""A model of Keras as a pyfunc."""

from collections.abc import Mapping
from typing import Any

from runyard.core.libraries import np, pd, required
from runyard.exceptions import InvalidParameter
from runyard.keras.signatures import structure


class KerasModel:
    """Predicts with a model of Keras, or with one that was exported.

    Parameters
    ----------
    model: The model.
    exported: Is it the object that TensorFlow reads of an exported one?
    """

    def __init__(self, model: Any, *, exported: bool = False) -> None:
        self.model, self.exported = model, exported
        self._call = model.serve if exported else model.predict
        self._inputs = [] if exported else _named(model, "inputs")
        self._outputs = [] if exported else list(getattr(model, "output_names", None) or ())
        self._takes_names = exported or (bool(self._inputs) and isinstance(structure(model, "input"), dict))

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """What the model gives: an array, or a table for a table; arrays by the names of several outputs.

        Parameters
        ----------
        data: A table, an array, a list of rows; for a model with several inputs a dictionary of arrays, a list of
            them, or a table with a column for each.
        params: Arguments of the model's ``predict``, such as ``batch_size``.

        Raises
        ------
        InvalidParameter: It is of another kind.
        """
        quiet = {} if self.exported else {"verbose": 0, **(params or {})}
        found = self._as_arrays(self._call(_with_texts(self._as_input(data)), **quiet))
        is_table = isinstance(data, pd.DataFrame) and isinstance(found, np.ndarray) and found.ndim in (1, 2)
        return pd.DataFrame(found, index=data.index) if is_table else found

    def get_raw_model(self) -> Any:
        """The model."""
        return self.model

    def _as_input(self, data: Any) -> Any:
        if isinstance(data, pd.DataFrame):
            names = [name for name, _ in self._inputs]
            if len(names) < 2 or not set(names) <= set(data.columns):
                return array_of_table(data)
            data = {name: _shaped(data[name], shape) for name, shape in self._inputs}
        if isinstance(data, Mapping):
            return self._in_structure(data)
        if isinstance(data, list | tuple):
            several = len(self._inputs) != 1 and any(hasattr(one, "shape") for one in data)
            return list(data) if several else np.asarray(data)
        if isinstance(data, np.ndarray):
            return data
        if hasattr(data, "__array__"):
            return np.asarray(data)
        raise InvalidParameter(
            "A model of Keras takes a DataFrame, a numpy array, a list or a dictionary of arrays, not "
            f"{type(data).__name__}."
        )

    def _in_structure(self, data: Mapping[str, Any]) -> Any:
        """Named arrays as the model takes its inputs: it may want a list of them."""
        arrays = {name: np.asarray(one) for name, one in data.items()}
        names = [name for name, _ in self._inputs]
        if self._takes_names or not names or not set(names) <= set(arrays):
            return arrays
        return arrays[names[0]] if len(names) == 1 else [arrays[name] for name in names]

    def _as_arrays(self, found: Any) -> Any:
        if isinstance(found, Mapping):
            return {name: np.asarray(one) for name, one in found.items()}
        if isinstance(found, list | tuple):
            arrays = [np.asarray(one) for one in found]
            return dict(zip(self._outputs, arrays, strict=True)) if len(self._outputs) == len(arrays) else arrays
        return np.asarray(found)


def array_of_table(table: Any) -> Any:
    """The values of a table; those of a single column of lists as one array."""
    if table.shape[1] == 1 and isinstance(table.iloc[0, 0], list | np.ndarray):
        return np.asarray(table.iloc[:, 0].tolist())
    return table.to_numpy()


def _with_texts(given: Any) -> Any:
    """An input whose texts are tensors, as Keras takes no arrays of texts."""
    if isinstance(given, dict):
        return {name: _with_texts(one) for name, one in given.items()}
    if isinstance(given, list):
        return [_with_texts(one) for one in given]
    if getattr(given, "dtype", np.dtype(float)).kind in "OUS":
        return required("tensorflow", "Predicting texts with a model of Keras").constant(given)
    return given


def _named(model: Any, attribute: str) -> list[tuple[str, tuple[Any, ...]]]:
    """The names and shapes of a model's tensors; none where it does not tell them."""
    try:
        return [(one.name, tuple(one.shape)) for one in getattr(model, attribute) or ()]
    except (AttributeError, ValueError):
        return []


def _shaped(column: Any, shape: tuple[Any, ...]) -> Any:
    """A column as an input of this shape."""
    values = np.asarray(column.tolist())
    return values[:, None] if values.ndim == 1 and len(shape) > 1 else values
