"""Values that users give, as the tensors that a model's inputs want."""

from typing import Any

from runyard.core.libraries import np
from runyard.exceptions import InvalidParameter

_TYPES = {
    "tensor(float16)": "float16",
    "tensor(float)": "float32",
    "tensor(double)": "float64",
    "tensor(bool)": "bool",
    "tensor(string)": "object",
    **{f"tensor({sign}int{size})": f"{sign}int{size}" for sign in ("", "u") for size in (8, 16, 32, 64)},
}
"""ONNX's name of a type → numpy's. Values for inputs of other types are passed on as they are."""


def as_tensor(values: Any, node: Any) -> Any:
    """An array in the type and with the number of dimensions of an input.

    Parameters
    ----------
    values: An array, or nested lists. In arrays of objects, each may be an array or a list itself.
    node: The input, as onnxruntime describes it.

    Raises
    ------
    InvalidParameter: More than precision would be lost.
    """
    if node.type not in _TYPES:
        return values
    try:
        return _with_dimensions(_cast(_array(values), np.dtype(_TYPES[node.type]), node), node.shape)
    except (TypeError, ValueError) as problem:
        raise InvalidParameter(f"The input {node.name!r} is {node.type}; its values are not: {problem}.") from None


def _array(values: Any) -> Any:
    array = np.asarray(values)
    if array.dtype.kind == "O" and array.size and isinstance(array.flat[0], np.ndarray | list):
        return np.stack([np.asarray(cell) for cell in array.flat])
    return array


def _cast(array: Any, wanted: Any, node: Any) -> Any:
    if array.dtype == wanted:
        return array
    if "O" in (array.dtype.kind, wanted.kind):
        return array.astype(wanted)
    are_integers = array.dtype.kind in "iu" and wanted.kind in "iu"
    if are_integers or np.can_cast(array.dtype, wanted, "same_kind"):
        cast = array.astype(wanted)
        if not are_integers or np.array_equal(cast, array):
            return cast
    raise InvalidParameter(f"The input {node.name!r} is {node.type}; values of {array.dtype} cannot be cast to that.")


def _with_dimensions(array: Any, shape: Any) -> Any:
    """With a dimension of one more or less at the end, where the input has it so: a column is a vector or a matrix."""
    if shape and array.ndim + 1 == len(shape) and shape[-1] in (1, None):
        return array[..., np.newaxis]
    if shape and array.ndim - 1 == len(shape) and array.shape[-1] == 1:
        return array[..., 0]
    return array
