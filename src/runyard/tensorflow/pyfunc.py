"""Graphs of TensorFlow as pyfuncs."""

from collections.abc import Callable, Mapping
from typing import Any

from runyard.core.libraries import lazy, np, pd
from runyard.exceptions import InvalidParameter
from runyard.keras.pyfunc import array_of_table

tf = lazy("tensorflow")


class ModuleModel:
    """Predicts by calling a module.

    Parameters
    ----------
    model: A `tensorflow.Module`, or the object that TensorFlow reads of a saved one.
    """

    def __init__(self, model: Any) -> None:
        self.model = model

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """What the module gives, as an array or a dictionary of arrays.

        Parameters
        ----------
        data: An array, a list, or a table of numbers. It is cast to the type of the module's single input if no value
            can become another kind by it, such as a fraction a whole number.
        params: Other arguments of the call.

        Raises
        ------
        InvalidParameter: It is of another kind.
        """
        if isinstance(data, pd.DataFrame):
            data = array_of_table(data)
        if not isinstance(data, np.ndarray | list) and not hasattr(data, "__array__"):
            raise InvalidParameter(
                f"A module of TensorFlow takes a numpy array, a list or a DataFrame, not {type(data).__name__}."
            )
        array = _cast(np.asarray(data), _input_type(self.model))
        return _as_arrays(self.model(tf.convert_to_tensor(array), **(params or {})))

    def get_raw_model(self) -> Any:
        """The module."""
        return self.model


class SignatureModel:
    """Predicts with a function of a graph that has named inputs and outputs, as those of TensorFlow 1 have.

    Parameters
    ----------
    model: The graph, which has the function's variables.
    function: The function.
    """

    def __init__(self, model: Any, function: Callable[..., Any]) -> None:
        self.model, self.function = model, function

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """The outputs: a table for a table, a dictionary for a dictionary; a column of single values is a flat one.

        Raises
        ------
        InvalidParameter: It is neither.
        """
        if not isinstance(data, pd.DataFrame | Mapping):
            raise InvalidParameter(
                f"This graph has named inputs: it takes a dictionary or a DataFrame, not {type(data).__name__}."
            )
        columns = {name: data[name].tolist() for name in data} if isinstance(data, pd.DataFrame) else data
        wanted = self._types()
        inputs = {str(name): _cast(np.asarray(values), wanted.get(str(name))) for name, values in columns.items()}
        found = self.function(**{name: tf.constant(one) for name, one in inputs.items()})
        outputs = {name: _flat(np.asarray(one)) for name, one in found.items()}
        return pd.DataFrame(outputs, index=data.index) if isinstance(data, pd.DataFrame) else outputs

    def get_raw_model(self) -> Any:
        """The graph."""
        return self.model

    def _types(self) -> dict[str, Any]:
        """The types of the inputs by name."""
        _, named = getattr(self.function, "structured_input_signature", None) or ((), {})
        return {name: np.dtype(spec.dtype.as_numpy_dtype) for name, spec in named.items()}


def _cast(array: Any, wanted: Any) -> Any:
    """Numbers in the type that is wanted, where they stay of one kind: fractions never become whole numbers."""
    can = wanted is not None and np.can_cast(array.dtype, wanted, casting="same_kind")
    return array.astype(wanted) if can else array


def _flat(array: Any) -> Any:
    if array.ndim > 1 and array.size == len(array):
        return array.ravel()
    return array if array.ndim == 1 else array.tolist()


def _input_type(model: Any) -> Any:
    """The type of a module's only input; None where it does not tell one."""
    call: Any = getattr(model, "__call__", None)  # noqa: B004  (that of this object, which knows its graphs)
    known = getattr(call, "concrete_functions", None)
    signatures = [one.structured_input_signature for one in known] if known else []
    if not signatures and getattr(call, "input_signature", None):
        signatures = [(tuple(call.input_signature), {})]
    types = {spec.dtype.as_numpy_dtype for given, _ in signatures for spec in given if hasattr(spec, "dtype")}
    return np.dtype(types.pop()) if len(types) == 1 else None


def _as_arrays(found: Any) -> Any:
    if isinstance(found, Mapping):
        return {name: _as_arrays(one) for name, one in found.items()}
    return found.numpy() if hasattr(found, "numpy") else found
